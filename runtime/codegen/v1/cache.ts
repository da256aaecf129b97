export { createCache } from "../../cache/index.js";
