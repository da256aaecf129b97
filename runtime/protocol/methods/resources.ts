import type {} from "../parts.js";
import { toBase64 } from "../base64.js";
import { CallContext, TemplateCallContext } from "../context.js";
import { errorCodes, McpError, NotImplementedError } from "../errors.js";
import type { Answer, Call, Payload, CachedEntry, Server, Subject } from "../exchange.js";
import { explain } from "../explain.js";
import { handlerFailure } from "../failures.js";
import { isObject } from "../json-rpc.js";
import { invalidParams, isThenable, quote, seal, sealOnce, defaultCacheHint, wrongOutput } from "../results.js";

import { deadlineOf, settle, type OutcomeHandlers } from "../settle.js";
import { findVisible, type Instance } from "../resource-lookup.js";
import type { ResourceSurface, Validator } from "../surface.js";

/** `resources/read` */
export function readResource(call: Call): Answer {
  const { uri } = call.params;
  if (typeof uri !== "string") return invalidParams('"uri" must be a string');
  const { server } = call.peer.view;
  const found = findVisible(server, call.auth, uri);
  if (found === undefined) return notFound(uri);
  if (found.resource !== undefined) return readFixed(call, found.resource);
  return server.surface.templateValidators!(found.template.uriTemplate).then(
    ({ params }) => readTemplate(call, uri, found, params),
    (error: unknown) => toFailure(call, uri, error),
  );
}

function readFixed(call: Call, resource: ResourceSurface): Answer {
  const { uri, contents, mimeType, cache } = resource;
  const { view } = call.peer;
  if (contents !== undefined) return sealOnce(view, resource, () => `"contents":${contents}`, view.payloads, cache);
  const run = (of: Call): unknown => {
    const handler = view.server.handlers.resources.get(uri);
    if (handler === undefined) throw new NotImplementedError(uri);
    return handler({ uri }, new CallContext(of));
  };
  if (!globalThis.mcpcWithoutCache && cache !== undefined) {
    const reusable = cachedEntryOf(view.server, resource, { kind: "resource", name: uri, mimeType, reuse: cache }, run);
    const answer = view.server.cache?.answer(call, reusable, { input: { uri }, uri });
    if (answer !== undefined) return answer;
  }
  return runHandler(call, uri, mimeType, run);
}

function readTemplate(call: Call, uri: string, { template, variables }: Instance, validate: Validator): Answer {
  const { uriTemplate, mimeType, cache } = template;
  const { server } = call.peer.view;
  const params = parseVariables(validate, variables);
  if (params === undefined)
    return invalidParams(explain(validate.errors ?? [], "variables of the URI", variables), { uri });
  const run = (of: Call, subject: Subject): unknown => {
    const handler = server.handlers.resourceTemplates.get(uriTemplate);
    if (handler === undefined) throw new NotImplementedError(uriTemplate);
    return handler(subject.input, new TemplateCallContext(of, subject.uri!));
  };
  const subject = { input: params, uri };
  if (!globalThis.mcpcWithoutCache && cache !== undefined) {
    const entry = { kind: "resourceTemplate", name: uriTemplate, mimeType, reuse: cache } as const;
    const answer = server.cache?.answer(call, cachedEntryOf(server, template, entry, run), subject);
    if (answer !== undefined) return answer;
  }
  return runHandler(call, uri, mimeType, (of) => run(of, subject));
}

/** Returns the cache entry of a resource, created once. The cached value is its contents. */
function cachedEntryOf(
  { indexes, surface: { timeoutMs } }: Server,
  key: unknown,
  entry: Pick<CachedEntry, "kind" | "name" | "reuse"> & { readonly mimeType: string | undefined },
  start: CachedEntry["start"],
): CachedEntry {
  let entries = indexes.get("reusable resources") as Map<unknown, CachedEntry> | undefined;
  if (entries === undefined) indexes.set("reusable resources", (entries = new Map()));
  let reusable = entries.get(key);
  if (reusable === undefined) {
    const { name, mimeType } = entry;
    reusable = {
      ...entry,
      hinted: true,
      timeoutMs,
      start,
      keep: (output, { uri }) => (isNotFound(output) ? undefined : contentsText(output, uri!, mimeType)),
      restore: (kept, { uri }) => contentsText(JSON.parse(kept), uri!, mimeType),
      seal: (view, kept, hints) => seal(view, `"contents":${kept}`, undefined, hints),
      finish: (call, output, { uri }) => toResult(call, uri!, mimeType, output),
      fail: (call, error, { uri }) => toFailure(call, uri!, error),
      wait: (call, answer) =>
        wait(call, name, answer, {
          finish: (settled) => settled as Payload | McpError,
          fail: (error) => toFailure(call, name, error),
        }),
    };
    entries.set(key, reusable);
  }
  return reusable;
}

/** Validates the variables of a URI. Converts texts to numbers and booleans if the schema requires these. */
function parseVariables(validate: Validator, variables: Record<string, string>): Record<string, unknown> | undefined {
  if (validate(variables)) return variables;
  const converted: Record<string, unknown> = { ...variables };
  for (const { instancePath } of validate.errors ?? []) {
    const name = (instancePath.split("/")[1] ?? "").replaceAll("~1", "/").replaceAll("~0", "~");
    const text = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (text !== undefined) converted[name] = convert(text);
  }
  return validate(converted) ? converted : undefined;
}

function convert(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && String(Number(text)) === text ? Number(text) : text;
}

function runHandler(call: Call, uri: string, mimeType: string | undefined, run: (call: Call) => unknown): Answer {
  const finish = (output: unknown) => toResult(call, uri, mimeType, output);
  const fail = (error: unknown) => toFailure(call, uri, error);
  try {
    const output = run(call);
    return isThenable(output) ? wait(call, uri, output, { finish, fail }) : finish(output);
  } catch (error) {
    return fail(error);
  }
}

function wait(
  call: Call,
  uri: string,
  output: PromiseLike<unknown>,
  outcome: OutcomeHandlers,
): Promise<Payload | McpError> {
  return settle(call, output, outcome, deadlineOf(call, uri));
}

function toResult(call: Call, uri: string, mimeType: string | undefined, output: unknown): Payload | McpError {
  if (call.rounds?.interrupted !== undefined) return call.rounds.interrupted;
  try {
    if (output === undefined) return notFound(uri);
    if (output instanceof McpError) return output;
    const { view } = call.peer;
    const hints = view.frame.hints(defaultCacheHint.ttlMs, defaultCacheHint.scope);
    const meta = isObject(output) && !(output instanceof Uint8Array) ? output["_meta"] : undefined;
    const whole = isObject(meta) && isObject(output) && Array.isArray(output["contents"]) ? meta : undefined;
    return seal(view, `"contents":${contentsText(output, uri, mimeType)}`, whole, hints);
  } catch (error) {
    return toFailure(call, uri, error);
  }
}

/** Returns whether a handler reported that the resource does not exist. */
function isNotFound(output: unknown): boolean {
  return output === undefined || output instanceof McpError;
}

function contentsText(output: unknown, uri: string, mimeType: string | undefined): string {
  const whole = isObject(output) && Array.isArray(output["contents"]) ? output["contents"] : output;
  const parts: readonly unknown[] = Array.isArray(whole) ? whole : [whole];
  return JSON.stringify(parts.map((part) => contentsOf(part, uri, mimeType)));
}

function contentsOf(part: unknown, uri: string, mimeType: string | undefined): object {
  if (typeof part === "string") return { uri, mimeType, text: part };
  if (part instanceof Uint8Array) return { uri, mimeType, blob: toBase64(part) };
  const { text, json, blob, _meta, ...given } = isObject(part) ? (part as Record<string, unknown>) : {};
  const rest = {
    uri: typeof given["uri"] === "string" ? given["uri"] : uri,
    mimeType: typeof given["mimeType"] === "string" ? given["mimeType"] : mimeType,
    ...(isObject(_meta) ? { _meta } : undefined),
  };
  if (typeof text === "string") return { ...rest, text };
  if (typeof blob === "string") return { ...rest, blob };
  if (blob instanceof Uint8Array) return { ...rest, blob: toBase64(blob) };
  const serialised = json === undefined ? undefined : JSON.stringify(json);
  if (serialised === undefined) throw wrongOutput("a string, bytes, or an object with text, json or blob", part);
  return { ...rest, mimeType: rest.mimeType ?? "application/json", text: serialised };
}

function toFailure(call: Call, uri: string, error: unknown): Payload | McpError {
  if (call.rounds?.interrupted !== undefined) return call.rounds.interrupted;
  return handlerFailure(call, "resource", uri, error);
}

export function notFound(uri: string): McpError {
  return new McpError(errorCodes.resourceNotFound, `resource not found: ${quote(uri)}`, { uri });
}
