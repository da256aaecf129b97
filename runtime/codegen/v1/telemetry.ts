export { createTelemetry } from "../../telemetry/telemetry.js";
export type { TelemetryOptions } from "../../telemetry/options.js";
