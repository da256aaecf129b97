export { createUpgrade, type Upgrade } from "../../node/websocket.js";
