export { createHealth, healthCheck } from "../../health/health.js";
export type { HealthOptions } from "../../health/health.js";
