export { readText } from "../../node/files.js";
