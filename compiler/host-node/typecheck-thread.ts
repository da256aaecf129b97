import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Typecheck } from "../compile.js";
import type { Result } from "../diagnostics/diagnostic.js";
import { HostError } from "../host.js";
import type { Checked } from "../6-typecheck/index.js";
import type { Server } from "../model/server.js";

/** What is asked of the thread. */
export interface Question {
  readonly id: number;
  readonly root: string;
  readonly server: Server;
  readonly texts: ReadonlyMap<string, string>;
  /** Whether what is learnt is kept, and what was learnt before is of use. */
  readonly remember: boolean;
  readonly recall: boolean;
}

/** What the thread answers: a refusal of the machine is told by its message. */
export type Answer = { readonly id: number } & ({ readonly result: Result<Checked> } | { readonly refused: string });

/** One thread that checks types, beside the one that does the rest. */
export interface TypecheckThread {
  /** Makes the thread load what it needs, if it has not yet. */
  begin(): void;
  check(root: string, how: Pick<Question, "remember" | "recall">): Typecheck;
  end(): Promise<void>;
}

export function typecheckThread(): TypecheckThread {
  let worker: Worker | undefined;
  let asked = 0;
  let waiting = 0;
  const begun = (): Worker => {
    if (worker) return worker;
    worker = new Worker(new URL("./typecheck-worker.js", import.meta.url));
    // A build that ends sooner does not wait for it.
    worker.unref();
    return worker;
  };
  return {
    begin: () => void begun(),
    check: (root, how) => async (server, texts) => {
      const thread = begun();
      const id = ++asked;
      waiting += 1;
      thread.ref();
      const question: Question = { id, root, server, texts, ...how };
      thread.postMessage(question);
      try {
        for (;;) {
          const [answer] = (await once(thread, "message")) as [Answer];
          // A build that ended sooner has left its question behind.
          if (answer.id !== id) continue;
          if ("refused" in answer) throw new HostError(answer.refused);
          return answer.result;
        }
      } finally {
        waiting -= 1;
        if (waiting === 0) thread.unref();
      }
    },
    end: async () => void (await worker?.terminate()),
  };
}
