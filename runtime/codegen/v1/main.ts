export { main } from "../../node/main.js";
export type { MainOptions } from "../../node/options.js";
