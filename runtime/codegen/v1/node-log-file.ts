export { openLogFile } from "../../node/log-file.js";
export type { LogFileOptions } from "../../node/log-file.js";
