import { parentPort, workerData } from "node:worker_threads";
import { builder } from "../dev/builder.js";
import { HostError } from "../host.js";
import type { Heard, Wanted } from "./builder-thread.js";

const tell = (message: Heard): void => parentPort!.postMessage(message);
const own = builder(workerData as string, {
  entering: (entering) => tell({ entering }),
  waiting: (waiting) => tell({ waiting }),
});

parentPort!.on("message", async (wanted: Wanted) => {
  try {
    if (wanted === "end") {
      await own.end();
      tell({ ended: true });
    } else tell({ built: await own.build(wanted.known, wanted.touched) });
  } catch (error) {
    if (error instanceof HostError) tell({ refused: error.message });
    else tell({ thrown: error });
  }
});
