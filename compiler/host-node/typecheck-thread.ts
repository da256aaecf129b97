import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Findings, Question, TypeChecker } from "../6-typecheck/index.js";
import { HostError } from "../host.js";
import { packaged } from "../package-folder.js";

/** A request to the thread. */
export interface Request {
  readonly id: number;
  readonly root: string;
  readonly question: Question;
  readonly touched: ReadonlySet<string> | undefined;
}

/** The data that the thread starts with. */
export interface Given {
  readonly pid: Int32Array;
  readonly isOneShot: boolean;
}

/** An answer of the thread; a `HostError` by its message. */
export type Answer = { readonly id: number } & ({ readonly findings: Findings } | { readonly refused: string });

/** One thread that checks types, beside the one that does the rest. */
export interface TypecheckThread {
  /** Makes the thread load what a build of a folder needs. */
  warmUp(root: string): void;
  /** `touched` are the project paths that may have changed since the last check: all when absent. */
  typeChecker(root: string, touched?: ReadonlySet<string>): TypeChecker;
  end(): Promise<void>;
}

interface Waiting {
  resolve(findings: Findings): void;
  reject(error: unknown): void;
}

/** Starts a thread; one that `isOneShot` gets one question for each folder. */
export function typecheckThread(isOneShot: boolean): TypecheckThread {
  let worker: Worker | undefined;
  let asked = 0;
  let isEnding = false;
  /** By the number of their question. */
  const waiting = new Map<number, Waiting>();
  /** The id of TypeScript's process; 0 where there is none. */
  const pid = new Int32Array(new SharedArrayBuffer(4));
  const begun = (): Worker => {
    if (worker) return worker;
    const thread = new Worker(packaged("dist/typecheck-worker.js"), {
      workerData: { pid, isOneShot } satisfies Given,
    });
    thread.on("message", (answer: Answer) => {
      const waits = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0 && !isEnding) thread.unref();
      if ("refused" in answer) waits?.reject(new HostError(answer.refused));
      else waits?.resolve(answer.findings);
    });
    // It is a bug, and the thread has ended with it.
    thread.on("error", (error) => {
      worker = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
    // A build that ends sooner does not wait for it.
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
        const request: Request = { id, root, question, touched };
        thread.postMessage(request);
      }),
    end: async () => {
      if (!worker) return;
      isEnding = true;
      if (waiting.size > 0 || asked === 0) {
        const terminated = worker.terminate();
        // Else the thread would wait for its answer.
        kill(Atomics.load(pid, 0));
        return void (await terminated);
      }
      // So that the process of TypeScript ends with it.
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
    // It has ended.
  }
}
