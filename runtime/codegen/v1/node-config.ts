export { configure } from "../../node/configure.js";
