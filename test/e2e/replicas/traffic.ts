import { createCaller, kinds, type Caller, type Kind } from "./callers.js";
import type { Cluster } from "./cluster.js";
import type { Journal } from "./journal.js";
import { createRaw } from "./raw.js";
import { crowd } from "./verdict.js";

/** Official clients by their part, with the kinds that can play it. Only legacy streams resume. */
const parts: readonly { readonly part: string; readonly share: number; readonly of: readonly Kind[] }[] = [
  { part: "subscriber", share: 0.2, of: kinds },
  { part: "bidder", share: 0.2, of: kinds },
  { part: "appraiser", share: 0.2, of: kinds.slice(0, 2) },
  { part: "settler", share: 0.15, of: kinds },
  { part: "estimator", share: 0.15, of: kinds },
  { part: "passer-by", share: 0.1, of: kinds },
];
/** Callers without an official client. */
const rawParts = { clerk: 10, replayer: 2, browser: 4, flood: 1 } as const;

export interface Plan {
  readonly clients: number;
  readonly ms: number;
  /** How many updates the subscribers wait for. */
  readonly watched: number;
  /** Milliseconds between two calls of a client. */
  readonly pauseMs: number;
  /** Requests that one caller sends as fast as it can, before and after. */
  readonly flood: number;
  /** Milliseconds after which a client gives up: much longer than any call, an outage included. */
  readonly patienceMs: number;
}

export const keyOf = (name: string): string => `key-of-${name.replace(" ", "-")}-0123456789`;

/** The names of all callers, and the kinds of those with an official client. */
export function cast({ clients }: Plan): { readonly name: string; readonly kind?: Kind }[] {
  const official = parts.flatMap(({ part, share, of }) =>
    Array.from({ length: Math.max(of.length, Math.round(clients * share)) }, (_, index) => ({
      name: `${part} ${index}`,
      kind: of[index % of.length]!,
    })),
  );
  const raw = Object.entries(rawParts).flatMap(([part, count]) =>
    Array.from({ length: count }, (_, index) => ({ name: `${part} ${index}` })),
  );
  return [...official, ...raw];
}

/** Connects all clients, and lets them call until the time is over and every call has ended. */
export async function drive(
  journal: Journal,
  { url }: Cluster,
  plan: Plan,
  disturb: () => Promise<void>,
): Promise<void> {
  const destination = { url, patienceMs: plan.patienceMs };
  const callers: Caller[] = [];
  const connecting = cast(plan).filter(({ kind }) => kind !== undefined);
  // A few at a time: it is not the start that is to be tested.
  const lane = async (): Promise<void> => {
    for (let next = connecting.shift(); next !== undefined; next = connecting.shift())
      await createCaller(journal, next.kind!, next.name, destination, keyOf(next.name)).then(
        (caller) => callers.push(caller),
        ({ message }) => journal.unconnected.push(`${next!.name}: ${message}`),
      );
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  const named = (part: string): Caller[] => callers.filter(({ name }) => name.startsWith(`${part} `));
  const raw = createRaw(journal, destination);

  const watched = Array.from({ length: plan.watched }, (_, index) => `watched-${index}`);
  const uris = watched.map((lot) => `auction://lots/${lot}`);
  for (const subscriber of named("subscriber"))
    await subscriber
      .subscribe(uris, (uri) => uri.split("/").at(-1)!)
      .catch(({ message }) => journal.unconnected.push(`${subscriber.name}: ${message}`));

  // Equal calls of many clients at once, on any replica.
  for (const lot of ["shared-1", "shared-2", "shared-3"])
    await Promise.all(named("estimator").map((estimator) => estimator.call("get_estimate", { lot })));
  await raw.burst(keyOf("flood 0"), plan.flood, 6);

  const began = journal.now();
  let restored = Infinity;
  /** On a busy machine, what disturbs the replicas takes longer than planned. */
  const isOver = (): boolean => journal.now() > Math.max(began + plan.ms, restored + plan.ms / 4);
  const pause = (): Promise<void> => sleep(plan.pauseMs * (0.5 + Math.random()));
  const repeat = async (each: () => Promise<unknown>): Promise<void> => {
    while (!isOver()) {
      await each();
      await pause();
    }
  };
  /** The watched lots are spread over the whole time, with some for the end; each is bid on once. */
  const nextLot = (): string => {
    const most = restored === Infinity ? 0.75 : 1;
    const due = watched.length * Math.min(most, (journal.now() - began) / plan.ms);
    const sold = watched.length - unsold.length;
    return sold < due ? (unsold.shift() ?? crowd) : crowd;
  };
  const unsold = [...watched];
  const dollars = new Map<string, number>();

  await Promise.all([
    disturb().then(() => (restored = journal.now())),
    ...named("bidder").map((bidder) => repeat(() => bidder.call("bid", { lot: nextLot() }))),
    ...named("appraiser").map((appraiser) =>
      repeat(() => appraiser.call("appraise", { pieces: 5 + Math.floor(Math.random() * 20), msPerPiece: 60 })),
    ),
    ...named("settler").map((settler) => repeat(() => settler.call("settle", { lot: "lamp", ms: 100 }))),
    ...named("estimator").map((estimator, index) => {
      const own = `estimated-${index % 4}`;
      return repeat(async () => {
        if (index >= 4) return estimator.call("get_estimate", { lot: own });
        const next = (dollars.get(own) ?? 0) + 1;
        dollars.set(own, next);
        return estimator.call("set_estimate", { lot: own, dollars: next });
      });
    }),
    ...named("passer-by").map((passer) => repeat(() => passer.call("which_replica", {}))),
    ...Array.from({ length: rawParts.clerk }, (_, index) => `clerk ${index}`).map((name) =>
      repeat(() => raw.task(name, keyOf(name), 200 + Math.floor(Math.random() * 3000))),
    ),
    ...Array.from({ length: rawParts.replayer }, (_, index) => `replayer ${index}`).map((name) =>
      repeat(() => raw.replay(name, keyOf(name))),
    ),
    ...Array.from({ length: rawParts.browser }, (_, index) => `browser ${index}`).map((name) =>
      repeat(() => raw.run(name, keyOf(name), 20)),
    ),
  ]);
  journal.chaos.ended = journal.now();
  await raw.burst(keyOf("flood 0"), plan.flood, 6);
  await raw.readAgain();
  // What was acknowledged last may still be on its way.
  const last = journal.calls.filter(
    ({ tool, outcome, lot }) => tool === "bid" && lot !== crowd && outcome === "answered",
  );
  for (let waited = 0; waited < plan.patienceMs && !hasAll(journal, last.length); waited += 100) await sleep(100);
  await Promise.all(callers.map((caller) => caller.close()));
}

/** Whether every subscriber whose streams resume has heard of so many updates. */
function hasAll({ subscriptions, updates }: Journal, count: number): boolean {
  return subscriptions
    .filter(({ resumes }) => resumes)
    .every(
      ({ client }) => new Set(updates.filter((update) => update.client === client).map(({ lot }) => lot)).size >= count,
    );
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
