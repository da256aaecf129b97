/** What stands for `main` where `mcpc dev` serves, and what it and that process tell each other. */
export { main } from "../../node/dev/host.js";
export type { Load, Lists, Report, Swapped } from "../../node/dev/messages.js";
