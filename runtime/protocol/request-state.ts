import { identityOf } from "./auth.js";
import { invalidParams } from "./results.js";
import type { McpError } from "./errors.js";
import type { Call, Server } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import type { Json, JsonObject } from "./types.js";

/** The platform's key type, under a name that every platform declares. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The progress of a call in earlier rounds. */
export interface CallProgress {
  /** The client's answers, by the key of the question. */
  readonly answers: JsonObject;
  /** The results of the handler's steps, by name. */
  readonly steps: JsonObject;
}

/** Time limit from a question to its answer. */
const lifetimeMs = 60 * 60_000;

/**
 * Seals the progress of a call for the next round (2026-07-28, multi round-trip requests: request state): AES-256-GCM,
 * bound to method, name, arguments and caller, valid for an hour. The first key seals.
 */
export async function sealState(call: Call, progress: CallProgress): Promise<string> {
  const [key] = await keysOf(call.peer.view.server);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const text = JSON.stringify({ ...progress, expires: Date.now() + lifetimeMs });
  const box = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: await digest(call) },
    key!,
    encode(text),
  );
  const bytes = new Uint8Array(iv.length + box.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(box), iv.length);
  return base64url(bytes);
}

/** Opens a sealed state with any of the keys. Refuses states that are modified, foreign or expired. */
export async function openState(call: Call, state: string): Promise<CallProgress | McpError> {
  const bytes = fromBase64url(state);
  if (bytes === undefined || bytes.length < 28) return invalidState();
  const additionalData = await digest(call);
  for (const key of await keysOf(call.peer.view.server)) {
    const opened = await decrypt(key, bytes, additionalData);
    if (opened === undefined) continue;
    const { answers, steps, expires } = opened;
    if (typeof expires !== "number" || expires < Date.now()) {
      return invalidParams('"requestState" has expired; send the request anew without it');
    }
    return { answers: isObject(answers) ? answers : {}, steps: isObject(steps) ? steps : {} };
  }
  return invalidState();
}

export function invalidState(): McpError {
  return invalidParams('"requestState" is not one that this server gave for this request');
}

async function decrypt(
  key: Key,
  bytes: Uint8Array<ArrayBuffer>,
  additionalData: Uint8Array<ArrayBuffer>,
): Promise<JsonObject | undefined> {
  const iv = bytes.subarray(0, 12);
  try {
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, bytes.subarray(12));
    return JSON.parse(new TextDecoder().decode(text)) as JsonObject;
  } catch {
    return undefined;
  }
}

/**
 * Returns the keys. Without configured secrets they are valid for this process only, so no other process can continue
 * the call.
 */
function keysOf(server: Server): Promise<readonly Key[]> {
  let keys = server.indexes.get("stateKeys") as Promise<readonly Key[]> | undefined;
  if (keys === undefined) {
    const secrets = server.stateKeys.length > 0 ? server.stateKeys : [crypto.randomUUID()];
    keys = Promise.all(secrets.map(deriveKey));
    server.indexes.set("stateKeys", keys);
  }
  return keys;
}

async function deriveKey(secret: string): Promise<Key> {
  const bytes = await crypto.subtle.digest("SHA-256", encode(`mcpc request state\n${secret}`));
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Returns the digest of the call that a state belongs to. */
async function digest({ method, params, auth }: Call): Promise<Uint8Array<ArrayBuffer>> {
  const { name = null, uri = null, arguments: input = null } = params;
  const subject: Json = [method, name, uri, sorted(input), identityOf(auth) ?? null];
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encode(JSON.stringify(subject))));
}

/** Sorts keys: a client may send the same arguments in another order. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

function base64url(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
    return bytes;
  } catch {
    return undefined;
  }
}
