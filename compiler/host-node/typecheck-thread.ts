import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { typecheck, type Findings, type Question, type Typecheck } from "../6-typecheck/index.js";
import { HostError } from "../host.js";

/** What is asked of the thread. */
export interface Request {
  readonly id: number;
  readonly root: string;
  readonly question: Question;
  readonly touched: ReadonlySet<string> | undefined;
}

/** What the thread tells: which process it has begun, and its answers; a refusal of the machine by its message. */
export type Answer =
  | { readonly pid: number }
  | { readonly id: number; readonly findings: Findings }
  | { readonly id: number; readonly refused: string };

/** One thread that checks types, beside the one that does the rest. */
export interface TypecheckThread {
  /** Makes the thread load what it needs for a folder, if it has not yet. */
  begin(root: string): void;
  /** `touched` are the project paths that may have changed since the last check: all when absent. */
  check(root: string, touched?: ReadonlySet<string>): Typecheck;
  end(): Promise<void>;
}

export function typecheckThread(): TypecheckThread {
  let worker: Worker | undefined;
  let asked = 0;
  let waiting = 0;
  let prepared: string | undefined;
  /** Of TypeScript. */
  let pid: number | undefined;
  const begun = (): Worker => {
    if (worker) return worker;
    worker = new Worker(new URL("./typecheck-worker.js", import.meta.url));
    worker.on("message", (answer: Answer) => {
      if ("pid" in answer) pid = answer.pid;
    });
    // A build that ends sooner does not wait for it.
    worker.unref();
    return worker;
  };
  const ask = async (root: string, touched: ReadonlySet<string> | undefined, question: Question): Promise<Findings> => {
    const thread = begun();
    const id = ++asked;
    waiting += 1;
    thread.ref();
    const request: Request = { id, root, question, touched };
    thread.postMessage(request);
    try {
      for (;;) {
        const [answer] = (await once(thread, "message")) as [Answer];
        // A build that ended sooner has left its question behind.
        if ("pid" in answer || answer.id !== id) continue;
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
    check: (root, touched) => (server, texts) => typecheck(server, texts, (question) => ask(root, touched, question)),
    end: async () => {
      if (!worker) return;
      if (waiting > 0 || asked === 0) {
        const terminated = worker.terminate();
        if (pid !== undefined) kill(pid);
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
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
