/** The imports of an integration test, for a built server in a separate process. */
export { startServer } from "./start-server.js";
export type { RunningServer, StartOptions } from "./start-server.js";
