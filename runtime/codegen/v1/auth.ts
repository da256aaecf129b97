export { createAuthentication } from "../../auth/authentication.js";
