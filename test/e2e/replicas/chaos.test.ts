import { describe, expect, test } from "vitest";
import { serverOf } from "../clients.js";
import { hasRedis } from "../redis.js";
import { startCluster, type Options } from "./cluster.js";
import { buildVariant } from "./variant.js";
import { createJournal, type Journal } from "./journal.js";
import { cast, drive, keyOf, type Plan } from "./traffic.js";
import { brokenPromises, missingTraffic, report } from "./verdict.js";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Drives the clients, kills a replica after a third of the time and Redis after two, and cuts streams all the time. */
async function chaos(plan: Plan, options: Partial<Options> = {}): Promise<Journal> {
  const keys = cast(plan).map(({ name }) => keyOf(name));
  const cluster = await startCluster({ bundle: serverOf("replicas"), count: 3, keys, ...options });
  const journal = createJournal();
  const { chaos } = journal;
  const cutting = setInterval(() => cluster.balancer.cut(2), 500);
  try {
    await drive(journal, cluster, plan, async () => {
      await sleep(plan.ms / 3);
      const at = journal.now();
      const replica = await cluster.killReplica();
      chaos.killed = { replica, at, gone: journal.now() };
      await sleep(plan.ms / 20);
      await cluster.addReplica();
      await sleep(plan.ms / 4);
      chaos.away = { from: journal.now(), until: Infinity };
      await cluster.redis.kill();
      await sleep(plan.ms / 12);
      await cluster.redis.restart();
      await cluster.reachesRedis();
      chaos.away.until = journal.now();
    });
  } finally {
    clearInterval(cutting);
    if (process.env["MCPC_CHAOS_LOGS"]) console.log(cluster.logs());
    await cluster.stop();
  }
  return journal;
}

const number = (variable: string, otherwise: number): number => Number(process.env[variable] ?? otherwise);
/** `MCPC_CHAOS_CLIENTS` and `MCPC_CHAOS_MS` make it shorter, or longer. */
const full: Plan = {
  clients: number("MCPC_CHAOS_CLIENTS", 200),
  ms: number("MCPC_CHAOS_MS", 60_000),
  watched: 60,
  pauseMs: 2000,
  flood: 450,
  patienceMs: 120_000,
};

/** What the clients saw, as numbers. */
function figures({ calls, updates, tasks, runs, replays, bursts }: Journal): Record<string, unknown> {
  const count = (outcome: string): number => calls.filter((call) => call.outcome === outcome).length;
  return {
    calls: calls.length,
    ...Object.fromEntries(["answered", "refused", "broken", "hung"].map((outcome) => [outcome, count(outcome)])),
    resumed: calls.filter(({ replicas, tool }) => tool === "appraise" && replicas.length > 1).length,
    updates: updates.length,
    tasks: tasks.length,
    runs: runs.length,
    replays: replays.length,
    admitted: bursts.map(({ admitted }) => admitted),
  };
}

describe.skipIf(!hasRedis)("three replicas behind a round-robin balancer, one killed, then Redis for a while", () => {
  test("replicas that share nothing break their promises", async () => {
    const plan = { clients: 18, ms: 6000, watched: 10, pauseMs: 500, flood: 100, patienceMs: 3000 };
    const bundle = buildVariant((runtime) => delete runtime.store);
    const journal = await chaos(plan, { bundle, sharesKeys: false });
    const broken = brokenPromises(journal).map(({ promise }) => promise);
    // Which others are found depends on how much traffic there is time for.
    expect(broken).toContain("a session goes on");
    expect(broken.length).toBeGreaterThan(2);
  });

  test("no promise is broken", { timeout: 600_000 }, async () => {
    const journal = await chaos(full);
    console.log(JSON.stringify([figures(journal), journal.chaos]));
    expect(report(brokenPromises(journal))).toBe("");
    expect(missingTraffic(journal)).toEqual([]);
  });
});
