export { createLogging } from "../../logging/logging.js";
export type { LoggingOptions } from "../../logging/logging.js";
