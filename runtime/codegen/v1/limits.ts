export { limitConcurrency } from "../../limits/concurrency.js";
export { createRate } from "../../limits/rate.js";
