import { afterAll, beforeAll, beforeEach, onTestFinished } from "vitest";
import { createRate } from "../../runtime/limits/rate.js";
import { start, stop } from "../../runtime/protocol/application.js";
import type { AnyToolHandler } from "../../runtime/protocol/surface.js";
import { createRedisStore, type RedisOptions } from "../../runtime/store/redis/store.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { startRedis, type Redis, type RedisSetup } from "../e2e/redis.js";
import { events, type ServerSentEvent } from "../e2e/events.js";
import { serving } from "./many-callers.js";
import { serverWith } from "./surface.js";

/** Calls of the tool `held`, by the name that they were given. */
export interface HeldCall {
  readonly progress: (step: number) => void;
  readonly end: (text: string) => void;
  readonly signal: AbortSignal;
}

/** A Redis, or nodes of a cluster, and what servers declare with it. */
type StoreEntrance = Pick<Redis, "url"> & Pick<RedisOptions, "cluster" | "rate">;

/** A server of several that share a Redis, in this process, whose callers name themselves in a header. */
export async function startServing(
  redis: StoreEntrance,
  prefix: string,
  name: string,
  options: Partial<HttpOptions> = {},
) {
  const calls = new Map<string, HeldCall>();
  const tools: Record<string, AnyToolHandler> = {
    held: ((input: { call?: string }, { progress, signal }: any) =>
      new Promise((resolve) => {
        calls.set(input.call ?? "", { progress, end: resolve, signal });
        progress(1);
      })) as never,
    plain: () => name,
    client: ((_input: unknown, { client }: any) => JSON.stringify(client)) as never,
    touch: ((input: { uri: string }, { notify }: any) => {
      notify.resourceUpdated(input.uri);
      return name;
    }) as never,
    reload: ((_input: unknown, { notify }: any) => {
      notify.toolsChanged();
      return name;
    }) as never,
    ask: (async (_input: unknown, { sample }: any) => {
      const { content } = await sample({ messages: [], maxTokens: 1 });
      return content.text;
    }) as never,
    log: ((_input: unknown, { log }: any) => {
      log.debug("seen");
      return name;
    }) as never,
  };
  const { cluster = false, rate } = redis;
  const store = createRedisStore({
    url: { env: "URL" },
    prefix,
    commandTimeoutMs: 5000,
    cluster,
    ...(rate && { rate }),
  });
  const resources = { "made://a": () => "a", "made://b": () => "b" };
  const served = serving(
    serverWith(tools, { resources, surface: { readOnly: true } }),
    options,
    {},
    {
      ...{ store, ...(rate && { admit: createRate(rate) }) },
    },
  );
  await start(served.server, { env: { URL: redis.url } });
  let stopping: Promise<void> | undefined;
  const end = (): Promise<void> => (stopping ??= stop(served.server));
  onTestFinished(end);
  /** Stops without a farewell, as a killed process does. */
  const die = (): void => store.context.connection.stop();
  const get = (caller: string, session: Record<string, string>, lastEventId?: string, signal?: AbortSignal) =>
    served.ask(caller, {
      method: "GET",
      headers: { ...session, ...(lastEventId !== undefined && { "last-event-id": lastEventId }) },
      ...(signal && { signal }),
    });
  return { ...served, name, store, calls, die, get, stop: end };
}

export type Serving = Awaited<ReturnType<typeof startServing>>;

/** A Redis for the tests of a block, of which each has a prefix of its own. */
export function sharedRedis(setup: RedisSetup = {}) {
  let redis: Redis;
  let tests = 0;
  beforeAll(async () => {
    redis = await startRedis(setup);
  });
  afterAll(() => redis.stop());
  beforeEach(() => void (tests += 1));
  const shared = {
    get redis() {
      return redis;
    },
    get prefix() {
      return `test ${tests}:`;
    },
    /** Returns the keys of the records of sessions. */
    async sessionKeys(): Promise<string[]> {
      const keys = (await redis.ask("KEYS", `${shared.prefix}{sessions}:*`)) as string[];
      return keys.filter((key) => /}:[\da-f]{32}$/.test(key));
    },
    /** Starts servers with these names. */
    replicas: (...names: string[]): Promise<Serving[]> =>
      Promise.all(names.map((name) => startServing(redis, shared.prefix, name))),
  };
  return shared;
}

/** A call that reports progress. */
export const callOf = (name: string, input: object = {}, id: unknown = "call") => ({
  ...{ id, method: "tools/call" },
  params: { name, arguments: input, _meta: { progressToken: 1 } },
});

/** An open event stream. */
export interface Opened {
  readonly next: () => Promise<ServerSentEvent | undefined>;
  hangUp(): void;
}

/** Sends a request, and reads the event stream that answers it. */
export async function opened(send: (signal: AbortSignal) => Promise<Response>): Promise<Opened> {
  const stop = new AbortController();
  const response = await send(stop.signal);
  return { next: events(response), hangUp: () => stop.abort() };
}

/** Reads a stream to its end. */
export async function rest({ next }: Opened): Promise<ServerSentEvent[]> {
  const seen: ServerSentEvent[] = [];
  for (let event = await next(); event !== undefined; event = await next()) seen.push(event);
  return seen;
}

/** The text of a tool's answer. */
export async function textOf(response: Response): Promise<string> {
  return ((await response.json()) as any).result.content[0].text;
}
