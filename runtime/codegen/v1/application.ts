export { start, stop } from "../../protocol/application.js";
export type { SettingSources } from "../../protocol/hooks.js";
