import { join, relative } from "node:path";
import type { ts as TS } from "ts-morph";
import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import type { Handler, Identifier, Server } from "../model/server.js";
import type { Span } from "../model/source.js";
import { createProgram, libraryFolder, projectPathOf, stateFile, typescript, type State } from "./program.js";
import { retelling } from "./retell.js";

export { typescript, type State } from "./program.js";

/**
 * Checks the user's handlers against the generated types. `texts`, by project path, lie over the disk, so that nothing
 * has to be written first. Beyond the project only TypeScript's own libraries and installed packages are read. An error
 * in generated code is told at the handler that causes it. With a `state`, only what may be different since is checked.
 */
export function typecheck(
  server: Server,
  texts: ReadonlyMap<string, string>,
  host: Host,
  state?: State,
): Result<Checked> {
  const ts = typescript();
  const overlay = new Map([...texts].map(([path, text]) => [join(host.root, path), text]));
  const builder = createProgram(ts, overlay, server, host, state);
  const program = builder.getProgram();
  const situation = { program, server, handlers: handlersOf(server), host, retell: retelling(server) };
  const diagnostics: Diagnostic[] = [];
  for (const source of program.getSourceFiles()) {
    const path = projectPathOf(source.fileName, host);
    if (path === undefined || path.startsWith("node_modules/") || path.includes("/node_modules/")) continue;
    const found = [...builder.getSyntacticDiagnostics(source), ...builder.getSemanticDiagnostics(source)];
    for (const error of found) diagnostics.push(translate(ts, error, path, situation));
  }
  if (state) builder.emit(undefined, (path, text) => path === stateFile(host) && state.write(text));
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

/** TypeScript's code for a value that has none of the optional members of its type. */
const nothingInCommon = 2559;

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
  const told =
    error.code === nothingInCommon && exported === undefined
      ? "nothing that this module exports is a hook: onStart, onStop, onError, authenticate, logger, health"
      : `the hook does not fit: ${message}`;
  return diagnose("handler/type-error", span, { message: told, suggestion: undefined });
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
