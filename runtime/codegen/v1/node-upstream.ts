export { startProcess } from "../../node/upstream-process.js";
