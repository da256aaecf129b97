import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { HostError } from "../host.js";
import { cacheFolder } from "./cache-folder.js";
import { withHostErrors } from "./files.js";
import { isProcessAlive } from "./process-alive.js";

export interface LockTimes {
  /** Interval between two attempts to get the lock. */
  readonly retryMs: number;
  /** Interval at which the holder renews the lock. */
  readonly renewMs: number;
  /** Time without renewal after which a lock expires, if its holder cannot be checked. */
  readonly expiryMs: number;
  /** Maximum time to wait for another build. */
  readonly maxMs: number;
}
const defaultTimes: LockTimes = { retryMs: 50, renewMs: 1000, expiryMs: 30_000, maxMs: 10 * 60_000 };

/** Contents of the lock: the process that holds it. */
interface Holder {
  readonly pid: number;
  /** Scope in which `pid` is unique: the boot of a machine, and a namespace of process numbers. */
  readonly space: string;
  /** The start time of the process, which distinguishes it from a later one with the same number; `null` if unknown. */
  readonly started: string | null;
  /** A unique id of the lock. */
  readonly id: string;
}

/**
 * Runs `act` when no other build of this folder by this user runs. If it has to wait, it calls `waiting` once, with
 * the holder's process number and the lock file. Throws `HostError` if the wait takes too long.
 */
export async function withBuildLock<T>(
  root: string,
  act: () => Promise<T>,
  waiting: (pid: number, lock: string) => void,
  times = defaultTimes,
): Promise<T> {
  const folder = cacheFolder(root);
  if (!folder) return act();
  const file = join(folder.path, "build.lock");
  const text = JSON.stringify(ownHolder());
  let isReported = false;
  let last: string | undefined;
  const begun = performance.now();
  let since = begun;
  let lock = acquire(file, text);
  for (; lock === undefined; lock = acquire(file, text)) {
    const seen = readLock(file);
    if (!seen) continue;
    const now = performance.now();
    const state = `${seen.touched} ${seen.text}`;
    if (state !== last) [last, since] = [state, now];
    const holder = parseHolder(seen.text);
    const runs = holder && isRunning(holder);
    if (runs === false || (runs === undefined && now - since > times.expiryMs)) {
      release(file, seen.text);
      continue;
    }
    const pid = holder?.pid ?? 0;
    if (now - begun > times.maxMs)
      throw new HostError(
        `another build of this folder, process ${pid}, has not ended; end it, or remove ${JSON.stringify(file)} if there is none`,
      );
    if (!isReported) waiting(pid, file);
    isReported = true;
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

/** Creates the lock and returns its descriptor, through which it is renewed; `undefined` if the lock exists. */
function acquire(file: string, text: string): number | undefined {
  return withHostErrors(file, () => {
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

/** Reads the lock; `undefined` if it has just been released. */
function readLock(file: string): { readonly text: string; readonly touched: number } | undefined {
  return withHostErrors(file, () => {
    try {
      return { touched: fs.statSync(file).mtimeMs, text: fs.readFileSync(file, "utf8") };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  });
}

/** Removes the lock with this `text`. If another lock has replaced it meanwhile, that one stays. */
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

/** Parses a lock; `undefined` if it is incomplete or invalid. */
function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, space, started, id } = JSON.parse(text) as Holder;
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, space, started, id } : undefined;
  } catch {
    return undefined;
  }
}

/** Returns whether the holder runs; `undefined` if that is unknown, as for another container or without start times. */
function isRunning({ pid, space, started }: Holder): boolean | undefined {
  if (space !== ownSpace()) return undefined;
  if (!isProcessAlive(pid)) return false;
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

/** Returns the start time of a process; an empty one for a zombie, which has ended but is still listed. */
function startOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field may contain spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return /[ZX]/.test(fields[0]!) ? "" : (fields[19] ?? null);
  } catch {
    return null;
  }
}
