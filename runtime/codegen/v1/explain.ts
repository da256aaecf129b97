/** The texts of failed validations, the same at build time and at run time. */
export { explain } from "../../protocol/explain.js";
export type { ValidationError } from "../../protocol/surface.js";
