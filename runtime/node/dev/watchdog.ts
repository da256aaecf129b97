import { Socket } from "node:net";
import { workerData } from "node:worker_threads";

/**
 * Kills the process when the parent's end of the pipe closes. It runs in its own thread, which a handler in an endless
 * loop cannot block.
 */
const pipe = new Socket({ fd: workerData as number, readable: true, writable: false });
pipe.on("error", () => {}).on("close", () => process.kill(process.pid, "SIGKILL"));
pipe.resume();
