import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ts as TS } from "ts-morph";
import type { Host } from "../host.js";

/** The TypeScript that ts-morph carries; loaded when first asked for. */
export function typescript(): typeof TS {
  return (createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph")).ts;
}

/** The user's own options where there is a tsconfig.json, strict ones where there is none. */
export function compilerOptions(ts: typeof TS, host: Host): TS.CompilerOptions {
  const always: TS.CompilerOptions = {
    noEmit: true,
    skipLibCheck: true,
    composite: false,
    incremental: false,
    declaration: false,
    // What is checked is bundled: files are modules whatever a package.json says.
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const file = join(host.root, "tsconfig.json");
  const defaults: TS.CompilerOptions = {
    strict: true,
    target: ts.ScriptTarget.ES2022,
    resolveJsonModule: true,
    jsx: ts.JsxEmit.Preserve,
    noUncheckedIndexedAccess: true,
  };
  if (!ts.sys.fileExists(file)) return { ...defaults, ...nodeTypes(ts, host), ...always };
  const read = ts.readConfigFile(file, (path) => ts.sys.readFile(path));
  const parsed = ts.parseJsonConfigFileContent(read.config ?? {}, { ...ts.sys, readDirectory: () => [] }, host.root);
  const { rootDir: _rootDir, outDir: _outDir, ...options } = parsed.options;
  return { ...defaults, ...nodeTypes(ts, host), ...options, ...always };
}

/** Node's types where the project has them; a project without them still checks. */
function nodeTypes(ts: typeof TS, host: Host): TS.CompilerOptions {
  for (let folder = host.root; ; folder = dirname(folder)) {
    if (ts.sys.directoryExists(join(folder, "node_modules", "@types", "node"))) return { types: ["node"] };
    if (dirname(folder) === folder) return { types: [] };
  }
}

/** Reads and resolves for the programs of one check. */
export interface Reader {
  readonly host: TS.CompilerHost;
  /** What a module's name leads to, as told by `importKey`. */
  resolve(key: string, file: string): string | null;
  /** What the imports of each file that was read led to. */
  readonly imports: ReadonlyMap<string, Readonly<Record<string, string | null>>>;
}

/** The source files of the last programs, by name: what has the same text is the same tree. */
export type Sources = Map<string, TS.SourceFile>;

/** `text` has every file that is not TypeScript's own; `sources` are those of before, and then of now. */
export function reader(
  ts: typeof TS,
  options: TS.CompilerOptions,
  text: (file: string) => string | undefined,
  folders: ReadonlySet<string>,
  before: ReadonlyMap<string, TS.SourceFile>,
  sources: Sources,
  host: Host,
): Reader {
  const libraries = librariesOf();
  const base = ts.createCompilerHost(options);
  const textOf = (file: string): string | undefined => libraries.get(file) ?? text(file);
  const disk = {
    ...base,
    readFile: textOf,
    fileExists: (file: string) => libraries.has(file) || text(file) !== undefined,
    directoryExists: (folder: string) => folders.has(folder) || (base.directoryExists?.(folder) ?? true),
  };
  const runtime = installedRuntime(ts, options, base, host);
  const cache = ts.createModuleResolutionCache(host.root, (file) => file, options);
  const imports = new Map<string, Record<string, string | null>>();
  const resolved = (name: string, file: string, mode: TS.ResolutionMode, redirected?: TS.ResolvedProjectReference) => {
    const from = runtime !== undefined && name.startsWith("@mcpc/runtime") ? runtime : file;
    return ts.resolveModuleName(name, from, options, disk, cache, redirected, mode);
  };
  // Comments of TypeScript have no types.
  const jsDocParsingMode = ts.JSDocParsingMode.ParseForTypeErrors;
  const getSourceFile: TS.CompilerHost["getSourceFile"] = (file, languageVersion) => {
    const own = textOf(file);
    if (own === undefined) return undefined;
    const known = sources.get(file) ?? before.get(file);
    const source = known?.text === own ? known : ts.createSourceFile(file, own, languageVersion);
    sources.set(file, source);
    return source;
  };
  return {
    imports,
    resolve: (key, file) =>
      resolved(nameOf(key), file, modeOf(key) as TS.ResolutionMode).resolvedModule?.resolvedFileName ?? null,
    host: {
      ...base,
      ...disk,
      jsDocParsingMode,
      getDefaultLibLocation: () => libraryFolder,
      getDefaultLibFileName: (given) => `${libraryFolder}/${ts.getDefaultLibFileName(given)}`,
      getSourceFile,
      resolveModuleNameLiterals: (literals, file, redirected, resolving, source) => {
        const found: Record<string, string | null> = {};
        imports.set(file, found);
        return literals.map((literal) => {
          const mode = ts.getModeForUsageLocation(source, literal, resolving);
          const result = resolved(literal.text, file, mode, redirected);
          found[importKey(literal.text, mode)] = result.resolvedModule?.resolvedFileName ?? null;
          return result;
        });
      },
    },
  };
}

/** Stands for a module's name, and how it is imported where that matters. */
export function importKey(name: string, mode?: number): string {
  return mode === undefined ? name : `${mode} ${name}`;
}

/** Undoes `importKey`. */
export function nameOf(key: string): string {
  return key.slice(key.indexOf(" ") + 1);
}

function modeOf(key: string): number | undefined {
  const at = key.indexOf(" ");
  return at === -1 ? undefined : Number(key.slice(0, at));
}

export const libraryFolder = "/typescript-libraries";

/** ts-morph carries TypeScript's own libraries as values, not as files. */
function librariesOf(): ReadonlyMap<string, string> {
  const require = createRequire(createRequire(import.meta.url).resolve("ts-morph"));
  const { getLibFiles } = require("@ts-morph/common") as { getLibFiles(): { fileName: string; text: string }[] };
  return new Map(getLibFiles().map(({ fileName, text }) => [`${libraryFolder}/${fileName}`, text]));
}
/** Undefined when the project has a runtime of its own; else a file from which the compiler's copy resolves. */
function installedRuntime(
  ts: typeof TS,
  options: TS.CompilerOptions,
  base: TS.CompilerHost,
  host: Host,
): string | undefined {
  const from = join(host.root, "generated.ts");
  const own = ts.resolveModuleName("@mcpc/runtime", from, options, base, undefined, undefined, ts.ModuleKind.ESNext);
  return own.resolvedModule
    ? undefined
    : createRequire(import.meta.url)
        .resolve("@mcpc/runtime/package.json")
        .replace(/package\.json$/, "mcpc.ts");
}

/** Undefined outside the project. */
export function projectPathOf(file: string, host: Host): string | undefined {
  const root = `${host.root.replaceAll("\\", "/")}/`;
  return file.startsWith(root) ? file.slice(root.length) : undefined;
}
