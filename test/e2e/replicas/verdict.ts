import type { Call, Chaos, Journal } from "./journal.js";

/** A promise of replicas that share a store, and the evidence of each time it was broken. */
export interface Finding {
  readonly promise: string;
  readonly evidence: readonly string[];
}

/** The rate that the fixture declares. */
export const rate = { perMinute: 1200, burst: 100 };

/** Milliseconds after which replicas agree: an announcement travels, a connection to Redis comes back. */
const settleMs = 3000;
/** Requests of a burst that may be under way at its end. */
const inFlight = 8;

const promises: Readonly<Record<string, (journal: Journal) => string[]>> = {
  "an answer is not taken back": ({ calls }) => {
    const bids = calls.filter(({ tool, lot, outcome }) => tool === "bid" && lot === crowd && outcome === "answered");
    const byEnd = bids.toSorted((one, other) => one.ended - other.ended);
    const found: string[] = [];
    let [highest, next] = [{ value: { bids: 0 } } as Call, 0];
    for (const call of bids.toSorted((one, other) => one.began - other.began)) {
      for (; next < byEnd.length && byEnd[next]!.ended < call.began; next += 1)
        if (byEnd[next]!.value.bids > highest.value.bids) highest = byEnd[next]!;
      if (call.value.bids <= highest.value.bids)
        found.push(`${told(call)}: bid ${call.value.bids}, after bid ${highest.value.bids} of ${told(highest)}`);
    }
    return found;
  },

  "a session goes on": ({ unconnected, calls, subscriptions }) => [
    ...unconnected,
    ...calls.filter(({ era, status }) => era === "legacy" && status === 404).map((call) => `${told(call)}: unknown`),
    ...subscriptions.flatMap(({ client, problem }) => (problem === undefined ? [] : [`${client}: ${problem}`])),
  ],

  "an acknowledged update reaches each subscription that stays open": (journal) => missedUpdates(journal, false),

  "an acknowledged update reaches each session, whose stream resumes": (journal) => missedUpdates(journal, true),

  "no update is told twice": ({ updates }) => {
    const counts = grouped(updates, ({ client, stream, lot }) => `${client}, stream ${stream}: ${lot}`);
    return [...counts].flatMap(([key, all]) =>
      all.length === 1 ? [] : [`${key} at ${all.map(({ at }) => seconds(at)).join(", ")}`],
    );
  },

  "no update is invented": ({ updates, calls }) => {
    const bids = new Map(calls.filter(isWatched).map((call) => [call.lot, call]));
    return updates.flatMap(({ client, lot, at }) => {
      const bid = bids.get(lot);
      return bid !== undefined && bid.began <= at ? [] : [`${client} was told of ${lot} at ${seconds(at)}`];
    });
  },

  "every call ends": ({ calls, chaos }) =>
    calls
      .filter((call) => call.outcome === "hung" && !isOfDead(call, chaos))
      .map((call) => `${told(call)} on ${call.replicas.join(", ")}: ${call.message}`),

  "only what the killed replica ran is lost": ({ calls, chaos }) =>
    calls
      .filter(
        (call) =>
          ["broken", "refused"].includes(call.outcome) &&
          call.status !== 404 &&
          !isOfDead(call, chaos) &&
          !isDuringOutage(call, chaos),
      )
      .map((call) => `${told(call)} on ${call.replicas.join(", ")}: ${call.outcome}, ${call.status} ${call.message}`),

  "what needs no Redis goes on without it": ({ calls, chaos }) =>
    calls
      .filter((call) => call.tool === "which_replica" && call.era === "modern" && isDuringOutage(call, chaos))
      .filter((call) => call.outcome !== "answered" && !isOfDead(call, chaos))
      .map((call) => `${told(call)}: ${call.status} ${call.message}`),

  "progress is in order, and none comes twice": ({ calls }) =>
    calls
      .filter(({ progress }) => progress.some((step, index) => index > 0 && step <= progress[index - 1]!))
      .map((call) => `${told(call)}: ${call.progress.join(" ")}`),

  "a stream resumes without a gap": ({ calls }) =>
    calls
      .filter(({ tool, outcome, value }) => tool === "appraise" && outcome === "answered" && value.appraised > 0)
      .filter(({ progress, value }) => progress.length !== value.appraised)
      .map((call) => `${told(call)}: progress ${call.progress.join(" ")} of ${call.value.appraised}`),

  "a task goes on": ({ tasks, chaos }) =>
    tasks.flatMap((task) => {
      const name = `${task.client}, task ${task.id} of replica ${task.owner}, from ${seconds(task.created)}`;
      const isOrphan = task.owner === chaos.killed?.replica && task.created < chaos.killed.gone;
      const result = task.result === undefined ? undefined : JSON.parse(task.result).structuredContent;
      return [
        ...task.problems,
        ...(task.ended === undefined ? [`is still ${task.status}`] : []),
        ...(task.status === "failed" && !isOrphan ? [`failed: ${task.message}`] : []),
        ...(task.status === "completed" && result?.isPaid !== task.isPaid
          ? [`was answered ${task.isPaid}, and completed with ${task.result}`]
          : []),
      ].map((problem) => `${name}: ${problem}`);
    }),

  "the rate counts once for all": ({ bursts, chaos }) =>
    bursts
      .filter((burst) => !isDuringOutage(burst, chaos))
      .flatMap(({ began, ended, admitted, refused }) => {
        const most = rate.burst + ((ended - began) * rate.perMinute) / 60_000 + inFlight;
        const text = `${admitted} admitted, ${refused} refused from ${seconds(began)} to ${seconds(ended)}`;
        return admitted > most ? [`${text}: at most ${Math.floor(most)}`] : [];
      }),

  "equal calls share one run": ({ calls }) => {
    const first = calls.filter(
      ({ tool, lot, outcome }) => tool === "get_estimate" && lot?.startsWith("shared-") && outcome === "answered",
    );
    return [...grouped(first, ({ lot }) => lot)].flatMap(([lot, all]) => {
      const lookups = new Set(all.map(({ value }) => value.lookup));
      return lookups.size === 1 ? [] : [`${lot}: look-ups ${[...lookups].join(", ")} for ${all.length} calls`];
    });
  },

  "a result is not older than an acknowledged change": ({ calls, chaos }) => {
    const changes = calls.filter(({ tool, outcome }) => tool === "set_estimate" && outcome === "answered");
    return calls
      .filter((call) => call.tool === "get_estimate" && call.outcome === "answered" && !isDuringOutage(call, chaos))
      .flatMap((call) => {
        const before = changes.filter(({ lot, ended }) => lot === call.lot && ended + settleMs < call.began);
        const newest = Math.max(0, ...before.map(({ value }) => value.dollars));
        return call.value.dollars >= newest ? [] : [`${told(call)}: ${call.value.dollars}, after ${newest}`];
      });
  },

  "a request state is used once": ({ replays }) =>
    replays
      .filter(({ isRefused }) => !isRefused)
      .map(({ client, at }) => `${client} continued a finished call at ${seconds(at)}`),

  "a tool's events resume on any replica": ({ runs, chaos }) =>
    runs
      .filter((run) => !run.replicas.includes(chaos.killed?.replica ?? "") && !isDuringOutage(run, chaos))
      .flatMap(({ client, began, ids, isComplete, problem }) => {
        const name = `${client} at ${seconds(began)}`;
        if (problem !== undefined) return [`${name}: ${problem}`];
        if (!isComplete) return [`${name}: ended after ${ids.join(" ")}`];
        return new Set(ids).size === ids.length ? [] : [`${name}: ${ids.join(" ")}`];
      }),
};

/** Traffic that must have taken place: without it, a kept promise says nothing. */
const traffic: Readonly<Record<string, (journal: Journal) => boolean>> = {
  "answered calls of every tool, in both eras": ({ calls }) =>
    ["bid", "settle", "get_estimate", "set_estimate", "which_replica"].every((tool) =>
      ["legacy", "modern"].every((era) =>
        calls.some((call) => call.tool === tool && call.era === era && call.outcome === "answered"),
      ),
    ),
  "streams of calls that went on elsewhere": ({ calls }) =>
    calls.some(({ tool, outcome, replicas }) => tool === "appraise" && outcome === "answered" && replicas.length > 1),
  "subscriptions that resume, and others that stayed open": ({ subscriptions }) =>
    [true, false].every((resumes) => subscriptions.some((each) => each.resumes === resumes)),
  "acknowledged updates before, between and after what broke": ({ calls, chaos: { killed, away } }) =>
    [
      (at: number) => at < (killed?.at ?? Infinity),
      (at: number) => at > (killed?.at ?? 0) && at < (away?.from ?? Infinity),
      (at: number) => at > (away?.until ?? 0),
    ].every((isThen) => calls.some((call) => isWatched(call) && call.outcome === "answered" && isThen(call.began))),
  "tasks that were completed": ({ tasks }) => tasks.some(({ status }) => status === "completed"),
  "requests above the rate": ({ bursts }) => bursts.some(({ refused }) => refused > 0),
  "states that were sent again": ({ replays }) => replays.length > 0,
  "event streams of a tool on several replicas": ({ runs }) =>
    runs.some(({ replicas, isComplete }) => isComplete && new Set(replicas).size > 1),
};

/** The lot that every bidder bids on. */
export const crowd = "crowd";

/** The traffic that a journal lacks. */
export function missingTraffic(journal: Journal): string[] {
  return Object.keys(traffic).filter((name) => !traffic[name]!(journal));
}

/** The promises that a journal shows to be broken. */
export function brokenPromises(journal: Journal): Finding[] {
  return Object.entries(promises).flatMap(([promise, judge]) => {
    const evidence = judge(journal);
    return evidence.length === 0 ? [] : [{ promise, evidence }];
  });
}

/** A readable report: each broken promise with its first pieces of evidence. */
export function report(findings: readonly Finding[]): string {
  return findings
    .map(({ promise, evidence }) =>
      [`broken ${evidence.length} times: ${promise}`, ...evidence.slice(0, 8).map((each) => `  ${each}`)].join("\n"),
    )
    .join("\n");
}

function missedUpdates({ calls, updates, subscriptions, chaos }: Journal, ofSessions: boolean): string[] {
  const heard = new Set(updates.map(({ client, stream, lot }) => `${client} ${stream} ${lot}`));
  const acknowledged = calls.filter((call) => isWatched(call) && call.outcome === "answered");
  return subscriptions
    .filter(({ resumes }) => resumes === ofSessions)
    .flatMap(({ client, stream, began, ended = chaos.ended }) =>
      acknowledged
        // What was on its way to a stream that broke is lost with it, unless the client can resume.
        .filter((call) => call.began > began && call.ended < (ofSessions ? ended : ended - settleMs))
        .filter(({ lot }) => !heard.has(`${client} ${stream} ${lot}`))
        .map((call) => `${client} was not told of the update that ${told(call)} was answered for`),
    );
}

function isWatched({ tool, lot }: Call): boolean {
  return tool === "bid" && lot !== crowd;
}

function isDuringOutage({ began, ended }: { began: number; ended: number }, { away }: Chaos): boolean {
  return away !== undefined && ended >= away.from && began <= away.until + settleMs;
}

/** Whether the killed replica may have run the call: no header names a replica that died before its answer. */
function isOfDead({ began, ended, replicas }: Call, { killed }: Chaos): boolean {
  if (killed === undefined || began > killed.gone || ended < killed.at) return false;
  return replicas.length === 0 || replicas.includes(killed.replica);
}

function told({ client, tool, lot, began, ended }: Call): string {
  return `${client}, ${tool}${lot === undefined ? "" : ` ${lot}`}, ${seconds(began)} to ${seconds(ended)}`;
}

function grouped<T>(all: readonly T[], keyOf: (each: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const key = keyOf(each) ?? "";
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
