export { bearer } from "../../auth/bearer.js";
