import { errorCodes, McpError } from "../protocol/errors.js";
import { isObject } from "../protocol/json-rpc.js";
import type { Id } from "../protocol/json-rpc.js";
import { quote } from "../protocol/results.js";
import { legacyRevisions } from "../protocol/revisions/legacy.js";
import { claims, modernRevisions, modernVersions } from "../protocol/revisions/modern.js";
import { tasksExtension } from "../protocol/tasks.js";
import type { Implementation, JsonObject, LoggingLevel } from "../protocol/types.js";
import { answerTo, capabilitiesOf, type Answers } from "./answers.js";
import { protocolError } from "./errors.js";
import type { Emitter } from "./events.js";
import type { CallOptions, Progress, SurfaceTypes } from "./surface.js";
import type { Connect, Incoming, Wire } from "./wire.js";

/** The client's description of itself, and its revision. */
export interface ConversationOptions<S extends SurfaceTypes> extends Answers<S> {
  /** The protocol revision. Default: the newest. */
  readonly protocolVersion?: string;
  /** The client's own description. */
  readonly clientInfo?: Implementation;
  /** Further capabilities of the client, besides those that its answers imply. */
  readonly capabilities?: JsonObject;
  /** The minimum severity of log messages. Default: `debug`. */
  readonly logLevel?: LoggingLevel;
}

/** Requests and their results, including the handshake, rounds of questions and tasks. */
export interface Conversation {
  readonly wire: Wire;
  readonly era: "legacy" | "modern";
  /** Opens the connection, with a handshake if the revision has one. */
  start(): Promise<void>;
  request(method: string, params: JsonObject, options?: CallOptions): Promise<JsonObject>;
  subscribe(uri: string): Promise<void>;
  unsubscribe(uri: string): Promise<void>;
  /** Rejects running requests. */
  close(): Promise<void>;
}

/** The maximum number of rounds. It stops a server that keeps asking. */
const maxRounds = 100;
/** Interval between two polls of a task, shorter than servers recommend. */
const pollMs = 10;

interface Exchange {
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly fail: (error: unknown) => void;
}

export function createConversation<S extends SurfaceTypes>(
  connect: Connect,
  options: ConversationOptions<S>,
  emitter: Emitter,
): Conversation {
  const { protocolVersion = modernVersions[0]!, clientInfo = { name: "test", version: "1.0.0" } } = options;
  const { logLevel = "debug" } = options;
  const era = eraOf(protocolVersion);
  const extensions = era === "modern" ? { extensions: { [tasksExtension]: {} } } : {};
  const capabilities: JsonObject = { ...extensions, ...capabilitiesOf(options), ...options.capabilities };
  const running = new Map<Id, Exchange>();
  const subscriptions = new Map<string, Id>();
  const acknowledging = new Map<unknown, (honoured: JsonObject) => void>();
  const wire = connect((message) => receive(message, undefined), { protocolVersion });
  let lastId = 0;
  let started: Promise<void> | undefined;

  function receive(message: Incoming, exchange: Exchange | undefined): void {
    const { id, method, params } = message;
    if (id !== undefined) return void answer({ ...message, id }, exchange);
    if (method === "notifications/subscriptions/acknowledged") return acknowledged(params);
    if (method !== "notifications/progress") return emitter.emit(message);
    const { progressToken, ...progress } = isObject(params) ? params : {};
    const of = running.get(progressToken as Id);
    try {
      of?.onProgress?.(progress as unknown as Progress);
    } catch (error) {
      of?.fail(error);
    }
  }

  function acknowledged(params: unknown): void {
    const { notifications: honoured, _meta: meta } = isObject(params) ? params : {};
    const id = isObject(meta) ? meta["io.modelcontextprotocol/subscriptionId"] : undefined;
    acknowledging.get(id)?.(isObject(honoured) ? honoured : {});
  }

  /** Answers a request of the server, in revisions that have them. The name of the question is in its `_meta`. */
  async function answer(message: Incoming & { readonly id: Id }, exchange: Exchange | undefined): Promise<void> {
    const { id, method, params } = message;
    const { _meta: meta } = isObject(params) ? params : {};
    const key = isObject(meta) ? meta["mcpc/question"] : undefined;
    try {
      const result = await answerTo({ method, params, key: typeof key === "string" ? key : undefined }, options);
      wire.send({ jsonrpc: "2.0", id, result } as never);
    } catch (error) {
      exchange?.fail(error);
      wire.send({ jsonrpc: "2.0", id, error: { code: errorCodes.internalError, message: String(error) } } as never);
    }
  }

  /** Sends a request and returns its result. */
  function exchange(method: string, params: JsonObject, call: CallOptions = {}): Promise<JsonObject> {
    lastId += 1;
    return exchangeAs(lastId, method, params, call);
  }

  function exchangeAs(id: Id, method: string, params: JsonObject, call: CallOptions): Promise<JsonObject> {
    const { signal, onProgress, meta } = call;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        running.delete(id);
        signal?.removeEventListener("abort", abort);
      };
      const fail = (error: unknown): void => {
        if (running.get(id) !== own) return;
        settle();
        wire.cancel(id, error instanceof Error ? error.message : String(error));
        reject(error as Error);
      };
      const abort = (): void => fail(signal!.reason);
      const own: Exchange = { onProgress, fail };
      running.set(id, own);
      signal?.addEventListener("abort", abort, { once: true });
      const _meta = { ...envelope(), ...(onProgress && { progressToken: id }), ...meta };
      const message = {
        jsonrpc: "2.0",
        id,
        method,
        params: { ...params, ...(Object.keys(_meta).length > 0 && { _meta }) },
      };
      const sent = Promise.resolve().then(() => wire.request(message, (incoming) => receive(incoming, own)));
      sent.then(
        ({ result, error }) => {
          settle();
          if (error === undefined) resolve(result as JsonObject);
          else reject(protocolError(error, wire.explain));
        },
        (error: Error) => {
          settle();
          reject(error);
        },
      );
    });
  }

  function envelope(): JsonObject {
    if (era === "legacy") return {};
    return {
      [claims.protocolVersion]: protocolVersion,
      [claims.clientCapabilities]: capabilities,
      [claims.clientInfo]: clientInfo as unknown as JsonObject,
      [claims.logLevel]: logLevel,
    };
  }

  async function open(): Promise<void> {
    await wire.open();
    if (era === "modern") {
      await listen({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true });
      return;
    }
    const { protocolVersion: agreed } = await exchange("initialize", {
      protocolVersion,
      capabilities,
      clientInfo: clientInfo as unknown as JsonObject,
    });
    if (agreed !== protocolVersion)
      throw new Error(`the server answers ${protocolVersion} with ${String(agreed)}: it does not speak that revision`);
    wire.send({ jsonrpc: "2.0", method: "notifications/initialized" } as never);
    await exchange("logging/setLevel", { level: logLevel });
  }

  /** Resolves with the subscription's id and its accepted filter. */
  function listen(notifications: JsonObject): Promise<{ readonly id: Id; readonly honoured: JsonObject }> {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const message = {
        jsonrpc: "2.0",
        id,
        method: "subscriptions/listen",
        params: { notifications, _meta: envelope() },
      };
      acknowledging.set(id, (honoured) => resolve({ id, honoured }));
      const response = wire.request(message, (incoming) => receive(incoming, undefined));
      response.then(({ error }) => {
        if (error !== undefined) reject(protocolError(error, wire.explain));
      }, reject);
    });
  }

  const start = (): Promise<void> => (started ??= open());

  return {
    wire,
    era,
    start,
    async request(method, params, call = {}) {
      await start();
      let more: JsonObject = {};
      const answered = new Set<string>();
      for (let round = 0; round < maxRounds; round++) {
        call.signal?.throwIfAborted();
        const result = await exchange(method, { ...params, ...more }, call);
        if (result["resultType"] === "task") return finishTask(result, call);
        if (result["resultType"] !== "input_required") return result;
        const { requestState, inputRequests } = result;
        const inputResponses = await answersTo(inputRequests, answered);
        more = { ...(requestState !== undefined && { requestState }), inputResponses };
      }
      throw new Error(`the server has asked ${maxRounds} times and still has no result`);
    },
    async subscribe(uri) {
      await start();
      if (era === "legacy") return void (await exchange("resources/subscribe", { uri }));
      if (subscriptions.has(uri)) return;
      const { id, honoured } = await listen({ resourceSubscriptions: [uri] });
      if (honoured["resourceSubscriptions"] !== undefined) return void subscriptions.set(uri, id);
      wire.cancel(id, "not honoured");
      throw new McpError(errorCodes.methodNotFound, `${quote(uri)} cannot be subscribed to`);
    },
    async unsubscribe(uri) {
      await start();
      if (era === "legacy") return void (await exchange("resources/unsubscribe", { uri }));
      const id = subscriptions.get(uri);
      if (id !== undefined) wire.cancel(id, "unsubscribed");
      subscriptions.delete(uri);
    },
    async close() {
      for (const { fail } of [...running.values()]) fail(new Error("the client is closed"));
      await wire.close();
    },
  };

  /** Answers questions by key; `answered` are the keys of earlier answers. */
  async function answersTo(requests: unknown, answered: Set<string>): Promise<JsonObject> {
    const questions = Object.entries(isObject(requests) ? requests : {});
    const answers = questions.map(async ([key, question]) => {
      if (answered.has(key)) throw new Error(`the answer to the question ${quote(key)} does not fit it`);
      answered.add(key);
      const { method, params } = isObject(question) ? question : {};
      return [key, await answerTo({ method: String(method), params, key }, options)] as const;
    });
    return Object.fromEntries(await Promise.all(answers)) as JsonObject;
  }

  async function finishTask({ taskId }: JsonObject, call: CallOptions): Promise<JsonObject> {
    const task = { taskId: taskId! };
    const answered = new Set<string>();
    try {
      for (;;) {
        const state = await exchange("tasks/get", task, call.signal && { signal: call.signal });
        const { status, inputRequests } = state;
        if (status === "completed") return state["result"] as JsonObject;
        if (status === "failed") throw protocolError(state["error"], wire.explain);
        if (status === "cancelled") throw new Error("the task was cancelled");
        if (status === "input_required")
          await exchange("tasks/update", { ...task, inputResponses: await answersTo(inputRequests, answered) });
        await new Promise((resolve) => setTimeout(resolve, pollMs));
        call.signal?.throwIfAborted();
      }
    } catch (error) {
      if (call.signal?.aborted) void exchange("tasks/cancel", task).catch(() => {});
      throw error;
    }
  }
}

function eraOf(version: string): "legacy" | "modern" {
  if (modernRevisions.has(version)) return "modern";
  if (legacyRevisions.has(version)) return "legacy";
  const known = [...legacyRevisions.keys(), ...modernVersions].join(", ");
  throw new TypeError(`there is no protocol revision ${quote(version)}; there are ${known}`);
}
