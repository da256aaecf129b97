export { serveMetrics } from "../../node/metrics-server.js";
export { createProcessMetrics } from "../../node/process-metrics.js";
