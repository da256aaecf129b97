import { toBase64 } from "./base64.js";
import type { Server } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import type { Json, JsonObject } from "./types.js";

/** The platform's key type, under a name that every platform declares. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The purpose of a sealed value. Each purpose has its own keys, so no value opens as one of another purpose. */
export type SealPurpose = "request state" | "session";

/** The bytes of the initialization vector and of the authentication tag. */
const ivBytes = 12;
const tagBytes = 16;

/**
 * Seals a value that the client keeps: AES-256-GCM, bound to `binding`, valid until the time `expires`. The first key
 * seals.
 */
export async function seal(
  server: Server,
  purpose: SealPurpose,
  value: JsonObject,
  binding: Json,
  expires: number,
): Promise<string> {
  const [key] = await keysOf(server, purpose);
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
  const text = JSON.stringify({ ...value, expires });
  const box = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: await digest(binding) },
    key!,
    encode(text),
  );
  const bytes = new Uint8Array(iv.length + box.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(box), iv.length);
  return base64url(bytes);
}

/** Opens a sealed value with any of the keys; returns `undefined` if it is modified or has another binding. */
export async function unseal(
  server: Server,
  purpose: SealPurpose,
  sealed: string,
  binding: Json,
): Promise<JsonObject | "expired" | undefined> {
  const bytes = fromBase64url(sealed);
  if (bytes === undefined || bytes.length < ivBytes + tagBytes) return undefined;
  const additionalData = await digest(binding);
  for (const key of await keysOf(server, purpose)) {
    const opened = await decrypt(key, bytes, additionalData);
    if (opened === undefined) continue;
    const { expires } = opened;
    return typeof expires === "number" && expires >= Date.now() ? opened : "expired";
  }
  return undefined;
}

async function decrypt(
  key: Key,
  bytes: Uint8Array<ArrayBuffer>,
  additionalData: Uint8Array<ArrayBuffer>,
): Promise<JsonObject | undefined> {
  const iv = bytes.subarray(0, ivBytes);
  try {
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, bytes.subarray(ivBytes));
    const opened: unknown = JSON.parse(new TextDecoder().decode(text));
    return isObject(opened) ? opened : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the keys. Without configured secrets they are valid for this process only. */
function keysOf(server: Server, purpose: SealPurpose): Promise<readonly Key[]> {
  let all = server.indexes.get("stateKeys") as Map<SealPurpose, Promise<readonly Key[]>> | undefined;
  if (all === undefined) server.indexes.set("stateKeys", (all = new Map()));
  let keys = all.get(purpose);
  if (keys === undefined) {
    const secrets = server.stateKeys.length > 0 ? server.stateKeys : [crypto.randomUUID()];
    all.set(purpose, (keys = Promise.all(secrets.map((secret) => deriveKey(purpose, secret)))));
  }
  return keys;
}

async function deriveKey(purpose: SealPurpose, secret: string): Promise<Key> {
  const bytes = await crypto.subtle.digest("SHA-256", encode(`mcpc ${purpose}\n${secret}`));
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function digest(binding: Json): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encode(JSON.stringify(binding))));
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

function base64url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
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
