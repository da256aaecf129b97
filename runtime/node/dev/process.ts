import { Worker } from "node:worker_threads";
import { serveVersions } from "./host.js";

/** The first additional stream of the parent process. */
const parentPipe = 4;

new Worker(new URL("./watchdog.js", import.meta.url), { workerData: parentPipe }).unref();
serveVersions();
