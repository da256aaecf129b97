import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { ts as TS } from "ts-morph";
import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import type { Handler, Identifier, Server } from "../model/server.js";
import type { Span } from "../model/source.js";
import { retelling } from "./retell.js";

/**
 * Checks the user's handlers against the generated types. `texts`, by project path, lie over the disk, so that nothing
 * has to be written first. Beyond the project only TypeScript's own libraries and installed packages are read. An error in generated code
 * is told at the handler that causes it.
 */
export function typecheck(server: Server, texts: ReadonlyMap<string, string>, host: Host): Result<Checked> {
  const { ts } = createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph");
  const overlay = new Map([...texts].map(([path, text]) => [join(host.root, path), text]));
  const roots = ["server.ts", "main.ts"].map((name) => join(host.root, server.layout.generated, name));
  const options = compilerOptions(ts, host);
  const program = ts.createProgram(roots, options, compilerHost(ts, options, overlay, server, host));
  const situation = { program, server, handlers: handlersOf(server), host, retell: retelling(server) };
  const diagnostics: Diagnostic[] = [];
  for (const source of program.getSourceFiles()) {
    const path = projectPathOf(source.fileName, host);
    if (path === undefined || path.startsWith("node_modules/") || path.includes("/node_modules/")) continue;
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    for (const error of found) diagnostics.push(translate(ts, error, path, situation));
  }
  const inputs = program
    .getSourceFiles()
    .map(({ fileName }) => fileName)
    .filter((file) => !overlay.has(file) && !file.startsWith(libraryFolder));
  return { value: { inputs: inputs.map((file) => relative(host.root, file)) }, diagnostics: distinct(diagnostics) };
}

export interface Checked {
  /** Every file that was read, relative to the project, but for the texts given. */
  readonly inputs: readonly string[];
}

interface Situation {
  readonly program: TS.Program;
  readonly server: Server;
  readonly handlers: readonly BoundHandler[];
  readonly host: Host;
  readonly retell: ReturnType<typeof retelling>;
}

interface BoundHandler {
  readonly handler: Handler;
  /** `the tool "get_weather"`. */
  readonly what: string;
  readonly span: Span;
}

function handlersOf(server: Server): BoundHandler[] {
  return [
    ...server.tools.map(({ handler, name, span }) => ({ handler, what: `the tool ${JSON.stringify(name)}`, span })),
    ...server.resources.flatMap(({ source, uri, span }) =>
      "handler" in source ? [{ handler: source.handler, what: `the resource ${JSON.stringify(uri)}`, span }] : [],
    ),
    ...server.resourceTemplates.map(({ handler, uriTemplate, span }) => ({
      handler,
      what: `the resource template ${JSON.stringify(uriTemplate)}`,
      span,
    })),
    ...server.prompts.flatMap(({ source, name, span }) =>
      "handler" in source ? [{ handler: source.handler, what: `the prompt ${JSON.stringify(name)}`, span }] : [],
    ),
    ...[...server.resourceTemplates, ...server.prompts].flatMap(({ completions, span }) =>
      completions.map(({ name, handler }) => ({ handler, what: `the completion of ${JSON.stringify(name)}`, span })),
    ),
  ];
}

function translate(ts: typeof TS, error: TS.Diagnostic, path: string, situation: Situation): Diagnostic {
  const text = ts.flattenDiagnosticMessageText(error.messageText, "; ").replace(/;\s+/g, "; ").replace(/\.$/, "");
  const start = error.start ?? 0;
  const span = { path, start, end: start + (error.length ?? 0) };
  const inServer = path === `${situation.server.layout.generated}/server.ts`;
  const hooks = inServer ? hooksError(ts, error, `${text} (TS${error.code})`, situation) : undefined;
  if (hooks) return hooks;
  const bound = inServer ? boundAt(error, situation) : undefined;
  if (!bound) {
    const { message, suggestion, origin } = situation.retell(error.code, text);
    const around = origin ?? handlerAround(ts, span, situation);
    return diagnose("handler/type-error", span, { message, suggestion }, around ? [around] : []);
  }
  const { handler, what } = bound;
  const message = `${text} (TS${error.code})`;
  const related = [{ span: bound.span, message: `${what} is declared here` }];
  const exported = exportSpan(ts, handler, situation);
  if (exported === undefined) {
    const top = { path: handler.file, start: 0, end: 0 };
    return diagnose("handler/missing-export", top, { name: handler.export, what, file: handler.file }, related);
  }
  return diagnose(
    "handler/type-error",
    exported,
    { message: `the handler of ${what} does not fit it: ${message}`, suggestion: undefined },
    related,
  );
}

/** An error at the line that binds the module of hooks is told at the hook that it names. */
function hooksError(
  ts: typeof TS,
  error: TS.Diagnostic,
  message: string,
  situation: Situation,
): Diagnostic | undefined {
  const { hooks } = situation.server.runtime;
  const text = error.file?.text ?? "";
  const start = error.start ?? 0;
  const line = text.slice(text.lastIndexOf("\n", start) + 1, text.indexOf("\n", start));
  if (!hooks || !line.includes("checkedHooks<")) return undefined;
  const name = /'(\w+)(?:\(\.\.\.\))?'(?= are incompatible)/.exec(message)?.[1] ?? "";
  const exported = exportSpan(ts, { file: hooks.file, export: name as Identifier }, situation);
  const span = exported ?? { path: hooks.file, start: 0, end: 0 };
  const parameters = { message: `the hook does not fit: ${message}`, suggestion: undefined };
  return diagnose("handler/type-error", span, parameters);
}

/** The entry whose handler a place in the user's file belongs to: the last that is exported before it. */
function handlerAround(ts: typeof TS, span: Span, situation: Situation): Diagnostic["related"][number] | undefined {
  const placed = situation.handlers
    .filter(({ handler }) => handler.file === span.path)
    .map((bound) => ({ bound, at: exportSpan(ts, bound.handler, situation)?.start ?? Infinity }))
    .filter(({ at }) => at <= span.start)
    .sort((a, b) => b.at - a.at);
  const bound = placed[0]?.bound;
  return bound && { span: bound.span, message: `${bound.what} is declared here` };
}

/** The handler that the erroneous line of `generated/server.ts` imports or binds. */
function boundAt(error: TS.Diagnostic, { handlers }: Situation): BoundHandler | undefined {
  const text = error.file?.text ?? "";
  const start = error.start ?? 0;
  const lineStart = text.lastIndexOf("\n", start) + 1;
  const line = text.slice(lineStart, text.indexOf("\n", start));
  const [, type, value] = /\bhandler<(\w+)>\(([\w$]+)/.exec(line) ?? [];
  const candidates = type === undefined ? [] : handlers.filter(({ handler }) => handler.type === type);
  // Completions share one type; all others have one of their own.
  if (type !== undefined) return candidates.find(({ handler }) => handler.export === value) ?? candidates[0];
  const name = text.slice(start, start + (error.length ?? 0));
  return handlers.find(
    ({ handler }) =>
      handler.export === name && text.slice(lineStart).includes(handler.file.replace(/.*\//, "").replace(/\.\w+$/, "")),
  );
}

/** Where the user's file declares what it exports under the handler's name; undefined when it does not. */
function exportSpan(
  ts: typeof TS,
  handler: Pick<Handler, "file" | "export">,
  { program, host }: Situation,
): Span | undefined {
  const source = program.getSourceFile(join(host.root, handler.file));
  const module = source && program.getTypeChecker().getSymbolAtLocation(source);
  const symbol = module?.exports?.get(ts.escapeLeadingUnderscores(handler.export));
  const declaration = symbol?.declarations?.[0];
  if (!declaration) return undefined;
  const named = (declaration as TS.NamedDeclaration).name ?? declaration;
  return { path: handler.file, start: named.getStart(), end: named.getEnd() };
}

/** The same mistake is found once where a handler serves several entries. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const found of diagnostics) seen.set(`${found.span?.path} ${found.span?.start} ${found.message}`, found);
  return [...seen.values()];
}

/** The user's own options where there is a tsconfig.json, strict ones where there is none. */
function compilerOptions(ts: typeof TS, host: Host): TS.CompilerOptions {
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

function compilerHost(
  ts: typeof TS,
  options: TS.CompilerOptions,
  overlay: ReadonlyMap<string, string>,
  server: Server,
  host: Host,
): TS.CompilerHost {
  const base = withLibraries(ts, ts.createCompilerHost(options, true));
  const validators = join(host.root, server.layout.generated, "validators");
  const settings = join(host.root, server.layout.generated, "settings.ts");
  // What a validator module exports; its body is ours, and need not be read to check the user's code.
  const stub =
    "type V = import('@mcpc/runtime/codegen/v1').Validator;\nexport declare const input: V, output: V, params: V, answers: Record<string, V>, settings: V;\n";
  const text = (path: string): string | undefined =>
    (dirname(path) === validators || path === settings) && overlay.has(path) ? stub : overlay.get(path);
  const folders = new Set([...overlay.keys()].flatMap((path) => [dirname(path), dirname(dirname(path))]));
  const runtime = installedRuntime(ts, options, base, host);
  return {
    ...base,
    fileExists: (path) => overlay.has(path) || base.fileExists(path),
    directoryExists: (path) => folders.has(path) || (base.directoryExists?.(path) ?? true),
    readFile: (path) => text(path) ?? base.readFile(path),
    getSourceFile: (path, languageVersion, onError) => {
      const own = text(path) ?? ownFile(path, host);
      return own === undefined
        ? base.getSourceFile(path, languageVersion, onError)
        : ts.createSourceFile(path, own, languageVersion, true);
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
            fileExists: (path) => overlay.has(path) || base.fileExists(path),
            directoryExists: (path) => folders.has(path) || (base.directoryExists?.(path) ?? true),
          },
          undefined,
          redirected,
          mode,
        );
      }),
  };
}

const libraryFolder = "/typescript-libraries";

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
      return library === undefined
        ? base.getSourceFile(path, languageVersion, onError)
        : ts.createSourceFile(path, library, languageVersion);
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

function projectPathOf(file: string, host: Host): string | undefined {
  const root = `${host.root.replaceAll("\\", "/")}/`;
  return file.startsWith(root) ? file.slice(root.length) : undefined;
}
