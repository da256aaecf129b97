import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readIfPresent } from "./files.js";
import { lives } from "./lives.js";

const retryMs = 50;

/**
 * Runs `act` while no other build of this folder runs on this machine; waits for its turn. `waiting` is told once whom
 * it waits for. The lock stands outside the project, and a process that was killed holds none.
 */
export async function takingTurns<T>(
  root: string,
  act: () => Promise<T>,
  waiting: (pid: number, lock: string) => void,
): Promise<T> {
  const file = lockOf(root);
  for (let told = false; !acquire(file);) {
    const holder = holderOf(file);
    if (holder === undefined) continue;
    if (!lives(holder)) fs.rmSync(file, { force: true });
    else {
      if (!told) waiting(holder, file);
      told = true;
      await setTimeout(retryMs);
    }
  }
  try {
    return await act();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function lockOf(root: string): string {
  const key = createHash("sha256").update(root).digest("hex").slice(0, 16);
  return join(tmpdir(), `mcpc-${process.getuid?.() ?? 0}-${key}.lock`);
}

/** A link to a file that is whole: nobody sees a lock without its holder. */
function acquire(file: string): boolean {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** Undefined when it has just let go. */
function holderOf(file: string): number | undefined {
  const text = readIfPresent(file);
  return text && Number(Buffer.from(text).toString());
}
