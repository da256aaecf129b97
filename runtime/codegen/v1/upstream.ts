export { createUpstream, type Upstream } from "../../upstream/upstream.js";
export { connectHttp } from "../../upstream/http-wire.js";
