export { createListener } from "../../node/http-listener.js";
export { listen } from "../../node/http-server.js";
export type { HttpOptions } from "../../transports/http/exchange.js";
