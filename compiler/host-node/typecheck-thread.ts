import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Findings, Question, TypeChecker } from "../6-typecheck/index.js";
import { HostError } from "../host.js";
import { packaged } from "../package-folder.js";

/** A request to the thread. */
export interface TypecheckRequest {
  readonly id: number;
  readonly root: string;
  readonly question: Question;
  readonly touched: ReadonlySet<string> | undefined;
}

/** Data for the start of the thread. */
export interface WorkerOptions {
  readonly pid: Int32Array;
  readonly isOneShot: boolean;
}

/** Answer of the thread; a `HostError` is its message. */
export type Answer = { readonly id: number } & ({ readonly findings: Findings } | { readonly refused: string });

/** Thread for type checks, parallel to the rest of the build. */
export interface TypecheckThread {
  /** Loads files that a build of the folder needs. */
  warmUp(root: string): void;
  /**
   * Returns a type checker. `touched` are the project paths that may have changed since the last check; all when
   * absent.
   */
  typeChecker(root: string, touched?: ReadonlySet<string>): TypeChecker;
  end(): Promise<void>;
}

interface Waiting {
  resolve(findings: Findings): void;
  reject(error: unknown): void;
}

/** Starts a thread; a thread that `isOneShot` receives one request for each folder. */
export function typecheckThread(isOneShot: boolean): TypecheckThread {
  let worker: Worker | undefined;
  let asked = 0;
  let isEnding = false;
  /** Waiting requests by their id. */
  const waiting = new Map<number, Waiting>();
  /** Id of TypeScript's process; 0 without a process. */
  const pid = new Int32Array(new SharedArrayBuffer(4));
  const begun = (): Worker => {
    if (worker) return worker;
    const thread = new Worker(packaged("dist/typecheck-worker.js"), {
      workerData: { pid, isOneShot } satisfies WorkerOptions,
    });
    thread.on("message", (answer: Answer) => {
      const waits = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0 && !isEnding) thread.unref();
      if ("refused" in answer) waits?.reject(new HostError(answer.refused));
      else waits?.resolve(answer.findings);
    });
    // An error is a bug, and ends the thread.
    thread.on("error", (error) => {
      worker = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
    // A build that ends sooner does not wait for the thread.
    thread.unref();
    return (worker = thread);
  };
  return {
    warmUp: (root) => begun().postMessage(root),
    typeChecker: (root, touched) => (question) =>
      new Promise((resolve, reject) => {
        const thread = begun();
        const id = ++asked;
        waiting.set(id, { resolve, reject });
        thread.ref();
        const request: TypecheckRequest = { id, root, question, touched };
        thread.postMessage(request);
      }),
    end: async () => {
      if (!worker) return;
      isEnding = true;
      if (waiting.size > 0 || asked === 0) {
        const terminated = worker.terminate();
        // The thread would otherwise wait for an answer of the process.
        kill(Atomics.load(pid, 0));
        return void (await terminated);
      }
      // TypeScript's process has to end with the thread.
      const exit = once(worker, "exit");
      worker.ref();
      worker.postMessage(undefined);
      await exit;
    },
  };
}

function kill(pid: number): void {
  if (pid === 0) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has already ended.
  }
}
