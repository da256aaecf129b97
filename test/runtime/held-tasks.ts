import type { Redis } from "../e2e/redis.js";
import { converse, type Conversation } from "./conversation.js";
import { startReplica, until, type Replica } from "./replicas.js";

export const capabilities = { elicitation: {}, extensions: { "io.modelcontextprotocol/tasks": {} } };
const elicitations = new Map([["name", { message: "?", requestedSchema: { type: "object", properties: {} } }]]);

/** A replica with a tool whose changes and end the test decides, and a client of it. */
export interface Held extends Replica {
  readonly ends: ((value: unknown) => void)[];
  readonly signals: AbortSignal[];
  readonly client: Conversation;
}

export async function held(redis: Redis, limits: object = {}, remote = "10.0.0.1", options = {}): Promise<Held> {
  const ends: ((value: unknown) => void)[] = [];
  const signals: AbortSignal[] = [];
  const handler = async ({ ask, defer }: any, { elicit, notify, signal, beginTask }: any) => {
    signals.push(signal);
    if (defer) beginTask();
    const answer = ask ? await elicit.name() : undefined;
    let value: unknown;
    while (Array.isArray((value = await new Promise((resolve) => ends.push(resolve)))))
      for (const uri of value) notify.resourceUpdated(uri);
    if (value instanceof Error) throw value;
    return answer === undefined ? value : `${value} ${JSON.stringify(answer)}`;
  };
  const more = { surface: { task: "optional" as const, elicitations } };
  // A busy machine answers late.
  const replica = await startReplica(redis.url, { commandTimeoutMs: 10_000, ...options }, more, {
    t: handler as never,
  });
  Object.assign(replica.server.surface, limits);
  replica.store.tasks!.start(replica.server);
  const client = await converse(replica.server, "2026-07-28", capabilities, { remote });
  return { ...replica, ends, signals, client };
}

export const begin = async ({ client }: Held, input: object = {}): Promise<any> =>
  (await client.request("tools/call", { name: "t", arguments: input })).result;
export const get = async ({ client }: Held, taskId: string): Promise<any> => {
  const { result, error } = await client.request("tasks/get", { taskId });
  const { resultType: _type, _meta, ...state } = result ?? {};
  return error ?? state;
};
export const getsStatus = (replica: Held, taskId: string, status: string): Promise<void> =>
  until(async () => (await get(replica, taskId)).status === status, `the status ${status}`);
