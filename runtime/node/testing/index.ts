/** The imports of an integration test: a built server in a process of its own. */
export { startServer } from "./start-server.js";
export type { RunningServer, StartOptions } from "./start-server.js";
