import { printable } from "../protocol/logger.js";
import { standardOutput } from "./standard-output.js";

/** The maximum delay of the exit by `exit` listeners, such as those of loggers, and by threads. */
const exitMs = 3000;

/** Ends the process at a signal to which nothing else listens. */
export function leaveOnSignal(): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) exit(0);
    });
}

/** Kills the parent process if the pipe to it is still open after the delay. */
const watchdog = `process.stdin.on("close",()=>process.exit()).resume();setTimeout(()=>process.kill(process.ppid,9),${exitMs})`;

/**
 * Ends the process even if an `exit` listener throws or blocks, or a thread cannot be stopped. Node waits for threads,
 * so only another process can end such a process.
 */
export function exit(code: number): never {
  if (process.listenerCount("exit") > 0 || hasThreads()) startWatchdog();
  try {
    process.exit(code);
  } finally {
    // Node calls no listener twice.
    process.exit(code);
  }
}

/** Returns whether threads may be running. Node lists requests for files, but no workers. */
function hasThreads(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] };
  const loadsWorkers = moduleLoadList?.includes("NativeModule worker_threads");
  return loadsWorkers || process.getActiveResourcesInfo().some((resource) => resource.startsWith("FSReq"));
}

function startWatchdog(): void {
  try {
    const env = { ...process.env, NODE_OPTIONS: "" };
    const { spawn } = process.getBuiltinModule("node:child_process");
    spawn(process.execPath, ["-e", watchdog], { stdio: ["pipe", "ignore", "ignore"], env }).on("error", () => {});
  } catch {
    // Node before 20.16 lacks `getBuiltinModule`, and Node's permissions may forbid processes.
  }
}

/** Prints the requested text on standard output and ends the process. */
export function print(text: string): never {
  standardOutput().write(printable(text));
  exit(0);
}

/** Prints a usage or configuration error and ends the process. */
export function fail(message: string): never {
  process.stderr.write(`${printable(message)}\n`);
  exit(2);
}
