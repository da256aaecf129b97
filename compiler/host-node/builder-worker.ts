import { parentPort, workerData } from "node:worker_threads";
import { builder } from "../dev/builder.js";
import { HostError } from "../host.js";
import type { BuilderRequest, BuilderResponse } from "./builder-thread.js";

const respond = (response: BuilderResponse): void => parentPort!.postMessage(response);
const builderOfFolder = builder(workerData as string, {
  onPhase: (phase) => respond({ phase }),
  onWait: (pid) => respond({ waitsFor: pid }),
});

parentPort!.on("message", async (request: BuilderRequest) => {
  try {
    if (request === "end") {
      await builderOfFolder.end();
      respond({ ended: true });
    } else respond({ built: await builderOfFolder.build(request.known, request.touched) });
  } catch (error) {
    if (error instanceof HostError) respond({ refused: error.message });
    else respond({ thrown: error });
  }
});
