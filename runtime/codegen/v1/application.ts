import type { Hooks } from "../../protocol/hooks.js";

export { start, stop } from "../../protocol/application.js";
export type { SettingSources } from "../../protocol/hooks.js";

/** Checks the user's hooks against their generated type, at one line of `generated/server.ts`. */
export function checkedHooks<T>(hooks: T): Hooks {
  return hooks as Hooks;
}
