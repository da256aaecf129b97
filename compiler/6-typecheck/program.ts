import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ts as TS } from "ts-morph";
import type { Host } from "../host.js";
import type { Server } from "../model/server.js";

/** What TypeScript remembers from one check to the next, as text. */
export interface State {
  read(): string | undefined;
  write(text: string): void;
}

/** The TypeScript that ts-morph carries; loaded when first asked for. */
export function typescript(): typeof TS {
  return (createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph")).ts;
}

/** The user's code over generated code; `overlay`, by absolute path, lies over the disk. */
export function createProgram(
  ts: typeof TS,
  overlay: ReadonlyMap<string, string>,
  server: Server,
  host: Host,
  state: State | undefined,
): TS.SemanticDiagnosticsBuilderProgram {
  const roots = ["server.ts", "main.ts"].map((name) => join(host.root, server.layout.generated, name));
  const options = compilerOptions(ts, host);
  return ts.createSemanticDiagnosticsBuilderProgram(
    roots,
    options,
    compilerHost(ts, options, overlay, server, host),
    state && remembered(ts, options, state),
  );
}

/** Text that is damaged, or of another version of TypeScript, is none. */
function remembered(
  ts: typeof TS,
  options: TS.CompilerOptions,
  state: State,
): TS.SemanticDiagnosticsBuilderProgram | undefined {
  try {
    return ts.readBuilderProgram(options, {
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      getCurrentDirectory: () => ts.sys.getCurrentDirectory(),
      readFile: () => state.read(),
    }) as TS.SemanticDiagnosticsBuilderProgram | undefined;
  } catch {
    return undefined;
  }
}

/** Only paths in the state are relative to it; it stands wherever `State` keeps it. */
export function stateFile(host: Host): string {
  return join(host.root, "types.tsbuildinfo");
}

/** The user's own options where there is a tsconfig.json, strict ones where there is none. */
function compilerOptions(ts: typeof TS, host: Host): TS.CompilerOptions {
  const always: TS.CompilerOptions = {
    noEmit: true,
    skipLibCheck: true,
    composite: false,
    incremental: true,
    tsBuildInfoFile: stateFile(host),
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

function compilerHost(
  ts: typeof TS,
  options: TS.CompilerOptions,
  overlay: ReadonlyMap<string, string>,
  server: Server,
  host: Host,
): TS.CompilerHost {
  const base = withLibraries(ts, ts.createCompilerHost(options));
  // What these modules export; the rest of them is ours, and need not be read to check the user's code.
  const stubs = new Map(
    Object.entries({
      surface: 'export declare const surface: import("@mcpc/runtime/codegen/v1").Surface;\n',
      settings: 'export declare const settings: import("@mcpc/runtime/codegen/v1").Validator;\n',
    }).map(([name, text]) => [join(host.root, server.layout.generated, `${name}.ts`), text]),
  );
  const text = (path: string): string | undefined => stubs.get(path) ?? overlay.get(path);
  const folders = new Set([...overlay.keys()].flatMap((path) => [dirname(path), dirname(dirname(path))]));
  const fileExists = (path: string): boolean => text(path) !== undefined || base.fileExists(path);
  const directoryExists = (path: string): boolean => folders.has(path) || (base.directoryExists?.(path) ?? true);
  const runtime = installedRuntime(ts, options, base, host);
  return {
    ...base,
    // Comments of TypeScript have no types.
    jsDocParsingMode: ts.JSDocParsingMode.ParseForTypeErrors,
    fileExists,
    directoryExists,
    readFile: (path) => text(path) ?? base.readFile(path),
    getSourceFile: (path, languageVersion, onError) => {
      const own = text(path) ?? ownFile(path, host);
      return own === undefined
        ? base.getSourceFile(path, languageVersion, onError)
        : versioned(ts.createSourceFile(path, own, languageVersion));
    },
    resolveModuleNameLiterals: (literals, file, redirected, resolving, source) =>
      literals.map((literal) => {
        const mode = ts.getModeForUsageLocation(source, literal, resolving);
        const from = runtime !== undefined && literal.text.startsWith("@mcpc/runtime") ? runtime : file;
        return ts.resolveModuleName(
          literal.text,
          from,
          resolving,
          {
            ...base,
            fileExists,
            directoryExists,
          },
          undefined,
          redirected,
          mode,
        );
      }),
  };
}

/** Whether a file has changed is told by its text. */
function versioned(source: TS.SourceFile): TS.SourceFile {
  return Object.assign(source, { version: createHash("sha256").update(source.text).digest("base64url") });
}

export const libraryFolder = "/typescript-libraries";

/** The user's own files are read through the host, like everything of the project's. */
function ownFile(file: string, host: Host): string | undefined {
  const path = projectPathOf(file, host);
  const bytes = path === undefined || path.includes("node_modules/") ? undefined : host.read(path);
  return bytes && new TextDecoder().decode(bytes);
}

/** ts-morph carries TypeScript's own libraries as values, not as files. */
function withLibraries(ts: typeof TS, base: TS.CompilerHost): TS.CompilerHost {
  const require = createRequire(createRequire(import.meta.url).resolve("ts-morph"));
  const { getLibFiles } = require("@ts-morph/common") as { getLibFiles(): { fileName: string; text: string }[] };
  const libraries = new Map(getLibFiles().map(({ fileName, text }) => [`${libraryFolder}/${fileName}`, text]));
  return {
    ...base,
    getDefaultLibLocation: () => libraryFolder,
    getDefaultLibFileName: (options) => `${libraryFolder}/${ts.getDefaultLibFileName(options)}`,
    fileExists: (path) => libraries.has(path) || base.fileExists(path),
    readFile: (path) => libraries.get(path) ?? base.readFile(path),
    getSourceFile: (path, languageVersion, onError) => {
      const library = libraries.get(path);
      const source =
        library === undefined
          ? base.getSourceFile(path, languageVersion, onError)
          : ts.createSourceFile(path, library, languageVersion);
      return source && versioned(source);
    },
  };
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
