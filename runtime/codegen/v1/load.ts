export { load } from "../../node/load.js";
