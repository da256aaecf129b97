import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { typecheck, type Findings, type Question } from "../6-typecheck/index.js";
import type { Typecheck } from "../compile.js";
import { HostError } from "../host.js";

/** What is asked of the thread. */
export interface Request extends How {
  readonly id: number;
  readonly root: string;
  readonly question: Question;
}

interface How {
  /** Whether what is learnt is kept, and what was learnt before is of use. */
  readonly remember: boolean;
  readonly recall: boolean;
}

/** What the thread answers: a refusal of the machine is told by its message. */
export type Answer = { readonly id: number } & ({ readonly findings: Findings } | { readonly refused: string });

/** One thread that checks types, beside the one that does the rest. */
export interface TypecheckThread {
  /** Makes the thread load what it needs for a folder, if it has not yet. */
  begin(root: string): void;
  check(root: string, how: How): Typecheck;
  end(): Promise<void>;
}

export function typecheckThread(): TypecheckThread {
  let worker: Worker | undefined;
  let asked = 0;
  let waiting = 0;
  let prepared: string | undefined;
  const begun = (): Worker => {
    if (worker) return worker;
    worker = new Worker(new URL("./typecheck-worker.js", import.meta.url));
    // A build that ends sooner does not wait for it.
    worker.unref();
    return worker;
  };
  const ask = async (root: string, how: How, question: Question): Promise<Findings> => {
    const thread = begun();
    const id = ++asked;
    waiting += 1;
    thread.ref();
    const request: Request = { id, root, question, ...how };
    thread.postMessage(request);
    try {
      for (;;) {
        const [answer] = (await once(thread, "message")) as [Answer];
        // A build that ended sooner has left its question behind.
        if (answer.id !== id) continue;
        if ("refused" in answer) throw new HostError(answer.refused);
        return answer.findings;
      }
    } finally {
      waiting -= 1;
      if (waiting === 0) thread.unref();
    }
  };
  return {
    begin: (root) => {
      if (prepared === root) return;
      prepared = root;
      begun().postMessage(root);
    },
    check: (root, how) => (server, texts) => typecheck(server, texts, (question) => ask(root, how, question)),
    end: async () => {
      if (!worker) return;
      if (waiting > 0 || asked === 0) return void (await worker.terminate());
      // It may still be writing down what it has learnt.
      const exit = once(worker, "exit");
      worker.ref();
      worker.postMessage(undefined);
      await exit;
    },
  };
}
