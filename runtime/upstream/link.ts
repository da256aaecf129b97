import { UnavailableError } from "../protocol/errors.js";
import type { Call, Server } from "../protocol/exchange.js";
import { environment } from "../protocol/environment.js";
import { isObject, type Id } from "../protocol/json-rpc.js";
import { deliverChange } from "../protocol/changes.js";
import { loggingLevels, type JsonObject, type LoggingLevel } from "../protocol/types.js";
import { refuse, type UpstreamCall } from "./call.js";
import { converse, type UpstreamConversation, type Era, type UpstreamListener } from "./conversation.js";
import { driftOf, type Entries, type UpstreamList } from "./drift.js";
import { WireError, type ResolvedTransport, type UpstreamTransport } from "./wire.js";

/** Delays between attempts after several failures. */
const firstDelayMs = 500;
const maxDelayMs = 30_000;
/** The maximum number of resources that an upstream is asked to watch. */
const maxWatched = 1024;
/** The maximum number of reports on changed lists of one connection. */
const maxReports = 20;

/** The connection of a server with an upstream: opened at the first use, shared by all calls, opened anew when it fails. */
export interface Link {
  readonly name: string;
  /** Resolves the definition. Returns its problems. */
  start(server: Server, environment: Readonly<Record<string, string | undefined>>): string[];
  /** Closes the connection when no server uses it. */
  stop(server: Server): Promise<void>;
  /** Runs an exchange for a call. A lost session is replaced once. */
  exchange<T>(call: UpstreamCall, run: (conversation: UpstreamConversation) => Promise<T>): Promise<T>;
  /** Runs an exchange that cannot ask the client. */
  request(call: Call, method: string, params: JsonObject, signal: AbortSignal): Promise<JsonObject>;
  /** Asks for updates of a resource. */
  watch(call: Call, uri: string): void;
}

/**
 * Returns what an upstream with sessions can ask. If several clients share the connection, they are asked what belongs to
 * a call; roots belong to the connection.
 */
function capabilitiesFor(call: Call): JsonObject {
  return call.isSolo ? askable(call) : { elicitation: { form: {}, url: {} }, sampling: { tools: {}, context: {} } };
}

/** Returns the capabilities of a call's client that let an upstream ask it. */
export function askable({ peer, ask }: Call): JsonObject {
  if (peer.view.revision.era === "legacy" && ask === undefined) return {};
  const { elicitation, sampling, roots } = peer.capabilities;
  return {
    ...(isObject(elicitation) && { elicitation }),
    ...(isObject(sampling) && { sampling }),
    ...(isObject(roots) && { roots: {} }),
  };
}

/** Creates a link. `entries` are those that the manifest has of the upstream. */
export function createLink(name: string, transport: UpstreamTransport, entries: Entries): Link {
  /** Servers by the set that all versions and profiles of one share. */
  const servers = new Map<Server["subscribers"], Server>();
  const active = new Set<UpstreamCall>();
  const watched = new Set<string>();
  const what = `the upstream ${JSON.stringify(name)}`;
  let resolved: ResolvedTransport | undefined;
  let connecting: Promise<UpstreamConversation> | undefined;
  let era: Era | undefined;
  let failures = 0;
  let retryAt = 0;
  let lastReason = "";

  const log: UpstreamListener["log"] = (level, message, details) => {
    for (const { logger } of servers.values()) return logger(level, `${what}: ${message}`, details);
  };

  function resolve(env: Readonly<Record<string, string | undefined>>, problems: string[]): ResolvedTransport {
    resolved = transport.resolve(env, problems);
    for (const { secrets } of servers.values())
      for (const secret of resolved.secrets) if (secret !== "") secrets.add(secret);
    return resolved;
  }

  function connect(call: Call): Promise<UpstreamConversation> {
    if (connecting !== undefined) return connecting;
    const wait = retryAt - performance.now();
    if (wait > 0) {
      const message = `${what} failed: ${lastReason}; the next attempt is in ${Math.ceil(wait / 1000)} s`;
      return Promise.reject(new UnavailableError(503, message, wait));
    }
    const conversation = open(call);
    connecting = conversation;
    conversation.then(
      (opened) => {
        era = opened.era;
        if (connecting === conversation) void watchAll(opened).catch(watchFailed);
      },
      (error: unknown) => {
        era = undefined;
        fail(conversation, String((error as Error).message), (error as { lastLines?: string }).lastLines);
      },
    );
    return conversation;
  }

  function open(call: Call): Promise<UpstreamConversation> {
    const problems: string[] = [];
    const { open } = resolved ?? resolve(environment(), problems);
    if (problems.length > 0) return Promise.reject(new WireError(problems.join("; ")));
    const { name, version } = call.peer.view.server.surface.server;
    const opened: Promise<UpstreamConversation> = converse(
      open,
      listener(() => opened),
      { name, version, capabilities: capabilitiesFor(call) },
      era,
    );
    return opened;
  }

  /** Forgets a conversation that has failed. The next use opens another one, after a delay if failures repeat. */
  function fail(conversation: Promise<UpstreamConversation>, reason: string, lastLines = ""): void {
    if (connecting !== conversation) return;
    connecting = undefined;
    failures++;
    lastReason = reason;
    const delay = failures === 1 ? 0 : Math.min(firstDelayMs * 2 ** Math.min(failures - 2, 10), maxDelayMs);
    retryAt = performance.now() + delay;
    for (const { logger } of servers.values()) {
      logger("error", `${what} failed: ${reason}`, lastLines === "" ? {} : { lastLines });
      break;
    }
    if (watched.size > 0 && lastCall !== undefined) reconnectLater(lastCall, delay);
  }

  /** Subscriptions need a connection even if there is no call. */
  let lastCall: Call | undefined;
  function reconnectLater(call: Call, delay: number): void {
    const timer = setTimeout(
      () => {
        if (servers.size > 0) connect(call).catch(() => {});
      },
      Math.max(delay, firstDelayMs),
    );
    (timer as { unref?: () => void }).unref?.();
  }

  function listener(conversation: () => Promise<UpstreamConversation>): UpstreamListener {
    const questions = new Map<Id, { reply: unknown }>();
    const reported = new Set<string>();
    return {
      log,
      end: (reason, lastLines) => fail(conversation(), reason, lastLines),
      ask(question, owner) {
        const call = (owner as UpstreamCall | undefined) ?? soleCall();
        if (call === undefined) {
          log("warning", `asks a question (${question.method}) that belongs to no call, or to one of several`);
          return refuse(question, "no call is running that this question can belong to");
        }
        questions.set(
          question.id,
          call.ask(question.method, question.params, (answer) => {
            questions.delete(question.id);
            question.reply(answer);
          }),
        );
      },
      withdraw(id) {
        const question = questions.get(id);
        if (question !== undefined) question.reply = undefined;
        questions.delete(id);
      },
      notify(method, params, owner) {
        const list = /^notifications\/(tools|prompts|resources)\/list_changed$/.exec(method)?.[1];
        if (method === "notifications/resources/updated") updated(params["uri"]);
        else if (list !== undefined) void reportDrift(conversation, list as UpstreamList, reported);
        else if (method === "notifications/message") {
          const call = (owner as UpstreamCall | undefined) ?? soleCall();
          if (call !== undefined) call.log(params);
          else log("debug", "logs", params);
        } else if (method === "notifications/elicitation/complete") {
          ((owner as UpstreamCall | undefined) ?? soleCall())?.notify(method, params);
        }
      },
    };
  }

  /** Logs how the lists of the upstream differ from the manifest, which is what clients see. */
  async function reportDrift(
    conversation: () => Promise<UpstreamConversation>,
    list: UpstreamList,
    reported: Set<string>,
  ): Promise<void> {
    try {
      const drift = await driftOf(await conversation(), list, entries);
      if (drift === undefined || reported.has(drift) || reported.size >= maxReports) return;
      reported.add(drift);
      log("notice", drift);
    } catch (error) {
      log("debug", `does not list its ${list}`, { error: String(error) });
    }
  }

  /** Returns the call that a message without a request must belong to; undefined if several clients have calls. */
  function soleCall(): UpstreamCall | undefined {
    const [first, ...others] = [...active].reverse();
    return others.every((other) => isSameClient(first!.call, other.call)) ? first : undefined;
  }

  function updated(uri: unknown): void {
    if (typeof uri === "string")
      for (const server of servers.values()) deliverChange(server, { kind: "resource", uri });
  }

  // — Subscriptions

  let listening: AbortController | undefined;

  /** Asks for updates of all watched resources. */
  async function watchAll(conversation: UpstreamConversation): Promise<void> {
    if (conversation.era === "modern") return listen(conversation);
    for (const uri of watched) await conversation.request("resources/subscribe", { uri });
  }

  function listen(conversation: UpstreamConversation): void {
    const before = listening;
    const own = new AbortController();
    listening = own;
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...(watched.size > 0 && { resourceSubscriptions: [...watched] }),
    };
    conversation.request("subscriptions/listen", { notifications }, { signal: own.signal }).catch((error: unknown) => {
      if (!own.signal.aborted) watchFailed(error);
    });
    before?.abort(new Error("replaced"));
  }

  function watchFailed(error: unknown): void {
    log("debug", "does not accept a subscription", { error: String(error) });
  }

  function use(call: Call): void {
    const { server } = call.peer.view;
    servers.set(server.subscribers, server);
    lastCall = call;
  }

  const link: Link = {
    name,
    start(server, env) {
      const problems: string[] = [];
      servers.set(server.subscribers, server);
      resolve(env, problems);
      return problems;
    },
    async stop(server) {
      servers.delete(server.subscribers);
      const closing = connecting;
      if (servers.size > 0 || closing === undefined) return;
      connecting = undefined;
      await closing.then(
        (conversation) => conversation.close(),
        () => {},
      );
    },
    async exchange(call, run) {
      use(call.call);
      active.add(call);
      try {
        for (let attempt = 0; ; attempt++) {
          const connected = connect(call.call);
          try {
            const conversation = await abortable(connected, call.signal);
            await setLevel(conversation, call.call);
            const result = await run(conversation);
            failures = 0;
            return result;
          } catch (error) {
            if (!(error instanceof WireError)) throw error;
            if (error.isSessionLost && connecting === connected) {
              connecting = undefined;
              if (attempt === 0) continue;
            }
            throw unavailable(error, call.call.isSolo);
          }
        }
      } finally {
        active.delete(call);
      }
    },
    async request(call, method, params, signal) {
      use(call);
      const conversation = await abortable(connect(call), signal);
      try {
        return await conversation.request(method, params, { signal });
      } catch (error) {
        throw error instanceof WireError ? unavailable(error, call.isSolo) : error;
      }
    },
    watch(call, uri) {
      if (watched.has(uri)) return;
      const [oldest] = watched;
      if (watched.size >= maxWatched && oldest !== undefined) watched.delete(oldest);
      const isFirst = connecting === undefined;
      watched.add(uri);
      use(call);
      connect(call)
        // A new connection watches all resources.
        .then((conversation) => {
          if (isFirst) return;
          if (conversation.era === "modern") listen(conversation);
          else return conversation.request("resources/subscribe", { uri });
        })
        .catch(watchFailed);
    },
  };

  function unavailable(error: WireError, isSolo: boolean): UnavailableError {
    const { message, lastLines } = error;
    const said =
      lastLines === "" ? "" : isSolo ? `. Its last lines:\n${lastLines}` : ". The server's log has its last lines";
    return new UnavailableError(503, `${what} failed: ${message}. The next call tries it again${said}`, 1000);
  }

  /** The least severe level that an upstream with sessions sends. */
  let level: { readonly conversation: UpstreamConversation; readonly level: LoggingLevel } | undefined;

  async function setLevel(conversation: UpstreamConversation, { peer: { logLevel: wanted } }: Call): Promise<void> {
    if (conversation.era === "modern" || wanted === undefined || conversation.capabilities["logging"] === undefined)
      return;
    const present = level?.conversation === conversation ? level.level : undefined;
    if (present !== undefined && loggingLevels.indexOf(present) <= loggingLevels.indexOf(wanted)) return;
    level = { conversation, level: wanted };
    await conversation.request("logging/setLevel", { level: wanted }).catch((error: unknown) => {
      if (error instanceof WireError) throw error;
      log("debug", "does not accept a log level", { error: String(error) });
    });
  }

  return link;
}

/** Returns whether two calls are of one client, which may see what belongs to either. */
function isSameClient(one: Call, other: Call): boolean {
  const principal = one.auth?.principal;
  return (
    one.peer === other.peer ||
    (one.isSolo && other.isSolo) ||
    (principal !== undefined && principal === other.auth?.principal)
  );
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
