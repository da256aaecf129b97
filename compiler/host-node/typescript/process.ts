import type { ChildProcess, SpawnOptions } from "node:child_process";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { totalmem } from "node:os";
import { API, type APIOptions } from "typescript/unstable/sync";
import { HostError } from "../../host.js";

/** TypeScript in a separate process. */
export interface Process {
  readonly api: API;
  readonly child: ChildProcess;
  /** Kills the process. */
  end(): void;
}

/** Starts TypeScript. `isOneShot`: it will answer only once. Throws `HostError` if this machine cannot run it. */
export function start(options: Pick<APIOptions, "cwd" | "fs">, isOneShot: boolean): Process {
  const api = withoutStandardError(() => createApi(options), isOneShot ? withoutGarbageCollection() : {});
  const { child } = channelOf(api);
  // Spawn errors are reported too late: this thread is blocked until then.
  child.on("error", () => {});
  if (child.pid === undefined)
    throw new HostError(`TypeScript cannot be started: this machine does not execute ${child.spawnfile}`);
  const end = (): void => {
    child.kill("SIGKILL");
    channelOf(api).close();
  };
  return { api, child, end };
}

function createApi(options: Pick<APIOptions, "cwd" | "fs">): API {
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
 * Adds environment variables to spawned processes and drops their standard error, for both of which the API has no
 * option. An interrupted process would print errors there.
 */
function withoutStandardError<T>(make: () => T, settings: NodeJS.ProcessEnv): T {
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

/** Returns settings of Go's runtime: a short process needs no garbage collection, unless memory is short. */
function withoutGarbageCollection(): NodeJS.ProcessEnv {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return { GOGC: "off", GOMEMLIMIT: `${Math.floor(memory / 4)}B` };
}

/** Returns whether a request failed because the process has ended. */
export function isGone(error: unknown): error is Error {
  return error instanceof Error && /^(?:Unexpected EOF|EPIPE|EOF)\b/.test(error.message);
}
