export { createMetrics } from "../../metrics/metrics.js";
export type { MetricsOptions } from "../../metrics/metrics.js";
