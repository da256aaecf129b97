/** The replacement of `main` for `mcpc dev`, and the messages between the two processes. */
export { main } from "../../node/dev/host.js";
export type { Load, Lists, Report, Swapped } from "../../node/dev/messages.js";
