/** Scopes for the compiler, with the inclusion rules of servers. */
export { withIncluded } from "../../auth/method.js";
