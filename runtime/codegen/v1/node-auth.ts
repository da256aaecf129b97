export { localCaller } from "../../node/local-caller.js";
