import { errorCodes, McpError } from "../protocol/errors.js";
import { isObject, type Id } from "../protocol/json-rpc.js";
import type { JsonObject } from "../protocol/types.js";
import { requestHeaders } from "./headers.js";
import { WireError, type UpstreamMessage, type Receiver, type UpstreamWire } from "./wire.js";

/** The eras of the protocol: with sessions, or with independent requests. */
export type Era = "legacy" | "modern";

const newest = "2026-07-28";
const newestOfSessions = "2025-11-25";
/** Time for the answer to `server/discover`, which a server with sessions may ignore. */
const patienceMs = 5000;
/** Time to open a conversation, long enough for a command that first installs its server. */
const openingMs = 60_000;

/** The sender of a request, who gets what belongs to it. */
export interface Owner {
  progress(params: JsonObject): void;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly owner?: Owner;
  /** Whether the upstream is to report progress. */
  readonly progress?: boolean;
  /** The capabilities of the client, for eras where each request has them. */
  readonly capabilities?: JsonObject;
  readonly logLevel?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A question of an upstream with sessions. */
export interface WireQuestion {
  readonly id: Id;
  readonly method: string;
  readonly params: JsonObject;
  reply(answer: { readonly result: JsonObject } | { readonly error: JsonObject }): void;
}

/** Events of a conversation. An owner is undefined if the wire does not tell it. */
export interface UpstreamListener {
  ask(question: WireQuestion, owner: Owner | undefined): void;
  withdraw(id: Id): void;
  notify(method: string, params: JsonObject, owner: Owner | undefined): void;
  end(reason: string, lastLines?: string): void;
  log: Receiver["log"];
}

/** The description of this server for an upstream. */
export interface Introduction {
  readonly name: string;
  readonly version: string;
  readonly capabilities: JsonObject;
}

/** A conversation with an upstream. */
export interface UpstreamConversation {
  readonly era: Era;
  readonly capabilities: JsonObject;
  /** Returns the result. Throws `McpError` for an error of the upstream, `WireError` if there is no answer. */
  request(method: string, params: JsonObject, options?: RequestOptions): Promise<JsonObject>;
  close(): Promise<void>;
}

interface Waiting {
  readonly owner: Owner | undefined;
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (error: Error) => void;
}

/** The requests on a wire. */
interface Requests {
  readonly wire: UpstreamWire;
  /** Whether the wire has ended. */
  readonly isOver: boolean;
  headers: Readonly<Record<string, string>>;
  request(method: string, params: JsonObject, options?: RequestOptions, era?: Era): Promise<JsonObject>;
  notify(method: string, params?: JsonObject): void;
}

/** Opens a conversation in `era`; by default in the newest one that the upstream knows. */
export async function converse(
  open: (receiver: Receiver) => UpstreamWire,
  listener: UpstreamListener,
  introduction: Introduction,
  era?: Era,
): Promise<UpstreamConversation> {
  let isOpen = false;
  const requests = createRequests(open, {
    ...listener,
    // Until it is open, a conversation that ends rejects.
    end: (reason, lastLines) => isOpen && listener.end(reason, lastLines),
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new WireError(`it does not answer within ${openingMs / 1000} seconds`);
    timer = setTimeout(() => reject(error), openingMs);
  });
  try {
    const conversation = await Promise.race([opened(requests, introduction, era), late]);
    isOpen = true;
    return conversation;
  } catch (error) {
    await requests.wire.close();
    // A server with sessions may end at a request before `initialize`.
    if (era === undefined && requests.isOver) return await converse(open, listener, introduction, "legacy");
    throw error instanceof McpError
      ? new WireError(`it refuses the handshake: ${error.message} (${error.code})`)
      : error;
  } finally {
    clearTimeout(timer);
  }
}

async function opened(
  requests: Requests,
  introduction: Introduction,
  era: Era | undefined,
): Promise<UpstreamConversation> {
  if (era === "legacy") return initialize(requests, introduction);
  let discovered: UpstreamConversation | undefined;
  const modern = discover(requests, introduction);
  modern.then(
    (conversation) => (discovered = conversation),
    () => {},
  );
  if (era === "modern") return modern;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), patienceMs)));
  const first = await Promise.race([modern.catch((error: Error) => error), silence]);
  clearTimeout(timer);
  if (first !== undefined && !(first instanceof Error)) return first;
  if (first instanceof WireError && (first.isRefused || requests.isOver)) throw first;
  try {
    return await initialize(requests, introduction);
  } catch (error) {
    // An upstream that was slow to start may have answered the first request meanwhile.
    if (discovered === undefined) throw error;
    return discovered;
  }
}

async function discover(requests: Requests, { name, version }: Introduction): Promise<UpstreamConversation> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": newest,
    "io.modelcontextprotocol/clientInfo": { name, version },
  };
  const request: UpstreamConversation["request"] = (method, params, options = {}) => {
    const { capabilities = {}, logLevel } = options;
    const { _meta: own } = params;
    const _meta = {
      ...(isObject(own) ? own : undefined),
      ...meta,
      "io.modelcontextprotocol/clientCapabilities": capabilities,
      ...(logLevel !== undefined && { "io.modelcontextprotocol/logLevel": logLevel }),
    };
    const headers = { "mcp-protocol-version": newest, ...requestHeaders(method, params), ...options.headers };
    return requests.request(method, { ...params, _meta }, { ...options, headers }, "modern");
  };
  const { capabilities } = await request("server/discover", {});
  return {
    era: "modern",
    capabilities: isObject(capabilities) ? capabilities : {},
    request,
    close: () => requests.wire.close(),
  };
}

async function initialize(
  requests: Requests,
  { name, version, capabilities }: Introduction,
): Promise<UpstreamConversation> {
  const params = { protocolVersion: newestOfSessions, capabilities, clientInfo: { name, version } };
  const result = await requests.request("initialize", params);
  requests.headers = { "mcp-protocol-version": String(result["protocolVersion"]) };
  requests.notify("notifications/initialized");
  requests.wire.listen?.(requests.headers);
  return {
    era: "legacy",
    capabilities: isObject(result["capabilities"]) ? result["capabilities"] : {},
    request: (method, own, options) => requests.request(method, own, options),
    close: () => requests.wire.close(),
  };
}

function createRequests(open: (receiver: Receiver) => UpstreamWire, listener: UpstreamListener): Requests {
  const waiting = new Map<Id, Waiting>();
  let next = 1;
  let isOver = false;

  const receive = (message: UpstreamMessage, related?: Id): void => {
    const { id, method, params = {}, result, error } = message;
    if (method === undefined) {
      const owner = id === undefined ? undefined : waiting.get(id);
      if (isObject(error)) owner?.reject(errorOf(error));
      else if (isObject(result)) owner?.resolve(result);
      else owner?.reject(new WireError("it answered with neither a result nor an error"));
      return;
    }
    if (typeof method !== "string" || !isObject(params)) return;
    const owner = related === undefined ? undefined : waiting.get(related)?.owner;
    if (id !== undefined) return answer(id, method, params, owner);
    if (method === "notifications/progress") waiting.get(params["progressToken"] as Id)?.owner?.progress(params);
    else if (method === "notifications/cancelled") listener.withdraw(params["requestId"] as Id);
    else listener.notify(method, params, owner);
  };

  const answer = (id: Id, method: string, params: JsonObject, owner: Owner | undefined): void => {
    const reply: WireQuestion["reply"] = (content) => send({ jsonrpc: "2.0", id, ...content });
    if (method === "ping") reply({ result: {} });
    else listener.ask({ id, method, params, reply }, owner);
  };

  /** Sends a message that has no answer. */
  const send = (message: UpstreamMessage): void => {
    wire.send(message, { headers: requests.headers }).catch((error: unknown) => {
      if (!isOver) listener.log("debug", "did not take a message", { error: String(error) });
    });
  };

  const wire = open({
    receive,
    end: (reason, lastLines) => {
      isOver = true;
      for (const { reject } of [...waiting.values()]) reject(new WireError(reason, { lastLines }));
      listener.end(reason, lastLines);
    },
    log: listener.log,
  });

  const requests: Requests = {
    wire,
    headers: {},
    get isOver() {
      return isOver;
    },
    notify: (method, params) => send({ jsonrpc: "2.0", method, ...(params && { params }) }),
    request: (method, params, { signal, owner, progress, headers } = {}, era = "legacy") =>
      new Promise((resolve, reject) => {
        if (isOver) return reject(new WireError("it has ended"));
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const id = next++;
        const stream = new AbortController();
        const finish = (): void => {
          waiting.delete(id);
          signal?.removeEventListener("abort", cancel);
        };
        const cancel = (): void => {
          finish();
          // The end of a stream is the cancellation in newer revisions.
          if (era === "legacy" || !wire.hasStreams)
            requests.notify("notifications/cancelled", { requestId: id, reason: reasonText(signal!.reason) });
          stream.abort(signal!.reason);
          reject(signal!.reason as Error);
        };
        signal?.addEventListener("abort", cancel, { once: true });
        waiting.set(id, {
          owner,
          resolve: (result) => {
            finish();
            resolve(result);
          },
          reject: (error) => {
            finish();
            reject(error);
          },
        });
        const { _meta: own } = params;
        const _meta = { ...(isObject(own) ? own : undefined), progressToken: id };
        const sent = progress === true ? { ...params, _meta } : params;
        const message = { jsonrpc: "2.0", id, method, params: sent } as const;
        wire
          .send(message, { headers: headers ?? requests.headers, signal: stream.signal })
          .catch((error: unknown) => waiting.get(id)?.reject(error as Error));
      }),
  };
  return requests;
}

function reasonText(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function errorOf({ code, message, data }: JsonObject): McpError {
  const known = typeof code === "number" && Number.isSafeInteger(code) ? code : errorCodes.internalError;
  return new McpError(known, typeof message === "string" ? message : "an error without a message", data);
}
