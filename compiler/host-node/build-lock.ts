import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { HostError } from "../host.js";
import { cacheFolder } from "./cache-folder.js";
import { refusable } from "./files.js";
import { lives } from "./lives.js";

export interface LockTimes {
  /** How often the lock is looked at by those who wait. */
  readonly retryMs: number;
  /** How often its holder touches it. */
  readonly renewMs: number;
  /** A holder that cannot be looked up, and does not touch the lock for so long, has ended. */
  readonly silentMs: number;
  /** How long to wait for a build that goes on. */
  readonly mostMs: number;
}
const usual: LockTimes = { retryMs: 50, renewMs: 1000, silentMs: 30_000, mostMs: 10 * 60_000 };

/** Contents of the lock: the process that holds it. */
interface Holder {
  readonly pid: number;
  /** Scope in which `pid` is unique: the boot of a machine, and a namespace of process numbers. */
  readonly space: string;
  /** The start time of the process, which a later one of the same number does not have; null where it is unknown. */
  readonly started: string | null;
  /** Tells one lock from another. */
  readonly id: string;
}

/**
 * Runs `act` while no other build of this folder by this user runs; waits for its turn. `waiting` is called once, with
 * the holder's process number and the file. Throws `HostError` when a build goes on for too long.
 */
export async function withBuildLock<T>(
  root: string,
  act: () => Promise<T>,
  waiting: (pid: number, lock: string) => void,
  times = usual,
): Promise<T> {
  const folder = cacheFolder(root);
  if (!folder) return act();
  const file = join(folder.path, "build.lock");
  const text = JSON.stringify(ownHolder());
  let isTold = false;
  let last: string | undefined;
  const begun = performance.now();
  let since = begun;
  let lock = acquire(file, text);
  for (; lock === undefined; lock = acquire(file, text)) {
    const seen = look(file);
    if (!seen) continue;
    const now = performance.now();
    const state = `${seen.touched} ${seen.text}`;
    if (state !== last) [last, since] = [state, now];
    const holder = parsed(seen.text);
    const runs = holder && isRunning(holder);
    if (runs === false || (runs === undefined && now - since > times.silentMs)) {
      release(file, seen.text);
      continue;
    }
    const pid = holder?.pid ?? 0;
    if (now - begun > times.mostMs)
      throw new HostError(
        `another build of this folder, process ${pid}, has not ended; end it, or remove ${JSON.stringify(file)} if there is none`,
      );
    if (!isTold) waiting(pid, file);
    isTold = true;
    await setTimeout(times.retryMs);
  }
  const held = lock;
  const renewing = setInterval(() => fs.futimesSync(held, new Date(), new Date()), times.renewMs).unref();
  try {
    return await act();
  } finally {
    clearInterval(renewing);
    fs.closeSync(held);
    release(file, text);
  }
}

/** The lock, open, so that touching it never touches another one; undefined when there is one. */
function acquire(file: string, text: string): number | undefined {
  return refusable(file, () => {
    try {
      const lock = fs.openSync(file, "wx", 0o600);
      fs.writeSync(lock, text);
      return lock;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
      throw error;
    }
  });
}

/** Undefined when it has just been released. */
function look(file: string): { readonly text: string; readonly touched: number } | undefined {
  return refusable(file, () => {
    try {
      return { touched: fs.statSync(file).mtimeMs, text: fs.readFileSync(file, "utf8") };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  });
}

/** Removes the lock that says `text`. Between a look and a removal it may have become another one, which stays. */
function release(file: string, text: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    fs.renameSync(file, aside);
    if (fs.readFileSync(aside, "utf8") !== text) fs.linkSync(aside, file);
  } catch {
    // Another process has released it.
  }
  fs.rmSync(aside, { force: true });
}

/** Undefined for a lock that is not written yet, or is none. */
function parsed(text: string): Holder | undefined {
  try {
    const { pid, space, started, id } = JSON.parse(text) as Holder;
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, space, started, id } : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined where it cannot be found out: the holder is in another container, or the machine has no start times. */
function isRunning({ pid, space, started }: Holder): boolean | undefined {
  if (space !== ownSpace()) return undefined;
  if (!lives(pid)) return false;
  const now = startOf(pid);
  return now === null || started === null ? undefined : now === started;
}

function ownHolder(): Holder {
  return { pid: process.pid, space: ownSpace(), started: startOf(process.pid), id: randomUUID() };
}

function ownSpace(): string {
  try {
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${fs.readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** Returns no start time for a zombie: it has ended, but is still listed. */
function startOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return /[ZX]/.test(fields[0]!) ? "" : (fields[19] ?? null);
  } catch {
    return null;
  }
}
