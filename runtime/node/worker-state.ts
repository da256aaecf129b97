import type { Server } from "../protocol/exchange.js";
import { hasTasks } from "../protocol/tasks.js";
import type { HttpOptions } from "../transports/http/endpoint.js";

type Rows = readonly (readonly [isPresent: boolean, name: string])[];

/** Returns why a server cannot have several workers, and the remedy; `undefined` if it can. */
export function workersProblem(server: Server, http: HttpOptions, source: string): string | undefined {
  const { surface, hooks, store } = server;
  const { tools, prompts, resources } = surface;
  const hasSessions = http.sessions !== false;
  const asking = [...tools, ...prompts].find(({ elicitations }) => (elicitations?.size ?? 0) > 0);
  const watched = resources.find(({ subscribe }) => subscribe === true);
  // Requests of one client reach several workers, and only one of them has the state of an earlier request.
  const shared = namesOf([
    [store === undefined && hasTasks(surface), "tasks"],
    [store === undefined && watched !== undefined, `subscriptions to ${JSON.stringify(watched?.uri)}`],
    [http.sse !== undefined, "the transport sse"],
    [store === undefined && http.toolEvents === true, "the transport toolEvents"],
    [
      store === undefined && hasSessions && asking !== undefined,
      `questions of ${JSON.stringify(asking?.name)} to clients with sessions`,
    ],
    [hasSessions && hooks?.onSession !== undefined, "the hook onSession"],
  ]);
  if (shared === "") return undefined;
  return `${source}: workers share no memory, but this server needs one memory for ${shared}; start it as one process`;
}

const undeclared =
  'handlers may use sample, roots or an upstream\'s question: in a session, another worker may get the answer and refuse it; declare "runtime.store", or "sessions": false';

/** Returns warnings about features that several workers share incompletely, with several workers. */
export function workerWarnings({ options, store }: Server, http: HttpOptions, count: number): readonly string[] {
  const separate = namesOf([
    [store === undefined && options.cache !== undefined, "cached results"],
    [store === undefined && options.admit !== undefined, "rate limits"],
    [options.limit !== undefined, "limits of concurrency"],
    [!globalThis.mcpcWithoutMetrics && options.metrics !== undefined, "metrics"],
  ]);
  const warnings = separate === "" ? [] : [`each of the ${count} workers has its own ${separate}`];
  if (!globalThis.mcpcWithoutAsking && store === undefined && http.sessions !== false) warnings.push(undeclared);
  return count === 1 ? [] : warnings;
}

function namesOf(rows: Rows): string {
  const names = rows.flatMap(([isPresent, name]) => (isPresent ? [name] : []));
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}
