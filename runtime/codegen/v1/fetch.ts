export { createFetch, type Fetch } from "../../transports/http/fetch.js";
