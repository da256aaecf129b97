export { jwt } from "../../auth/jwt.js";
