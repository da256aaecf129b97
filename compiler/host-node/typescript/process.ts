import type { ChildProcess, SpawnOptions } from "node:child_process";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { totalmem } from "node:os";
import { API, type APIOptions } from "typescript/unstable/sync";
import { HostError } from "../../host.js";

/** TypeScript as a process of its own. */
export interface Process {
  readonly api: API;
  readonly child: ChildProcess;
  /** At once, whatever it does. */
  end(): void;
}

/** Starts a process; one that `isOneShot` answers little more than once. Throws `HostError` where there is none that this machine can run. */
export function start(options: Pick<APIOptions, "cwd" | "fs">, isOneShot: boolean): Process {
  const api = quietly(() => made(options), isOneShot ? withoutGarbageCollection() : {});
  const { child } = channelOf(api);
  // Spawn errors arrive when this thread is free: too late to use.
  child.on("error", () => {});
  if (child.pid === undefined)
    throw new HostError(`TypeScript cannot be started: this machine does not execute ${child.spawnfile}`);
  const end = (): void => {
    child.kill("SIGKILL");
    channelOf(api).close();
  };
  return { api, child, end };
}

function made(options: Pick<APIOptions, "cwd" | "fs">): API {
  try {
    return new API(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HostError(
      `TypeScript for ${process.platform}-${process.arch} is not installed: it comes with the optional dependencies of ` +
        `the package "typescript", so install without --omit=optional (${reason.replace(/\.$/, "")})`,
      { cause: error },
    );
  }
}

/** Returns a private part of the API. */
function channelOf(api: API): { readonly child: ChildProcess; close(): void } {
  return (api["client"] as { readonly channel: ReturnType<typeof channelOf> }).channel;
}

const children = createRequire(import.meta.url)("node:child_process") as {
  spawn(file: string, args: readonly string[], options: SpawnOptions): ChildProcess;
};

/**
 * Gives spawned processes these settings beside their environment, and no standard error: the API gives no choice
 * about either. A process that is interrupted at its work, or whose parent is gone, would complain there, to a user who
 * has asked for just that.
 */
function quietly<T>(make: () => T, settings: NodeJS.ProcessEnv): T {
  const { spawn } = children;
  children.spawn = (file, args, { stdio, ...options }) =>
    spawn(file, args, {
      ...options,
      env: { ...settings, ...process.env },
      stdio: [...(stdio as ("pipe" | "ignore")[]).slice(0, 2), "ignore"],
    });
  syncBuiltinESMExports();
  try {
    return make();
  } finally {
    children.spawn = spawn;
    syncBuiltinESMExports();
  }
}

/** For Go's runtime: what ends soon need not collect its garbage, unless memory runs short. */
function withoutGarbageCollection(): NodeJS.ProcessEnv {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return { GOGC: "off", GOMEMLIMIT: `${Math.floor(memory / 4)}B` };
}

/** Whether a question had no answer because the process is gone. */
export function isGone(error: unknown): error is Error {
  return error instanceof Error && /^(?:Unexpected EOF|EPIPE|EOF)\b/.test(error.message);
}
