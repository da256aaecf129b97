import type { Json, JsonObject } from "../model/source.js";
import { version } from "../package-folder.js";
import { Refused, type Connection, type Message } from "./connection.js";
import type { Lists } from "./lists-side.js";
import { isObject } from "./schemas/classes.js";
import { NoSide, type Section } from "./surface.js";

/** Opens a connection that passes the server's messages on. */
export type Open = (onMessage: (message: Message) => void) => Connection;

/** A server and its lists. */
export interface Listed {
  readonly lists: Lists;
  readonly server: JsonObject;
  readonly instructions?: Json | undefined;
}

const newest = "2026-07-28";
const newestOfSessions = "2025-11-25";
const clientInfo = { name: "mcpc", version };
const mostPages = 1000;
/** Timeout of an answer. A server that requires sessions may never answer the first request. */
const probeMs = 20_000;
const requestMs = 30_000;

const methods: readonly (readonly [section: Section, capability: string, method: string])[] = [
  ["tools", "tools", "tools/list"],
  ["resources", "resources", "resources/list"],
  ["resourceTemplates", "resources", "resources/templates/list"],
  ["prompts", "prompts", "prompts/list"],
];

interface Conversation {
  readonly info: JsonObject;
  readonly capabilities: JsonObject;
  readonly instructions: Json | undefined;
  request(method: string, params: JsonObject): Promise<JsonObject>;
}

/** Lists a server in the newest revision of the protocol that the server supports. */
export async function list(open: Open): Promise<Listed> {
  try {
    return await talk(open, discover);
  } catch {
    // An older server refuses, stays silent or ends, so it receives a new connection.
    return await talk(open, initialize).catch((error: unknown) => {
      throw error instanceof Refused ? new NoSide(`the server refuses: ${error.message} (${error.code})`) : error;
    });
  }
}

type Begin = (request: Request, notify: Notify) => Promise<Conversation>;
type Request = (method: string, params: JsonObject, headers: Record<string, string>, ms: number) => Promise<JsonObject>;
type Notify = (method: string, headers: Record<string, string>) => Promise<void>;

async function talk(open: Open, begin: Begin): Promise<Listed> {
  const waiting = new Map<number, (message: Message) => void>();
  let [headers, next]: [Record<string, string>, number] = [{}, 1];
  const connection: Connection = open((message) => {
    if (message.method === undefined) waiting.get(Number(message.id))?.(message);
    else if (message.id !== undefined) {
      const { id, method } = message;
      const answer = method === "ping" ? { result: {} } : { error: { code: -32601, message: "not supported" } };
      connection.send({ jsonrpc: "2.0", id, ...answer }, headers).catch(() => undefined);
    }
  });
  const request: Request = async (method, params, own, ms) => {
    const id = next++;
    headers = own;
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Message>((resolve, reject) => {
      waiting.set(id, resolve);
      timer = setTimeout(
        () => reject(new NoSide(`the server does not answer ${method} within ${ms / 1000} seconds`)),
        ms,
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
  };
  const notify: Notify = (method, own) => connection.send({ jsonrpc: "2.0", method }, own);
  try {
    return await listed(await begin(request, notify));
  } finally {
    await connection.close();
  }
}

/** Starts a conversation in the revisions without sessions, where each request identifies its client. */
async function discover(request: Request): Promise<Conversation> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": newest,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": clientInfo,
  };
  const ask = (method: string, params: JsonObject, ms = requestMs): Promise<JsonObject> =>
    request(method, { ...params, _meta: meta }, { "mcp-protocol-version": newest, "mcp-method": method }, ms);
  const found = await ask("server/discover", {}, probeMs);
  const { _meta, capabilities, instructions } = found;
  const info = isObject(_meta) ? _meta["io.modelcontextprotocol/serverInfo"] : undefined;
  return {
    info: isObject(info) ? info : {},
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions,
    request: ask,
  };
}

/** Starts a conversation in the revisions with sessions. */
async function initialize(request: Request, notify: Notify): Promise<Conversation> {
  const params = { protocolVersion: newestOfSessions, capabilities: {}, clientInfo };
  const { protocolVersion, serverInfo, capabilities, instructions } = await request(
    "initialize",
    params,
    {},
    requestMs,
  );
  const headers = { "mcp-protocol-version": String(protocolVersion) };
  await notify("notifications/initialized", headers);
  return {
    info: isObject(serverInfo) ? serverInfo : {},
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions,
    request: (method, more) => request(method, more, headers, requestMs),
  };
}

async function listed({ info, capabilities, instructions, request }: Conversation): Promise<Listed> {
  const lists: { [section in Section]?: readonly Json[] } = {};
  for (const [section, capability, method] of methods)
    if (capabilities[capability] !== undefined) lists[section] = await pages(section, method, request);
  return { lists, server: info, instructions };
}

/** Reads all pages of a list. A server without templates may not support their method. */
async function pages(section: Section, method: string, request: Conversation["request"]): Promise<readonly Json[]> {
  const found: Json[] = [];
  const cursors = new Set<Json>();
  let cursor: Json | undefined;
  for (let page = 0; page < mostPages; page++) {
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
  throw new NoSide(`the list that ${method} answers has more than ${mostPages} pages`);
}
