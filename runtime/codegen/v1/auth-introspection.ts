export { introspection } from "../../auth/introspection.js";
