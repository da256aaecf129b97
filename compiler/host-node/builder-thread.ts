import { Worker } from "node:worker_threads";
import type { Phase } from "../compile.js";
import type { Build, Builder, BuilderOptions } from "../dev/builder.js";
import { HostError } from "../host.js";
import { packaged } from "../package-folder.js";

/** A request to the thread. */
export type Wanted = { readonly known: ReadonlySet<string>; readonly touched: ReadonlySet<string> | undefined } | "end";

/** An answer of the thread, or an event before it. */
export type Heard =
  | { readonly entering: Phase }
  | { readonly waiting: number }
  | { readonly built: Build }
  | { readonly ended: true }
  | { readonly refused: string }
  | { readonly thrown: unknown };

/** A builder in a thread of its own: whoever passes messages on meanwhile is not held up. One thing at a time. */
export function builderThread(root: string, { entering, waiting }: BuilderOptions): Builder {
  const worker = new Worker(packaged("dist/builder-worker.js"), { workerData: root });
  let settle: ((heard: Heard) => void) | undefined;
  worker.on("message", (heard: Heard) => {
    if ("entering" in heard) entering(heard.entering);
    else if ("waiting" in heard) waiting(heard.waiting);
    else settle?.(heard);
  });
  worker.on("error", (thrown) => settle?.({ thrown }));
  const ask = (wanted: Wanted): Promise<Heard> =>
    new Promise((resolve) => {
      settle = resolve;
      worker.postMessage(wanted);
    });
  return {
    async build(known, touched) {
      const heard = await ask({ known, touched });
      if ("built" in heard) return heard.built;
      throw "refused" in heard ? new HostError(heard.refused) : (heard as { readonly thrown: unknown }).thrown;
    },
    async end() {
      await ask("end");
      await worker.terminate();
    },
  };
}
