export { createUpgrade } from "../../node/websocket.js";
