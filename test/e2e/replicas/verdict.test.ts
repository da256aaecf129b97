import { expect, test } from "vitest";
import { createJournal, type Call, type Chaos, type Journal } from "./journal.js";
import { brokenPromises, crowd } from "./verdict.js";

/** A journal in which nothing is wrong; the replica 7001 is killed at 10 s, and Redis is away from 20 to 25 s. */
function journal(change: (journal: Journal) => void): Journal {
  const chaos: Chaos = {
    killed: { replica: "7001", at: 10_000, gone: 10_100 },
    away: { from: 20_000, until: 25_000 },
    ended: 60_000,
  };
  const all = { ...createJournal(), chaos };
  all.subscriptions.push(
    { client: "ada", resumes: true, stream: 0, began: 0 },
    { client: "bob", resumes: false, stream: 0, began: 0, ended: 30_000 },
  );
  all.calls.push(call("bid", 1000, { lot: "watched-1" }));
  for (const client of ["ada", "bob"]) all.updates.push({ client, stream: 0, lot: "watched-1", at: 1100 });
  change(all);
  return all;
}

function call(tool: string, began: number, more: Partial<Call> = {}): Call {
  const given = {
    client: "eve",
    era: "modern",
    outcome: "answered",
    value: {},
    replicas: ["7002"],
    progress: [],
  } as const;
  return { ...given, replicas: [...given.replicas], progress: [], tool, began, ended: began + 100, ...more };
}

const bid = (began: number, bids: number, more: Partial<Call> = {}): Call =>
  call("bid", began, { lot: crowd, value: { bids }, ...more });
const estimate = (tool: string, began: number, dollars: number): Call =>
  call(tool, began, { lot: "lamp", value: { dollars } });
const task = { client: "cleo", id: "t", owner: "7002", created: 5000, ended: 9000, status: "completed" } as const;
const completed = (isPaid: boolean): string => JSON.stringify({ structuredContent: { isPaid } });

test.each<[what: string, broken: string[], change: (journal: Journal) => void]>([
  ["nothing", [], () => {}],
  ["bids that overlap, in any order", [], ({ calls }) => calls.push(bid(2000, 2), bid(2050, 1))],
  [
    "a bid that is counted below an earlier one",
    ["an answer is not taken back"],
    ({ calls }) => calls.push(bid(2000, 5), bid(3000, 5)),
  ],
  [
    "a session that is unknown",
    ["a session goes on"],
    ({ calls }) => calls.push(call("settle", 3000, { era: "legacy", outcome: "refused", status: 404 })),
  ],
  ["a client that could not connect", ["a session goes on"], ({ unconnected }) => unconnected.push("ada: no")],
  [
    "an update that a client with a resumed stream missed",
    ["an acknowledged update reaches each session, whose stream resumes"],
    ({ updates }) => updates.shift(),
  ],
  [
    "an update that an open stream missed",
    ["an acknowledged update reaches each subscription that stays open"],
    ({ updates }) => updates.pop(),
  ],
  [
    "an update just before a stream broke that cannot resume",
    [],
    ({ calls, updates }) => {
      calls.push(call("bid", 29_000, { lot: "watched-2" }));
      updates.push({ client: "ada", stream: 0, lot: "watched-2", at: 29_200 });
    },
  ],
  [
    "an update that nobody acknowledged, and some were told of",
    [],
    ({ calls, updates }) => {
      calls.push(call("bid", 9950, { lot: "watched-2", outcome: "broken", replicas: ["7001"], status: 502 }));
      updates.push({ client: "ada", stream: 0, lot: "watched-2", at: 9990 });
    },
  ],
  [
    "an update that is told twice",
    ["no update is told twice"],
    ({ updates }) => updates.push({ ...updates[0]!, at: 40_000 }),
  ],
  [
    "an update of the past on a stream that was opened anew",
    [],
    ({ updates }) => updates.push({ ...updates[1]!, stream: 1 }),
  ],
  [
    "an update without a bid",
    ["no update is invented"],
    ({ updates }) => updates.push({ client: "ada", stream: 0, lot: "watched-9", at: 2000 }),
  ],
  [
    "a call that hangs",
    ["every call ends"],
    ({ calls }) => calls.push(call("settle", 3000, { outcome: "hung", ended: 28_000 })),
  ],
  [
    "a call that hangs since its replica was killed",
    [],
    ({ calls }) => calls.push(call("settle", 9000, { outcome: "hung", ended: 34_000, replicas: ["7001"] })),
  ],
  [
    "a call that another replica ran, broken by the kill",
    ["only what the killed replica ran is lost"],
    ({ calls }) => calls.push(call("settle", 9950, { outcome: "broken" })),
  ],
  [
    "a refusal long after Redis is back",
    ["only what the killed replica ran is lost"],
    ({ calls }) => calls.push(call("settle", 29_000, { outcome: "refused", status: 503 })),
  ],
  [
    "a refusal while Redis is away",
    [],
    ({ calls }) => calls.push(call("settle", 22_000, { outcome: "refused", status: 503 })),
  ],
  [
    "a refusal, while Redis is away, of what needs none",
    ["what needs no Redis goes on without it"],
    ({ calls }) => calls.push(call("which_replica", 22_000, { outcome: "refused", status: 503 })),
  ],
  [
    "progress that comes twice",
    ["progress is in order, and none comes twice", "a stream resumes without a gap"],
    ({ calls }) => calls.push(call("appraise", 3000, { value: { appraised: 3 }, progress: [1, 2, 2, 3] })),
  ],
  [
    "progress with a gap",
    ["a stream resumes without a gap"],
    ({ calls }) => calls.push(call("appraise", 3000, { value: { appraised: 3 }, progress: [1, 3] })),
  ],
  [
    "a task that ends as it was answered",
    [],
    ({ tasks }) => tasks.push({ ...task, isPaid: true, result: completed(true), problems: [] }),
  ],
  [
    "a task that ends otherwise than it was answered",
    ["a task goes on"],
    ({ tasks }) => tasks.push({ ...task, isPaid: true, result: completed(false), problems: [] }),
  ],
  [
    "a task whose result changes",
    ["a task goes on"],
    ({ tasks }) =>
      tasks.push({ ...task, isPaid: true, result: completed(true), problems: ["completed, later unknown"] }),
  ],
  [
    "a task that fails with its replica",
    [],
    ({ tasks }) => tasks.push({ ...task, owner: "7001", status: "failed", problems: [] }),
  ],
  [
    "a task that fails without a reason",
    ["a task goes on"],
    ({ tasks }) => tasks.push({ ...task, status: "failed", problems: [] }),
  ],
  [
    "a task that never ends",
    ["a task goes on"],
    ({ tasks }) => {
      const { ended: _, ...endless } = task;
      tasks.push({ ...endless, owner: "7001", status: "working", problems: [] });
    },
  ],
  [
    "a rate that each replica counts by itself",
    ["the rate counts once for all"],
    ({ bursts }) => bursts.push({ began: 0, ended: 5000, admitted: 400, refused: 50 }),
  ],
  [
    "a rate that is counted once",
    [],
    ({ bursts }) => bursts.push({ began: 0, ended: 5000, admitted: 200, refused: 250 }),
  ],
  [
    "equal calls that run on each replica",
    ["equal calls share one run"],
    ({ calls }) =>
      [1, 2].forEach((lookup) =>
        calls.push(call("get_estimate", 500, { lot: "shared-1", value: { dollars: 0, lookup } })),
      ),
  ],
  [
    "an estimate from before the last change",
    ["a result is not older than an acknowledged change"],
    ({ calls }) => calls.push(estimate("set_estimate", 2000, 7), estimate("get_estimate", 6000, 6)),
  ],
  [
    "a state that continues a finished call",
    ["a request state is used once"],
    ({ replays }) => replays.push({ client: "eve", at: 2000, isRefused: false }),
  ],
  [
    "an event that comes twice",
    ["a tool's events resume on any replica"],
    ({ runs }) =>
      runs.push({ client: "zoe", began: 0, ended: 900, ids: ["1", "2", "2"], replicas: ["7002"], isComplete: true }),
  ],
])("%s", (_, broken, change) => {
  expect(brokenPromises(journal(change)).map(({ promise }) => promise)).toEqual(broken);
});
