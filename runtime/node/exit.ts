import { printable } from "../protocol/logger.js";
import { standardOutput } from "./standard-output.js";

/** How long listeners of `exit`, such as those of loggers, and threads may hold up the end of the process. */
const exitMs = 3000;

/** Kills its parent if that still holds the other end of the pipe after the time. */
const watchdog = `process.stdin.on("close",()=>process.exit()).resume();setTimeout(()=>process.kill(process.ppid,9),${exitMs})`;

/**
 * Ends the process, also where a listener of `exit` throws or blocks, or a thread cannot be stopped: Node waits for
 * threads, and only another process can end one that waits.
 */
export function exit(code: number): never {
  if (process.listenerCount("exit") > 0 || hasThreads()) startWatchdog();
  try {
    process.exit(code);
  } finally {
    // Node calls no listener a second time.
    process.exit(code);
  }
}

/** Whether there may be threads at work: Node lists what waits for files, but no workers. */
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
    // Node before 20.16 has no such function, and its permissions may rule out processes.
  }
}

/** Ends the process with what somebody asked to see. */
export function print(text: string): never {
  standardOutput().write(printable(text));
  exit(0);
}

/** Ends the process with what whoever started it must put right. */
export function fail(message: string): never {
  process.stderr.write(`${printable(message)}\n`);
  exit(2);
}
