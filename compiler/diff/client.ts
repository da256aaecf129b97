import { legacyVersions, type LegacyVersion } from "@mcpc/runtime/codegen/v1/older-forms";
import { setTimeout as delay } from "node:timers/promises";
import type { Json, JsonObject } from "../model/source.js";
import { version } from "../package-folder.js";
import { Refused, type Connection, type Message } from "./connection.js";
import { isObject } from "./schemas/classes.js";
import { NoSide, type SurfaceSection } from "./surface.js";

/** Opens a connection that passes the server's messages on. */
export type Open = (onMessage: (message: Message) => void) => Connection;

/** A conversation with a server, in the newest revision that both know. */
export interface Conversation {
  /** The revision, if it is one with sessions. */
  readonly revision?: LegacyVersion;
  readonly info: JsonObject;
  readonly capabilities: JsonObject;
  readonly instructions: Json | undefined;
  /** Returns the result. Throws `Refused` for an error of the server. */
  request(method: string, params: JsonObject, more?: RequestOptions): Promise<JsonObject>;
}

export interface RequestOptions {
  /** Headers over HTTP, for revisions without sessions. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Lists of a server, in the form of their methods' results. */
export type Lists = Partial<Record<SurfaceSection, readonly Json[]>>;

const newest = "2026-07-28";
const newestOfSessions = "2025-11-25";
const clientInfo = { name: "mcpc", version };
const maxPages = 1000;
/** Default time for an answer, long enough for a command that first installs its server. */
const defaultTimeoutMs = 60_000;
/** Time after which `onWaiting` is called, at most. */
const quietMs = 5000;
/** Time for the first answer, after which the server may be one that says nothing before `initialize`. */
const patienceMs = 1000;

const methods: readonly (readonly [section: SurfaceSection, capability: string, method: string])[] = [
  ["tools", "tools", "tools/list"],
  ["resources", "resources", "resources/list"],
  ["resourceTemplates", "resources", "resources/templates/list"],
  ["prompts", "prompts", "prompts/list"],
];

export interface ConversationOptions {
  /** The capabilities of the client; none by default. */
  readonly capabilities?: JsonObject | undefined;
  /** Time for each answer. */
  readonly timeoutMs?: number | undefined;
  /** Receives a sentence about an answer that takes long. */
  readonly onWaiting?: (sentence: string) => void;
}

/** Opens a conversation, and closes it when the action has ended. Throws `NoSide` if the server refuses a request. */
export async function converse<T>(
  open: Open,
  action: (conversation: Conversation) => Promise<T>,
  { capabilities = {}, timeoutMs = defaultTimeoutMs, onWaiting = () => undefined }: ConversationOptions = {},
): Promise<T> {
  const announced = <V>(work: Promise<V>, what: string): Promise<V> => {
    const limit = timeoutMs / 1000;
    const announce = (): void => onWaiting(`waiting for ${what}, at most ${limit} seconds…`);
    const timer = setTimeout(announce, Math.min(quietMs, timeoutMs / 2));
    return work.finally(() => clearTimeout(timer));
  };
  const asNoSide = (error: unknown): never => {
    throw error instanceof Refused ? new NoSide(`the server refuses: ${error.message} (${error.code})`) : error;
  };
  const starting = start(open, timeoutMs, capabilities);
  const { wire, conversation } = await announced(starting, "the server to start").catch(asNoSide);
  const request: Conversation["request"] = (method, params, more) =>
    announced(conversation.request(method, params, more), `an answer to ${method}`);
  try {
    return await action({ ...conversation, request }).catch(asNoSide);
  } finally {
    await wire.close();
  }
}

interface Started {
  readonly wire: Wire;
  readonly conversation: Conversation;
}

/**
 * Starts a conversation in the newest revision that the server knows. The first request is `server/discover`. An older
 * server refuses it, ignores it, or ends, so `initialize` follows on the same connection, then on a new one.
 */
async function start(open: Open, timeoutMs: number, own: JsonObject): Promise<Started> {
  const wire = connect(open, timeoutMs);
  let succeeded: Conversation;
  let hasInitialized = false;
  try {
    const modern = discover(wire, own);
    const first = await Promise.race([modern, delay(patienceMs, undefined, { ref: false })]).catch(() => undefined);
    if (first) return { wire, conversation: first };
    hasInitialized = true;
    succeeded = await Promise.any([modern, initialize(wire, own)]);
  } catch (error) {
    await wire.close();
    const [, reason] = (error as AggregateError).errors as unknown[];
    if (reason instanceof Silent) throw reason;
    return begin(open, timeoutMs, (fresh) => initialize(fresh, own));
  }
  if (succeeded.revision !== undefined || !hasInitialized) return { wire, conversation: succeeded };
  // A server that knows both may have chosen the older one for this connection.
  await wire.close();
  return begin(open, timeoutMs, (fresh) => discover(fresh, own));
}

async function begin(
  open: Open,
  timeoutMs: number,
  handshake: (wire: Wire) => Promise<Conversation>,
): Promise<Started> {
  const wire = connect(open, timeoutMs);
  try {
    return { wire, conversation: await handshake(wire) };
  } catch (error) {
    await wire.close();
    throw error;
  }
}

/** Error for a request without an answer. */
class Silent extends NoSide {}

type Headers = Readonly<Record<string, string>>;

/** A connection, with answers assigned to their requests. */
interface Wire {
  request(method: string, params: JsonObject, headers: Headers): Promise<JsonObject>;
  notify(method: string, headers: Headers): Promise<void>;
  close(): Promise<void>;
}

function connect(open: Open, timeoutMs: number): Wire {
  const waiting = new Map<number, (message: Message) => void>();
  let [headers, next]: [Headers, number] = [{}, 1];
  const connection: Connection = open((message) => {
    if (message.method === undefined) waiting.get(Number(message.id))?.(message);
    else if (message.id !== undefined) {
      const { id, method } = message;
      const answer = method === "ping" ? { result: {} } : { error: { code: -32601, message: "not supported" } };
      connection.send({ jsonrpc: "2.0", id, ...answer }, headers).catch(() => undefined);
    }
  });
  return {
    request: async (method, params, own) => {
      const id = next++;
      headers = own;
      let timer: NodeJS.Timeout | undefined;
      const answered = new Promise<Message>((resolve, reject) => {
        waiting.set(id, resolve);
        timer = setTimeout(
          () => reject(new Silent(`the server does not answer ${method} within ${timeoutMs / 1000} seconds`)),
          timeoutMs,
        );
      });
      answered.catch(() => undefined);
      const sending = connection.send({ jsonrpc: "2.0", id, method, params }, own).then(() => answered);
      try {
        const { result, error } = await Promise.race([answered, sending, connection.over]);
        if (error) throw new Refused(error.code, String(error.message));
        if (!isObject(result)) throw new NoSide(`the server answers ${method} with no result`);
        return result;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    notify: (method, own) => connection.send({ jsonrpc: "2.0", method }, own),
    close: () => connection.close(),
  };
}

/** Starts a conversation in the revisions without sessions, where each request identifies its client. */
async function discover(wire: Wire, own: JsonObject): Promise<Conversation> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": newest,
    "io.modelcontextprotocol/clientCapabilities": own,
    "io.modelcontextprotocol/clientInfo": clientInfo,
  };
  const ask: Conversation["request"] = (method, params, { headers } = {}) =>
    wire.request(
      method,
      { ...params, _meta: meta },
      { "mcp-protocol-version": newest, "mcp-method": method, ...headers },
    );
  const { _meta, capabilities, instructions } = await ask("server/discover", {});
  const info = isObject(_meta) ? _meta["io.modelcontextprotocol/serverInfo"] : undefined;
  return {
    info: isObject(info) ? info : {},
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions,
    request: ask,
  };
}

/** Starts a conversation in the revisions with sessions. */
async function initialize(wire: Wire, own: JsonObject): Promise<Conversation> {
  const params = { protocolVersion: newestOfSessions, capabilities: own, clientInfo };
  const { protocolVersion, serverInfo, capabilities, instructions } = await wire.request("initialize", params, {});
  const headers = { "mcp-protocol-version": String(protocolVersion) };
  await wire.notify("notifications/initialized", headers);
  return {
    revision: legacyVersions.find((known) => known === protocolVersion) ?? newestOfSessions,
    info: isObject(serverInfo) ? serverInfo : {},
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions,
    request: (method, more) => wire.request(method, more, headers),
  };
}

/** Reads all lists that the server supports. */
export async function listsOf({ capabilities, request }: Conversation): Promise<Lists> {
  const lists: { [section in SurfaceSection]?: readonly Json[] } = {};
  for (const [section, capability, method] of methods)
    if (capabilities[capability] !== undefined) lists[section] = await pages(section, method, request);
  return lists;
}

/** Reads all pages of a list. A server without templates may not support their method. */
async function pages(
  section: SurfaceSection,
  method: string,
  request: Conversation["request"],
): Promise<readonly Json[]> {
  const found: Json[] = [];
  const cursors = new Set<Json>();
  let cursor: Json | undefined;
  for (let page = 0; page < maxPages; page++) {
    let result: JsonObject;
    try {
      result = await request(method, cursor === undefined ? {} : { cursor });
    } catch (error) {
      if (section === "resourceTemplates" && error instanceof Refused && error.code === -32601) return found;
      throw error;
    }
    const entries = result[section];
    if (!Array.isArray(entries)) throw new NoSide(`the server answers ${method} without "${section}"`);
    found.push(...(entries as readonly Json[]));
    cursor = result["nextCursor"];
    if (cursor === undefined || cursor === null) return found;
    if (cursors.has(cursor)) throw new NoSide(`the server gives a cursor of ${method} twice: its list has no end`);
    cursors.add(cursor);
  }
  throw new NoSide(`the list that ${method} answers has more than ${maxPages} pages`);
}
