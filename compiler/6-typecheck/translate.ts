import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { closestExport } from "../diagnostics/suggest.js";
import type { Handler, Identifier, Server } from "../model/server.js";
import type { Span } from "../model/source.js";
import type { Bound, Finding, Findings } from "./question.js";
import { createRephraser, type Rephrased } from "./rephrase.js";

/**
 * Converts TypeScript's errors to diagnostics. Those in generated code are reported at the handler that causes them.
 */
export function translate({ errors, misconfigured, exports }: Findings, server: Server): Diagnostic[] {
  if (errors.length === 0) return misconfigured.map(configurationError);
  const situation = { server, handlers: handlersOf(server), exports, rephrase: createRephraser(server) };
  const unparsed = new Set(errors.filter(({ code }) => code < semantic).map(({ path }) => path));
  const relevant = errors.filter((error) => error.code < semantic || !followsFromSyntax(error, unparsed, situation));
  const reported = new Set<string>();
  const all = relevant.flatMap((error) => {
    const { isReportedOnce, ...diagnostic } = toDiagnostic(error, situation);
    if (isReportedOnce && reported.has(diagnostic.message)) return [];
    reported.add(diagnostic.message);
    return [diagnostic];
  });
  return [...misconfigured.map(configurationError), ...distinct(all)];
}

/** Lower codes of TypeScript are syntax errors. */
const semantic = 2000;

/** Returns whether an error may only follow from a syntax error in one of these files. */
function followsFromSyntax(error: Finding, files: ReadonlySet<string>, situation: Situation): boolean {
  if (files.size === 0) return false;
  const isServer = error.path === `${situation.server.layout.generated}/server.ts`;
  const bound = isServer ? boundAt(error, situation) : undefined;
  return files.has(bound?.handler.file ?? error.path);
}

function configurationError({ path, start, length, text, code }: Finding): Diagnostic {
  const span = path.startsWith("../") ? undefined : { path, start, end: start + length };
  return diagnose("tsconfig/invalid", span, { path, reason: `${text} (TS${code})` });
}

/** Returns the user's modules that `generated/server.ts` binds. */
export function boundModules(server: Server): Bound[] {
  const { hooks } = server.runtime;
  const handlers = handlersOf(server).map(({ handler: { file, type, export: name } }) => ({
    file,
    words: [type, name],
  }));
  return [...handlers, ...(hooks ? [{ file: hooks.file, words: [hooksBinding] }] : [])];
}

interface Situation {
  readonly server: Server;
  readonly handlers: readonly BoundHandler[];
  readonly exports: Findings["exports"];
  readonly rephrase: ReturnType<typeof createRephraser>;
}

interface BoundHandler {
  readonly handler: Handler;
  /** The field of the manifest that names the handler. */
  readonly field: "handler" | "list" | "complete";
  /** `the tool "get_weather"`. */
  readonly what: string;
  readonly span: Span;
}

function handlersOf(server: Server): BoundHandler[] {
  const field = "handler" as const;
  return [
    ...server.tools.map(({ handler, name, span }) => ({
      handler,
      field,
      what: `the tool ${JSON.stringify(name)}`,
      span,
    })),
    ...server.resources.flatMap(({ source, uri, span }) =>
      "handler" in source
        ? [{ handler: source.handler, field, what: `the resource ${JSON.stringify(uri)}`, span }]
        : [],
    ),
    ...server.resourceTemplates.map(({ handler, uriTemplate, span }) => ({
      handler,
      field,
      what: `the resource template ${JSON.stringify(uriTemplate)}`,
      span,
    })),
    ...server.prompts.flatMap(({ source, name, span }) =>
      "handler" in source ? [{ handler: source.handler, field, what: `the prompt ${JSON.stringify(name)}`, span }] : [],
    ),
    ...server.resourceTemplates.flatMap(({ list, uriTemplate, span }) =>
      list ? [{ handler: list, field: "list" as const, what: `the list of ${JSON.stringify(uriTemplate)}`, span }] : [],
    ),
    ...[...server.resourceTemplates, ...server.prompts].flatMap(({ completions, span }) =>
      completions.map(({ name, handler }) => ({
        handler,
        field: "complete" as const,
        what: `the completion of ${JSON.stringify(name)}`,
        span,
      })),
    ),
  ];
}

function toDiagnostic(error: Finding, situation: Situation): Diagnostic & Pick<Rephrased, "isReportedOnce"> {
  const { path, start, length, text, code } = error;
  const span = { path, start, end: start + length };
  const inServer = path === `${situation.server.layout.generated}/server.ts`;
  const hooks = inServer ? hooksError(error, `${text} (TS${code})`, situation) : undefined;
  if (hooks) return hooks;
  const bound = inServer ? boundAt(error, situation) : undefined;
  if (error.opening) {
    const { word, ...place } = error.opening;
    const message = `this ${JSON.stringify(word)} is not closed: ${text} at the end (TS${code})`;
    return diagnose("handler/type-error", { path, ...place }, { message });
  }
  if (!bound) {
    const around = handlerAround(span, situation);
    const { line, word } = error;
    const { server } = situation;
    const tool = server.tools.find((tool) => tool.span === around?.span);
    const { origin, isReportedOnce, ...rephrased } = situation.rephrase(code, text, {
      server,
      what: around?.what,
      tool,
      line,
      word,
    });
    const entry = around && { span: around.span, message: `${around.what} is declared here` };
    const related = origin ?? entry;
    const found = diagnose("handler/type-error", span, rephrased, related ? [related] : []);
    return { ...found, ...(isReportedOnce && { isReportedOnce }) };
  }
  const { handler, what } = bound;
  const message = `${text} (TS${code})`;
  const related = [{ span: bound.span, message: `${what} is declared here` }];
  const exported = exportSpan(handler, situation);
  if (exported === undefined) {
    const instead = otherExport(bound, situation);
    const place = situation.exports.get(handler.file)?.get(instead ?? "");
    const parameters = {
      name: handler.export,
      what: bound.field === "handler" ? `the handler of ${what}` : what,
      file: handler.file,
      instead,
      field: bound.field,
    };
    return diagnose("handler/missing-export", place ?? top(handler.file), parameters, related);
  }
  return diagnose(
    "handler/type-error",
    exported,
    { message: `the handler of ${what} does not fit it: ${message}` },
    related,
  );
}

/** Text in the line that binds the module of hooks. */
const hooksBinding = "checkedHooks<";

/** TypeScript's code for a value without any of the optional members of its type. */
const noCommonMember = 2559;

/** Reports an error in the line that binds the module of hooks at the hook that the error names. */
function hooksError({ code, line }: Finding, message: string, situation: Situation): Diagnostic | undefined {
  const { hooks } = situation.server.runtime;
  if (!hooks || !line.includes(hooksBinding)) return undefined;
  const name = /'(\w+)(?:\(\.\.\.\))?'(?= are incompatible)/.exec(message)?.[1] ?? "";
  const exported = exportSpan({ file: hooks.file, export: name as Identifier }, situation);
  const span = exported ?? top(hooks.file);
  const problem =
    code === noCommonMember && exported === undefined
      ? "nothing that this module exports is a hook: onStart, onStop, onError, authenticate, logger, health"
      : `the hook does not fit: ${message}`;
  return diagnose("handler/type-error", span, { message: problem });
}

/** Returns the entry of the handler around a place in the user's file: the last one that is exported before it. */
function handlerAround(span: Span, situation: Situation): BoundHandler | undefined {
  const placed = situation.handlers
    .map((bound) => ({ bound, at: exportSpan(bound.handler, situation) }))
    .filter(({ at }) => at?.path === span.path && at.start <= span.start)
    .sort((a, b) => b.at!.start - a.at!.start);
  return placed[0]?.bound;
}

/** TypeScript's code for a file without exports and imports. */
const noModule = 2306;

/** Returns the handler that the erroneous line of `generated/server.ts` imports or binds. */
function boundAt({ line, word, code }: Finding, { handlers }: Situation): BoundHandler | undefined {
  const [, type, value] = /\bhandler<(\w+)>\(([\w$]+)/.exec(line) ?? [];
  const candidates = type === undefined ? [] : handlers.filter(({ handler }) => handler.type === type);
  // Completions share one type; other handlers have a separate one.
  if (type !== undefined) return candidates.find(({ handler }) => handler.export === value) ?? candidates[0];
  return handlers.find(
    ({ handler }) =>
      (code === noModule || handler.export === word) &&
      line.includes(`/${handler.file.replace(/.*\//, "").replace(/\w+$/, "")}`),
  );
}

function top(path: string): Span {
  return { path, start: 0, end: 0 };
}

/** Returns the export that is probably the handler: one with a similar name, or the only one without an entry. */
function otherExport(
  { handler: { file, export: name }, field }: BoundHandler,
  { exports, handlers }: Situation,
): string | undefined {
  const claimed = new Set<string>(
    handlers.filter(({ handler }) => handler.file === file).map(({ handler }) => handler.export),
  );
  const free = [...(exports.get(file)?.keys() ?? [])].filter((each) => !claimed.has(each));
  return closestExport(name, free, field) ?? (free.length === 1 ? free[0] : undefined);
}

/** Returns the declaration of the handler's export in the user's file; `undefined` if there is none. */
function exportSpan(handler: Pick<Handler, "file" | "export">, { exports }: Situation): Span | undefined {
  return exports.get(handler.file)?.get(handler.export);
}

/** Removes duplicates, which occur if a handler serves several entries. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const found of diagnostics) seen.set(`${found.span?.path} ${found.span?.start} ${found.message}`, found);
  return [...seen.values()];
}
