import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultKeptBytes } from "../../runtime/protocol/ledger.js";

/** Places by kind, as `docs/operations.md` has them. */
const places = { session: 1000, sse: 1000, run: 1000, task: 1000, subscription: 1024, call: 5000 };
/** Generous: what a place takes beside what is booked for it, and what the engine has not given back yet. */
const placeBytes = 16 * 1024;
const slack = 24 * 1024 * 1024;
/** A quarter of the default, so that each door can be filled in little time. */
const maxKeptBytes = defaultKeptBytes / 4;

test.each([
  [1, "unobserved"],
  [1000, "unobserved"],
  [1000, "observed"],
])("adversaries (%d, %s) at all doors hold no more than the documents say, with a small heap", (callers, observers) => {
  const script = join(import.meta.dirname, "adversary.mjs");
  const told = execFileSync(
    "node",
    ["--expose-gc", "--max-old-space-size=96", script, `${callers}`, `${maxKeptBytes}`, observers],
    {
      encoding: "utf8",
    },
  );
  expect(defaultKeptBytes).toBe(64 * 1024 * 1024);
  const { kept, count } = JSON.parse(told);
  for (const [kind, most] of Object.entries(places)) expect([kind, count[kind] <= most]).toEqual([kind, true]);
  for (const [door, { bytes, places, grown }] of Object.entries<Record<string, number>>(kept)) {
    expect(bytes, door).toBeLessThanOrEqual(maxKeptBytes);
    expect(grown, door).toBeLessThan(bytes! + places! * placeBytes + slack);
  }
  expect(count.session + count.sse + count.task + count.subscription).toBeGreaterThan(1000);
});
