import { Worker } from "node:worker_threads";
import { serveVersions } from "./host.js";

/** The first of the streams that whoever starts this process has added. */
const parentPipe = 4;

new Worker(new URL("./watchdog.js", import.meta.url), { workerData: parentPipe }).unref();
serveVersions();
