export { createListener, type Listener } from "../../node/http-listener.js";
export { listen } from "../../node/http-server.js";
export { relocate } from "../../transports/http/routes.js";
export type { HttpOptions } from "../../transports/http/endpoint.js";
