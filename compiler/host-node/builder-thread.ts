import { Worker } from "node:worker_threads";
import type { Phase } from "../compile.js";
import type { DevBuild, DevBuilder, BuilderOptions } from "../dev/builder.js";
import { HostError } from "../host.js";
import { packaged } from "../package-folder.js";

/** A request to the thread. */
export type BuilderRequest =
  { readonly known: ReadonlySet<string>; readonly touched: ReadonlySet<string> | undefined } | "end";

/** An answer of the thread, or an event before it. */
export type BuilderResponse =
  | { readonly phase: Phase }
  | { readonly waitsFor: number }
  | { readonly built: DevBuild }
  | { readonly ended: true }
  | { readonly refused: string }
  | { readonly thrown: unknown };

/** A builder in a thread of its own: messages of the server pass meanwhile. One request at a time. */
export function builderThread(root: string, { onPhase, onWait }: BuilderOptions): DevBuilder {
  const worker = new Worker(packaged("dist/builder-worker.js"), { workerData: root });
  let settle: ((response: BuilderResponse) => void) | undefined;
  worker.on("message", (response: BuilderResponse) => {
    if ("phase" in response) onPhase(response.phase);
    else if ("waitsFor" in response) onWait(response.waitsFor);
    else settle?.(response);
  });
  worker.on("error", (thrown) => settle?.({ thrown }));
  const send = (request: BuilderRequest): Promise<BuilderResponse> =>
    new Promise((resolve) => {
      settle = resolve;
      worker.postMessage(request);
    });
  return {
    async build(known, touched) {
      const response = await send({ known, touched });
      if ("built" in response) return response.built;
      throw "refused" in response ? new HostError(response.refused) : (response as { readonly thrown: unknown }).thrown;
    },
    async end() {
      await send("end");
      await worker.terminate();
    },
  };
}
