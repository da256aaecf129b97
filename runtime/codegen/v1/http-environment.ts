export { readHttp } from "../../transports/http/from-environment.js";
