import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const { verdict, redisLimits } = await import(
  pathToFileURL(join(import.meta.dirname, "..", "bench", "soak", "verdict.mjs")).href
);

/** What a server of `npm run soak` was seen to hold at fifteen looks. */
const heap = [9.78, 9.67, 9.74, 9.76, 9.79, 9.81, 9.83, 9.8, 9.84, 9.82, 9.85, 9.83, 9.86, 9.84, 9.85];
const steady = heap.map((megabytes) => ({
  heap: megabytes * 1024 * 1024,
  external: 3_000_000,
  rss: 67_000_000,
  handles: 2,
  files: 21,
}));
type Row = (typeof steady)[number];
const grown = (rows: readonly Row[]): string[] =>
  verdict(rows).flatMap(({ what, grows }: { what: string; grows: boolean }) => (grows ? [what] : []));

/** To one server between two looks, at the usual rate for ten minutes. */
const requests = 150;
const leaking: [what: string, leak: (row: Row, looks: number) => Row, grows: string[]][] = [
  ["nothing", (row) => row, []],
  ["a kilobyte with each call", (row, looks) => ({ ...row, heap: row.heap + looks * requests * 1024 }), ["heap"]],
  [
    "a buffer with each call",
    (row, looks) => ({ ...row, external: row.external + looks * requests * 1024 }),
    ["external"],
  ],
  [
    "one handle in all that time",
    (row, looks) => ({ ...row, handles: row.handles + (looks > 9 ? 1 : 0) }),
    ["handles"],
  ],
  ["one file in all that time", (row, looks) => ({ ...row, files: row.files + (looks > 9 ? 1 : 0) }), ["files"]],
  ["a number that cannot be had", (row) => ({ ...row, handles: Number.NaN }), ["handles"]],
];

test.each(leaking)("a server that leaks %s", (_what, leak, grows) => {
  expect(grown(steady.map(leak))).toEqual(grows);
});

test("a Redis that keeps more and more, or a connection that is not closed", () => {
  const redis = heap.map((_, looks) => ({ memory: 5_000_000 + looks * 100_000, connections: looks > 9 ? 4 : 3 }));
  expect(verdict(redis, redisLimits).map(({ what, grows }: { what: string; grows: boolean }) => [what, grows])).toEqual(
    [
      ["memory", true],
      ["connections", true],
    ],
  );
  expect(
    verdict(
      redis.map(() => redis[0]),
      redisLimits,
    ).some(({ grows }: { grows: boolean }) => grows),
  ).toBe(false);
});

test("too little to tell is told", () => {
  expect(() => verdict(steady.slice(0, 5))).toThrow("let it run longer");
});
