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
  const unshared: Rows = [
    [http.sse !== undefined, "the transport sse"],
    [hasSessions && hooks?.onSession !== undefined, "the hook onSession"],
  ];
  const stored: Rows = [
    [hasTasks(surface), "tasks"],
    [watched !== undefined, `subscriptions to ${JSON.stringify(watched?.uri)}`],
    [http.toolEvents === true, "the transport toolEvents"],
    [hasSessions && asking !== undefined, `questions of ${JSON.stringify(asking?.name)} to clients with sessions`],
  ];
  const shared = namesOf(store === undefined ? [...stored, ...unshared] : unshared);
  if (shared === "") return undefined;
  const remedy = namesOf(unshared) === "" ? ', or declare "runtime.store"' : "";
  return `${source}: workers share no memory, but this server needs one memory for ${shared}; start it as one process${remedy}`;
}

const undeclared =
  'handlers may use sample, roots or an upstream\'s question: in a session, another worker may get the answer and refuse it; declare "runtime.store", or "sessions": false';

/** Returns warnings about features that several workers share incompletely, with several workers. */
export function workerWarnings({ options, store }: Server, http: HttpOptions, count: number): readonly string[] {
  if (count === 1) return [];
  const isAlone = store === undefined;
  const shareable = namesOf([
    [isAlone && options.cache !== undefined, "cached results"],
    [isAlone && options.admit !== undefined, "rate limits"],
  ]);
  const separate: Rows = [
    [shareable !== "", `${shareable}; "runtime.store" shares them`],
    [options.limit !== undefined, "limits of concurrency; divide them by the workers"],
    [!globalThis.mcpcWithoutMetrics && options.metrics !== undefined, "metrics; scrape all of them"],
  ];
  const warnings = separate.flatMap(([isPresent, what]) =>
    isPresent ? [`each of the ${count} workers has its own ${what}`] : [],
  );
  return !globalThis.mcpcWithoutAsking && isAlone && http.sessions !== false ? [...warnings, undeclared] : warnings;
}

function namesOf(rows: Rows): string {
  const names = rows.flatMap(([isPresent, name]) => (isPresent ? [name] : []));
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}
