export { createFetch } from "../../transports/http/fetch.js";
