import { errorCodes, McpError } from "./errors.js";
import type { Call } from "./exchange.js";
import type { CreateMessageParams, CreateMessageResult, ElicitResult, Root } from "./handlers.js";
import { isObject } from "./json-rpc.js";
import { quote } from "./results.js";
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
  const mode = url === undefined ? "form" : "url";
  requireCapability(call, { elicitation: { [mode]: {} } }, hasElicitation(call, mode));
  const text = fill(message);
  const params: JsonObject =
    url === undefined
      ? { message: text, requestedSchema: formOf(call, name, requestedSchema as JsonObject) }
      : { mode, message: text, url: fill(url), ...elicitationId(call) };
  const accepts = (answer: unknown): boolean => isElicitResult(answer, validate);
  const answer = (await ask(call, name, { method: "elicitation/create", params, accepts })) as ElicitResult<unknown>;
  return answer.action === "accept" ? { action: "accept", content: answer.content ?? {} } : { action: answer.action };
}

/** Asks the client's model (`sampling/createMessage`). */
export async function sample(call: Call, params: CreateMessageParams, key = "sample"): Promise<CreateMessageResult> {
  const { sampling } = call.peer.capabilities;
  requireCapability(call, { sampling: {} }, isObject(sampling));
  const { sampling: known } = call.peer.view.revision;
  const declares = (part: string): boolean => known === "parts" && isObject(sampling) && isObject(sampling[part]);
  const { tools, toolChoice, includeContext = "none" } = params;
  if (tools !== undefined || toolChoice !== undefined)
    requireCapability(call, { sampling: { tools: {} } }, declares("tools"));
  // Until there was a word for it, whoever could sample could do this.
  if (includeContext !== "none" && known === "parts")
    requireCapability(call, { sampling: { context: {} } }, declares("context"));
  return (await ask(call, key, {
    method: "sampling/createMessage",
    params: params as unknown as JsonObject,
    accepts: isCreateMessageResult,
  })) as CreateMessageResult;
}

/** The folders that the client works in (`roots/list`). */
export async function roots(call: Call, key = "roots"): Promise<readonly Root[]> {
  requireCapability(call, { roots: {} }, isObject(call.peer.capabilities["roots"]));
  const question: Question = { method: "roots/list", params: {}, accepts: isListRootsResult };
  const answer = (await ask(call, key, question)) as { readonly roots: readonly Root[] };
  return answer.roots;
}

/** See `Rounds.step`; where the client can be asked directly, a handler runs once and so does the work. */
export async function step<T>(call: Call, name: string, work: () => T | Promise<T>): Promise<T> {
  const hasRounds = call.peer.view.revision.era === "modern" && call.task === undefined;
  return hasRounds ? roundsOf(call).step(name, work) : work();
}

/** A request to the client where the revision has them, a round trip where it has not. */
async function ask(call: Call, key: string, question: Question): Promise<unknown> {
  if (call.task !== undefined) return call.whileAsking(call.task.ask(key, question));
  if (call.peer.view.revision.era === "modern") return roundsOf(call).ask(key, question);
  const { method, params, accepts } = question;
  if (call.ask === undefined)
    throw new Error(`the client cannot be asked (${method}): this connection has no way back`);
  const answer = await call.whileAsking(call.ask(call, method, withName(params, key), call.signal));
  if (!accepts(answer)) throw new Error(`the client's answer to ${method} is not one`);
  return answer;
}

/** Which question it is: newer revisions say so with its key. */
function withName(params: JsonObject, key: string): JsonObject {
  const { _meta: meta } = params;
  return { ...params, _meta: { ...(isObject(meta) ? meta : undefined), "mcpc/question": key } };
}

function hasElicitation(call: Call, mode: "form" | "url"): boolean {
  const { elicitation } = call.peer.capabilities;
  const { elicitation: known } = call.peer.view.revision;
  if (!known.includes(mode) || !isObject(elicitation)) return false;
  // An empty object means forms: there was nothing else once.
  return isObject(elicitation[mode]) || (mode === "form" && !isObject(elicitation["url"]));
}

/** The form in the words of the client's revision. */
function formOf(call: Call, name: string, schema: JsonObject): JsonObject {
  const { version, form } = call.peer.view.revision;
  const known = form === undefined ? schema : form(schema);
  if (known !== undefined) return known;
  throw new MissingCapability(`${quote(name)} asks for several choices at once, which ${version} has no form for`);
}

/** 2025-11-25 tells by an id which page was finished. */
function elicitationId(call: Call): JsonObject {
  return call.peer.view.revision.era === "legacy" ? { elicitationId: crypto.randomUUID() } : {};
}

function isCreateMessageResult(answer: unknown): boolean {
  if (!isObject(answer) || typeof answer["model"] !== "string") return false;
  const { role, content } = answer;
  return (role === "user" || role === "assistant") && [content].flat().every(isObject);
}

function isListRootsResult(answer: unknown): boolean {
  const list = isObject(answer) ? answer["roots"] : undefined;
  return Array.isArray(list) && list.every((root) => isObject(root) && typeof root["uri"] === "string");
}

function isElicitResult(answer: unknown, validate: Validator | undefined): boolean {
  if (!isObject(answer)) return false;
  const { action, content } = answer;
  if (action === "decline" || action === "cancel") return true;
  // A form without anything to fill in is accepted without content.
  const filled = content ?? {};
  return action === "accept" && (validate === undefined || (isObject(filled) && validate(filled)));
}

/** Refuses a question that the client has no capability for (2026-07-28, basic: capabilities). */
function requireCapability(call: Call, needed: JsonObject, present: boolean): void {
  // From here on it matters whose call it is.
  call.detach?.();
  if (present) return;
  const [[name, parts]] = Object.entries(needed) as [[string, JsonObject]];
  const message = `this needs a client that supports ${[name, ...Object.keys(parts)].join(".")}`;
  if (call.peer.view.revision.era === "modern") {
    throw new McpError(errorCodes.missingRequiredClientCapability, message, { requiredCapabilities: needed });
  }
  throw new MissingCapability(message);
}

/** A result with `isError` from a tool, and an error from anything else: older revisions have no code for it. */
export class MissingCapability extends Error {}
