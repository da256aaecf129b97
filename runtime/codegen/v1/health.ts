export { createHealth } from "../../health/health.js";
export type { HealthOptions, RunningHealth } from "../../health/health.js";
