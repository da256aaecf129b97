export { createSettings } from "../../config/settings.js";
export type { Setting } from "../../config/settings.js";
