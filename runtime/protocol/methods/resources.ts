import { toBase64 } from "../base64.js";
import { CallContext, TemplateCallContext } from "../context.js";
import { errorCodes, McpError, NotImplementedError } from "../errors.js";
import type { Answer, Call, Payload, Server } from "../exchange.js";
import { explain } from "../explain.js";
import { handlerFailure } from "../failures.js";
import { isObject } from "../json-rpc.js";
import { invalidParams, isThenable, quoted, seal, sealedOnce, wrongOutput } from "../results.js";
import { settle } from "../settle.js";
import type { ResourceSurface, Validator } from "../surface.js";
import { matchTemplate, type Match } from "../templates.js";

/** `resources/read` */
export function readResource(call: Call): Answer {
  const { uri } = call.params;
  if (typeof uri !== "string") return invalidParams('"uri" must be a string');
  const { server } = call.peer.view;
  const resource = resourceAt(server, uri);
  if (resource !== undefined) return readOne(call, resource);
  const match = matchTemplate(server, uri);
  if (match === undefined) return notFound(uri);
  return server.surface.templateValidators(match.template.surface.uriTemplate).then(
    ({ params }) => readTemplate(call, uri, match, params),
    (error: unknown) => failed(call, uri, error),
  );
}

export function resourceAt(server: Server, uri: string): ResourceSurface | undefined {
  let resources = server.indexes.get("resources") as Map<string, ResourceSurface> | undefined;
  if (resources === undefined) {
    resources = new Map(server.surface.resources.map((resource) => [resource.uri, resource]));
    server.indexes.set("resources", resources);
  }
  return resources.get(uri);
}

function readOne(call: Call, resource: ResourceSurface): Answer {
  const { uri, contents, mimeType } = resource;
  const { view } = call.peer;
  if (contents !== undefined) return sealedOnce(view, resource, () => `"contents":${contents}`);
  return read(call, uri, mimeType, () => {
    const handler = view.server.handlers.resources.get(uri);
    if (handler === undefined) throw new NotImplementedError(uri);
    return handler({ uri }, new CallContext(call));
  });
}

function readTemplate(call: Call, uri: string, match: Match, validate: Validator): Answer {
  const { template, variables } = match;
  const { uriTemplate, mimeType } = template.surface;
  return read(call, uri, mimeType, () => {
    const params = accepted(validate, variables);
    if (params === undefined) {
      return invalidParams(explain(validate.errors ?? [], "variables of the URI"), { uri });
    }
    const handler = call.peer.view.server.handlers.resourceTemplates.get(uriTemplate);
    if (handler === undefined) throw new NotImplementedError(uriTemplate);
    return handler(params, new TemplateCallContext(call, uri));
  });
}

/** A variable is text; where its schema asks for a number or a boolean, the text of one is taken as such. */
function accepted(validate: Validator, variables: Record<string, string>): Record<string, unknown> | undefined {
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

function read(call: Call, uri: string, mimeType: string | undefined, run: () => unknown): Answer {
  const finish = (output: unknown) => finished(call, uri, mimeType, output);
  const fail = (error: unknown) => failed(call, uri, error);
  try {
    const output = run();
    return isThenable(output) ? settle(call, output, { finish, fail }, undefined) : finish(output);
  } catch (error) {
    return fail(error);
  }
}

function finished(call: Call, uri: string, mimeType: string | undefined, output: unknown): Payload | McpError {
  if (call.rounds?.interrupted !== undefined) return call.rounds.interrupted;
  try {
    if (output === undefined) return notFound(uri);
    if (output instanceof McpError) return output;
    const parts: readonly unknown[] = Array.isArray(output) ? output : [output];
    const contents = parts.map((part) => contentsOf(part, uri, mimeType));
    return seal(call.peer.view, `"contents":${JSON.stringify(contents)}`, undefined, call.peer.view.frame.caching);
  } catch (error) {
    return failed(call, uri, error);
  }
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

function failed(call: Call, uri: string, error: unknown): Payload | McpError {
  if (call.rounds?.interrupted !== undefined) return call.rounds.interrupted;
  return handlerFailure(call, "resource", uri, error);
}

function notFound(uri: string): McpError {
  return new McpError(errorCodes.resourceNotFound, `resource not found: ${quoted(uri)}`, { uri });
}
