import type {} from "../parts.js";
import { anonymous } from "../auth.js";
import { sessionOf } from "../client-session.js";
import { leftOut } from "../context.js";
import type { McpError } from "../errors.js";
import type { Answer, Call, Method, Payload } from "../exchange.js";
import { handlerFailure } from "../failures.js";
import { isObject } from "../json-rpc.js";
import { internalError, invalidParams, isThenable, quote, seal, wrongOutput } from "../results.js";
import { visibleTemplate } from "../resource-lookup.js";
import { settle } from "../settle.js";
import type { AnyCompletionHandler, Surface } from "../surface.js";
import { visiblePrompt } from "./prompts.js";
import { hasCompletions } from "./session.js";

/** The maximum number of values in one answer (2026-07-28, completion). */
const maxValues = 100;

/** Returns the method, if the server has anything to complete. */
export function completion(surface: Surface): readonly (readonly [string, Method])[] {
  return !globalThis.mcpcWithoutCompletion && hasCompletions(surface) ? [["completion/complete", complete]] : [];
}

/** `completion/complete` */
function complete(call: Call): Answer {
  const { ref, argument, context } = call.params;
  if (!isObject(ref)) return invalidParams('"ref" must be an object');
  if (!isObject(argument)) return invalidParams('"argument" must be an object');
  const { name, value } = argument;
  if (typeof name !== "string" || typeof value !== "string")
    return invalidParams('"argument" must have a "name" and a "value"');
  const { server } = call.peer.view;
  const { handlers } = server;
  let owner: string;
  let fixed: readonly string[] | undefined;
  if (ref["type"] === "ref/prompt") {
    const prompt = visiblePrompt(server, call.auth, String(ref["name"]));
    if (prompt === undefined) return invalidParams(`unknown prompt ${quote(String(ref["name"]))}`);
    const declared = prompt.arguments.find((candidate) => candidate.name === name);
    if (declared === undefined) return invalidParams(`the prompt ${quote(prompt.name)} has no argument ${quote(name)}`);
    [owner, fixed] = [prompt.name, declared.enum];
  } else if (ref["type"] === "ref/resource") {
    const template = visibleTemplate(server, call.auth, ref["uri"]);
    if (template === undefined) return invalidParams(`unknown resource template ${quote(String(ref["uri"]))}`);
    if (!template.variables.includes(name)) return invalidParams(`the template has no variable ${quote(name)}`);
    owner = template.uriTemplate;
  } else return invalidParams('"ref.type" must be "ref/prompt" or "ref/resource"');
  const handler = handlers.completions.get(`${owner} ${name}`);
  if (handler !== undefined)
    return runHandler(call, `${owner} ${name}`, handler, value, isObject(context) ? context["arguments"] : undefined);
  return toResult(
    call,
    (fixed ?? []).filter((candidate) => candidate.toLowerCase().startsWith(value.toLowerCase())),
  );
}

function runHandler(call: Call, name: string, handler: AnyCompletionHandler, value: string, given: unknown): Answer {
  const finish = (output: unknown) => toResult(call, output);
  const fail = (error: unknown) => handlerFailure(call, "completion", name, error);
  try {
    const texts = Object.entries(isObject(given) ? given : {}).filter(([, text]) => typeof text === "string");
    const { config, state } = call.peer.view.server.application;
    const context = {
      ...(!globalThis.mcpcWithoutUpstreams && { call }),
      get signal() {
        return call.signal;
      },
      auth: call.auth ?? anonymous,
      get session() {
        return globalThis.mcpcWithoutSessions ? leftOut() : sessionOf(call);
      },
      arguments: Object.fromEntries(texts) as Record<string, string>,
      config,
      state,
    };
    const output: unknown = handler(value, context);
    return isThenable(output) ? settle(call, output, { finish, fail }, undefined) : finish(output);
  } catch (error) {
    return fail(error);
  }
}

function toResult(call: Call, output: unknown): Payload | McpError {
  if (!globalThis.mcpcWithoutUpstreams && isObject(output) && Array.isArray(output["values"]))
    return seal(call.peer.view, `"completion":${JSON.stringify(output)}`);
  if (!Array.isArray(output) || !output.every((value) => typeof value === "string")) {
    return internalError(call, "a completion", wrongOutput("a list of texts", output));
  }
  const values = JSON.stringify(output.slice(0, maxValues));
  return seal(
    call.peer.view,
    `"completion":{"values":${values},"total":${output.length},"hasMore":${output.length > maxValues}}`,
  );
}
