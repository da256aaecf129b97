import { errorCodes, McpError } from "./errors.js";
import type { Call } from "./exchange.js";
import type { CreateMessageParams, CreateMessageResult, ElicitResult, Root } from "./handlers.js";
import { isObject } from "./json-rpc.js";
import { quote } from "./results.js";
import { roundsOf, type Question } from "./rounds.js";
import type { ElicitationSurface, Validator } from "./surface.js";
import type { Json, JsonObject } from "./types.js";

/** Asks a question of the manifest, with the placeholders in its message filled in. */
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
  // Earlier revisions have no separate capability for this.
  if (includeContext !== "none" && known === "parts")
    requireCapability(call, { sampling: { context: {} } }, declares("context"));
  return (await ask(call, key, {
    method: "sampling/createMessage",
    params: params as unknown as JsonObject,
    accepts: isCreateMessageResult,
  })) as CreateMessageResult;
}

/** Asks for the folders that the client works in (`roots/list`). */
export async function roots(call: Call, key = "roots"): Promise<readonly Root[]> {
  requireCapability(call, { roots: {} }, isObject(call.peer.capabilities["roots"]));
  const question: Question = { method: "roots/list", params: {}, accepts: isListRootsResult };
  const answer = (await ask(call, key, question)) as { readonly roots: readonly Root[] };
  return answer.roots;
}

/** The key of all questions of upstreams. */
const upstreamKey = "upstream";

/** Asks the question of an upstream, with its own parameters. Returns the client's answer. */
export async function relay(
  call: Call,
  { method, params }: { method: string; params: JsonObject },
): Promise<JsonObject> {
  const key = upstreamKey;
  switch (method) {
    case "elicitation/create":
      return relayElicitation(call, key, params);
    case "sampling/createMessage":
      return (await sample(call, params as unknown as CreateMessageParams, key)) as unknown as JsonObject;
    case "roots/list":
      return { roots: (await roots(call, key)) as unknown as Json };
    default:
      throw new Error(`no client can be asked ${method}`);
  }
}

async function relayElicitation(call: Call, key: string, params: JsonObject): Promise<JsonObject> {
  const { mode = "form", requestedSchema: schema } = params;
  const known = mode === "url" ? "url" : "form";
  requireCapability(call, { elicitation: { [known]: {} } }, hasElicitation(call, known));
  const asked = isObject(schema) ? { ...params, requestedSchema: formOf(call, key, schema) } : params;
  const accepts = (answer: unknown): boolean => isElicitResult(answer, undefined);
  return (await ask(call, key, { method: "elicitation/create", params: asked, accepts })) as JsonObject;
}

/** Runs a step once per call. Without rounds a handler runs only once, and so does the step (see `Rounds.step`). */
export async function step<T>(call: Call, name: string, work: () => T | Promise<T>): Promise<T> {
  const hasRounds = call.peer.view.revision.era === "modern" && call.task === undefined;
  return hasRounds ? roundsOf(call).step(name, work) : work();
}

/** Sends a request to the client, or asks in a round trip, depending on the revision. */
async function ask(call: Call, key: string, question: Question): Promise<unknown> {
  if (call.task !== undefined) return call.whileAsking(call.task.ask(key, question));
  if (call.peer.view.revision.era === "modern") return roundsOf(call).ask(key, question);
  const { method, params, accepts } = question;
  if (call.ask === undefined)
    throw new Error(`the client cannot be asked (${method}): this connection has no way back`);
  const sent = key === upstreamKey ? params : withName(params, key);
  const answer = await call.whileAsking(call.ask(call, method, sent, call.signal));
  if (!accepts(answer)) throw new Error(`the client's answer to ${method} is invalid`);
  return answer;
}

/** Adds the key of the question. Newer revisions send the key beside the question. */
function withName(params: JsonObject, key: string): JsonObject {
  const { _meta: meta } = params;
  return { ...params, _meta: { ...(isObject(meta) ? meta : undefined), "mcpc/question": key } };
}

function hasElicitation(call: Call, mode: "form" | "url"): boolean {
  const { elicitation } = call.peer.capabilities;
  const { elicitation: known } = call.peer.view.revision;
  if (!known.includes(mode) || !isObject(elicitation)) return false;
  // An empty object means forms, the only mode of older clients.
  return isObject(elicitation[mode]) || (mode === "form" && !isObject(elicitation["url"]));
}

/** Converts a form to the client's revision. */
function formOf(call: Call, name: string, schema: JsonObject): JsonObject {
  const { version, form } = call.peer.view.revision;
  const known = form === undefined ? schema : form(schema);
  if (known !== undefined) return known;
  throw new MissingCapability(`${quote(name)} asks for several choices at once, which ${version} has no form for`);
}

/** Returns an id for a page, which 2025-11-25 needs to report the completion. */
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
  // An empty form is accepted without content.
  const filled = content ?? {};
  return action === "accept" && (validate === undefined || (isObject(filled) && validate(filled)));
}

/** Refuses a question that the client has no capability for (2026-07-28, basic: capabilities). */
function requireCapability(call: Call, needed: JsonObject, present: boolean): void {
  // The result now depends on the client.
  call.detach?.();
  if (present) return;
  const [[name, parts]] = Object.entries(needed) as [[string, JsonObject]];
  const message = `this needs a client that supports ${[name, ...Object.keys(parts)].join(".")}`;
  if (call.peer.view.revision.era === "modern") {
    throw new McpError(errorCodes.missingRequiredClientCapability, message, { requiredCapabilities: needed });
  }
  throw new MissingCapability(message);
}

/** The error for a missing capability: an `isError` result for tools. Older revisions have no code for it. */
export class MissingCapability extends Error {}
