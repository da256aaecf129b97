export { hook } from "../../auth/hook.js";
