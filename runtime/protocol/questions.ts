import { errorCodes, McpError } from "./errors.js";
import type { Call } from "./exchange.js";
import type { CreateMessageParams, CreateMessageResult, ElicitResult, Root } from "./handlers.js";
import { isObject } from "./json-rpc.js";
import { roundsOf, type Question } from "./rounds.js";
import type { ElicitationSurface, Validator } from "./surface.js";
import type { JsonObject } from "./types.js";

/** A question declared in the manifest, with the placeholders of its message filled in. */
export async function elicit(
  call: Call,
  name: string,
  { message, requestedSchema, url }: ElicitationSurface,
  validate: Validator | undefined,
  fill: (template: string) => string,
): Promise<ElicitResult<unknown>> {
  const text = fill(message);
  const needs = url === undefined ? { elicitation: {} } : { elicitation: { url: {} } };
  requireCapability(call, needs, hasElicitation(call, url !== undefined));
  const params: JsonObject =
    url === undefined
      ? { message: text, requestedSchema: requestedSchema as JsonObject }
      : { mode: "url", message: text, url: fill(url), ...elicitationId(call) };
  const accepts = (answer: unknown): boolean => isElicitResult(answer, validate);
  const answer = (await ask(call, name, { method: "elicitation/create", params, accepts })) as ElicitResult<unknown>;
  return answer.action === "accept" ? { action: "accept", content: answer.content ?? {} } : { action: answer.action };
}

/** Asks the client's model (`sampling/createMessage`). */
export async function sample(call: Call, params: CreateMessageParams, key = "sample"): Promise<CreateMessageResult> {
  const { sampling } = call.peer.capabilities;
  requireCapability(call, { sampling: {} }, isObject(sampling));
  if (params.tools !== undefined)
    requireCapability(call, { sampling: { tools: {} } }, isObject(sampling) && isObject(sampling["tools"]));
  const accepts = (answer: unknown): boolean =>
    (isObject(answer) && isObject(answer["content"])) || (isObject(answer) && Array.isArray(answer["content"]));
  return (await ask(call, key, {
    method: "sampling/createMessage",
    params: params as unknown as JsonObject,
    accepts,
  })) as CreateMessageResult;
}

/** The folders that the client works in (`roots/list`). */
export async function roots(call: Call, key = "roots"): Promise<readonly Root[]> {
  requireCapability(call, { roots: {} }, isObject(call.peer.capabilities["roots"]));
  const accepts = (answer: unknown): boolean => isObject(answer) && Array.isArray(answer["roots"]);
  const answer = (await ask(call, key, { method: "roots/list", params: {}, accepts })) as { roots: readonly Root[] };
  return answer.roots;
}

/** See `Rounds.step`; where the client can be asked directly, a handler runs once and so does the work. */
export async function step<T>(call: Call, name: string, work: () => T | Promise<T>): Promise<T> {
  const again = call.peer.view.revision.era === "modern" && call.task === undefined;
  return again ? roundsOf(call).step(name, work) : work();
}

/** A request to the client where the revision has them, a round trip where it has not. */
async function ask(call: Call, key: string, question: Question): Promise<unknown> {
  if (call.task !== undefined) return call.task.ask(key, question);
  if (call.peer.view.revision.era === "modern") return roundsOf(call).ask(key, question);
  const { method, params, accepts } = question;
  if (call.ask === undefined)
    throw new Error(`the client cannot be asked (${method}): this connection has no way back`);
  const answer = await call.ask(method, params, call.signal);
  if (!accepts(answer)) throw new Error(`the client's answer to ${method} is not one`);
  return answer;
}

function hasElicitation(call: Call, byUrl: boolean): boolean {
  const { elicitation } = call.peer.capabilities;
  if (!isObject(elicitation)) return false;
  if (byUrl) return isObject(elicitation["url"]);
  // An empty object means forms: there was nothing else once.
  return isObject(elicitation["form"]) || !isObject(elicitation["url"]);
}

/** 2025-11-25 tells by an id which page was finished. */
function elicitationId(call: Call): JsonObject {
  return call.peer.view.revision.era === "legacy" ? { elicitationId: crypto.randomUUID() } : {};
}

function isElicitResult(answer: unknown, validate: Validator | undefined): boolean {
  if (!isObject(answer)) return false;
  const { action, content } = answer;
  if (action === "decline" || action === "cancel") return true;
  return action === "accept" && (validate === undefined || (isObject(content) && validate(content)));
}

/** What the client has not said it can do is not asked of it (2026-07-28, basic: capabilities). */
function requireCapability(call: Call, needed: JsonObject, present: boolean): void {
  if (present) return;
  const name = Object.keys(needed)[0]!;
  const message = `this needs a client that supports ${name}`;
  if (call.peer.view.revision.era === "modern") {
    throw new McpError(errorCodes.missingRequiredClientCapability, message, { requiredCapabilities: needed });
  }
  throw new MissingCapability(message);
}

/** Told to the model by a tool, and as an error by anything else: older revisions have no code for it. */
export class MissingCapability extends Error {}
