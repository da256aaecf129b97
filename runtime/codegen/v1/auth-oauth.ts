export { oauth } from "../../auth/oauth.js";
