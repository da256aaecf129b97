import { Socket } from "node:net";
import { workerData } from "node:worker_threads";

/**
 * Runs in a thread of its own, where no handler that loops can hold it up: when the other end of the pipe is gone, this
 * process has nobody to serve for.
 */
const pipe = new Socket({ fd: workerData as number, readable: true, writable: false });
pipe.on("error", () => {}).on("close", () => process.kill(process.pid, "SIGKILL"));
pipe.resume();
