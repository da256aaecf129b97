import { describe, expect, test } from "vitest";
import { callerOf } from "../../runtime/protocol/caller.js";
import { createLedger, shortened, weightOf, type Booking } from "../../runtime/protocol/ledger.js";

/** A ledger, and the items that it still keeps: `caller` and a number, with `*` for those in use. */
function ledgerOf(maxBytes: number, most: number) {
  const ledger = createLedger(maxBytes);
  const kept = new Map<string, Booking>();
  const book = (name: string, bytes = 0): boolean => {
    const caller = name[0]!;
    const item = { kind: "x", most, caller, ...(!name.endsWith("*") && { isIdle: () => true }) };
    const booking = ledger.book(item, () => kept.delete(name), bytes);
    if (booking !== undefined) kept.set(name, booking);
    return booking !== undefined;
  };
  return { ledger, kept, book, names: () => [...kept.keys()].join(" ") };
}

const places: readonly [what: string, most: number, booked: string, refused: string, left: string][] = [
  ["a single caller may have all, and then its own oldest idle one goes", 3, "a1 a2 a3 a4", "", "a2 a3 a4"],
  ["what is in use is kept for the same caller", 2, "a1* a2* a3", "a3", "a1* a2*"],
  ["an idle one makes room before an older one in use", 3, "a1* a2 a3 a4", "", "a1* a3 a4"],
  ["a newcomer takes the place of who holds most", 3, "a1 a2 a3 b1", "", "a2 a3 b1"],
  ["even one that is in use", 3, "a1* a2* a3* b1*", "", "a2* a3* b1*"],
  ["up to the same share, and no further", 4, "a1* a2* a3* a4* b1* b2* b3*", "b3*", "a3* a4* b1* b2*"],
  ["nobody loses anything to a caller who holds more", 3, "a1* b1 a2* a3*", "a3*", "a1* b1 a2*"],
  ["among equals the one idle for the longest time goes", 3, "a1* b1 c1 d1", "", "a1* c1 d1"],
  ["among equals nothing in use goes", 3, "a1* b1* c1* d1*", "d1*", "a1* b1* c1*"],
];

test.each(places)("places: %s", (_what, most, booked, refused, left) => {
  const { ledger, book, names } = ledgerOf(100, most);
  expect(
    booked
      .split(" ")
      .filter((name) => !book(name))
      .join(" "),
  ).toBe(refused);
  expect(names()).toBe(left);
  expect(ledger.count("x")).toBe(left.split(" ").length);
});

const sizes: readonly [what: string, booked: readonly [string, number][], refused: string, left: string][] = [
  ["more than there is has no place", [["a1", 101]], "a1", ""],
  [
    "the caller's own idle ones make room",
    [
      ["a1", 60],
      ["a2", 60],
    ],
    "",
    "a2",
  ],
  [
    "a newcomer displaces who holds most",
    [
      ["a1*", 50],
      ["a2*", 50],
      ["b1*", 40],
    ],
    "",
    "a2* b1*",
  ],
  [
    "who would then hold most is refused",
    [
      ["a1*", 50],
      ["b1*", 50],
      ["c1*", 60],
    ],
    "c1*",
    "a1* b1*",
  ],
  [
    "large items go before many small ones",
    [
      ["a1", 1],
      ["a2", 1],
      ["a3", 97],
      ["b1", 20],
    ],
    "",
    "a1 a2 b1",
  ],
];

test.each(sizes)("bytes: %s", (_what, booked, refused, left) => {
  const { ledger, kept, book, names } = ledgerOf(100, 10);
  expect(
    booked
      .filter(([name, bytes]) => !book(name, bytes))
      .map(([name]) => name)
      .join(" "),
  ).toBe(refused);
  expect(names()).toBe(left);
  expect(ledger.bytes).toBe([...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0));
});

test("an item grows as long as there is room, never at its own cost, and is free again once released", () => {
  const { ledger, kept, book } = ledgerOf(100, 10);
  book("a1", 40);
  book("a2*", 40);
  const grown = kept.get("a2*")!;
  expect([grown.resize(101), grown.resize(100), [...kept.keys()]]).toEqual([false, true, ["a2*"]]);
  grown.release();
  grown.release();
  expect([grown.resize(1), ledger.bytes, ledger.count()]).toEqual([false, 0, 0]);
});

test("whatever the order, sums hold, and no caller falls below its share for one that holds more", () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  const ledger = createLedger(1000);
  const kept = new Map<Booking, string>();
  const held = (caller: string): number => [...kept.values()].filter((owner) => owner === caller).length;
  for (let step = 0; step < 1000; step += 1) {
    const caller = "abcde"[random(5)]!;
    const choice = random(10);
    const one = [...kept.keys()][random(Math.max(kept.size, 1))];
    if (choice < 6) {
      let booking: Booking | undefined;
      const isIdle = (): boolean => choice < 3;
      const before = held(caller);
      const victims: string[] = [];
      booking = ledger.book(
        { kind: "x", most: 20, caller, isIdle },
        () => {
          victims.push(kept.get(booking!)!);
          kept.delete(booking!);
        },
        random(40),
      );
      if (booking !== undefined) kept.set(booking, caller);
      // Whoever lost a place held more than the caller did.
      for (const victim of victims) if (victim !== caller) expect(held(victim) + 1).toBeGreaterThanOrEqual(before);
    } else if (choice < 8) one?.resize(random(80));
    else if (one !== undefined) {
      one.release();
      kept.delete(one);
    }
    expect(ledger.count("x")).toBe(kept.size);
    expect(ledger.bytes).toBe([...kept.keys()].reduce((sum, { bytes }) => sum + bytes, 0));
    expect(kept.size).toBeLessThanOrEqual(20);
    expect(ledger.bytes).toBeLessThanOrEqual(1000);
  }
});

const callers: readonly [string | undefined, string][] = [
  [undefined, ""],
  ["192.0.2.7", "from 192.0.2.7"],
  ["::ffff:192.0.2.7", "from 192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "from 2001:db8:1:2"],
  ["2001:db8:1:2:ffff::9", "from 2001:db8:1:2"],
  ["2001:db8::9", "from 2001:db8:0:0"],
  ["2001:db8::4:5:6:7:8", "from 2001:db8:0:4"],
  ["::1", "from 0:0:0:0"],
  ["fe80::1%eth0", "from fe80:0:0:0"],
];

test.each(callers)("the caller at %s is %j", (address, caller) => {
  expect(callerOf(undefined, address)).toBe(caller);
  expect(callerOf({ principal: "ada", scopes: [], claims: {} }, address)).toBe(
    callerOf({ principal: "ada", scopes: [], claims: {} }, undefined),
  );
});

describe("weights", () => {
  test("the weight of a value is at least what it takes, however it is nested", () => {
    expect(weightOf("x".repeat(1000))).toBeGreaterThan(1000);
    expect(weightOf(Array.from({ length: 1000 }, () => ({})))).toBeGreaterThan(56_000);
    expect(weightOf({ [`${"k".repeat(1000)}`]: 1 })).toBeGreaterThan(1000);
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(weightOf(deep)).toBeGreaterThan(100_000);
  });

  test("a shortened text is the beginning of it", () => {
    expect(shortened("abc", 3)).toBe("abc");
    expect(shortened(`a"\n\ud83d\ude00`, 4)).toBe(`a"\n\ud83d`);
  });
});
