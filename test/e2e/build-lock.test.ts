import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { withBuildLock } from "../../compiler/host-node/build-lock.js";
import { cacheOf, project } from "./project.js";

const times = { retryMs: 2, renewMs: 5, expiryMs: 200, maxMs: 60_000 };
const lockOf = (folder: string): string => join(cacheOf(folder), "build.lock");

/** What a process writes that holds the lock: this one. */
async function ownLock(folder: string): Promise<Record<string, unknown>> {
  return withBuildLock(
    fs.realpathSync(folder),
    async () => JSON.parse(fs.readFileSync(lockOf(folder), "utf8")) as Record<string, unknown>,
    () => {},
  );
}

async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid!;
}

const onLinux = fs.existsSync("/proc/self/stat");
const left: readonly [what: string, lock: (own: Record<string, unknown>) => Promise<unknown> | unknown][] = [
  ["a process that has ended", async (own) => ({ ...own, pid: await endedProcess() })],
  ...(onLinux
    ? ([
        ["a process that had the number of this one", (own) => ({ ...own, started: "1" })],
        ["a process that had the number of another one", (own) => ({ ...own, pid: process.ppid, started: "1" })],
      ] as typeof left)
    : []),
  ["a process of another container, or before the machine started anew", (own) => ({ ...own, space: "another" })],
  ["a process of a machine that knows no start times", (own) => ({ ...own, space: hostname(), started: null })],
  ["a process that was killed before it could say its number", () => ""],
  ["no process at all", () => "1"],
  ["what is no lock", () => ({ pid: -1, space: 7 })],
];

test.each(left)("a lock that was left by %s is taken", async (_, lock) => {
  const folder = project({});
  const written = await lock(await ownLock(folder));
  fs.writeFileSync(lockOf(folder), typeof written === "string" ? written : JSON.stringify(written));
  expect(
    await withBuildLock(
      fs.realpathSync(folder),
      async () => "built",
      () => {},
      times,
    ),
  ).toBe("built");
  expect(fs.existsSync(lockOf(folder))).toBe(false);
});

/** Holds the lock until it is released, and says who else has waited for it. */
function held(folder: string, change: (own: Record<string, unknown>) => Record<string, unknown> = (own) => own) {
  let release!: () => void;
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  let holds!: () => void;
  const isHeld = new Promise<void>((resolve) => (holds = resolve));
  const ended = withBuildLock(
    fs.realpathSync(folder),
    async () => {
      const own = JSON.parse(fs.readFileSync(lockOf(folder), "utf8")) as Record<string, unknown>;
      // In place: it stays the file that its holder touches.
      fs.writeFileSync(lockOf(folder), JSON.stringify(change(own)));
      holds();
      await isReleased;
    },
    () => {},
    times,
  );
  return { isHeld, release, ended };
}

test.each([
  ["of this machine", {}],
  ["of another container, which touches its lock", { space: "another" }],
])("a build %s that runs is waited for, and told once", async (_, who) => {
  const folder = project({});
  const holder = held(folder, (own) => ({ ...own, ...who }));
  await holder.isHeld;
  const told: [number, string][] = [];
  let runs = false;
  const waiter = withBuildLock(
    fs.realpathSync(folder),
    async () => void (runs = true),
    (...waiting) => told.push(waiting),
    { ...times, expiryMs: 5000 },
  );
  await expect.poll(() => told).toEqual([[process.pid, lockOf(folder)]]);
  expect(runs).toBe(false);
  // A lock with other words is not its holder's to remove; somebody else does.
  holder.release();
  await holder.ended;
  fs.rmSync(lockOf(folder), { force: true });
  await waiter;
  expect([runs, told.length]).toEqual([true, 1]);
});

test("a build that does not end is not waited for without end", async () => {
  const folder = project({});
  const holder = held(folder);
  await holder.isHeld;
  await expect(
    withBuildLock(
      fs.realpathSync(folder),
      async () => {},
      () => {},
      { ...times, maxMs: 20 },
    ),
  ).rejects.toThrow(
    `another build of this folder, process ${process.pid}, has not ended; end it, or remove "${lockOf(folder)}" if there is none`,
  );
  holder.release();
  await holder.ended;
});

test("builds that find a left lock at once take turns all the same", async () => {
  const folder = project({});
  fs.writeFileSync(lockOf(folder), JSON.stringify({ ...(await ownLock(folder)), pid: await endedProcess() }));
  let running = 0;
  let most = 0;
  const build = () =>
    withBuildLock(
      fs.realpathSync(folder),
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
      },
      () => {},
      times,
    );
  await Promise.all(Array.from({ length: 12 }, build));
  expect([most, running]).toEqual([1, 0]);
  expect(fs.readdirSync(cacheOf(folder))).toEqual([]);
});

test("a failure releases the lock", async () => {
  const folder = project({});
  const fails = withBuildLock(
    fs.realpathSync(folder),
    () => Promise.reject(new Error("no")),
    () => {},
  );
  await expect(fails).rejects.toThrow("no");
  expect(fs.existsSync(lockOf(folder))).toBe(false);
});
