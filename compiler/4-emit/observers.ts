import type { Audit, Metrics, Server } from "../model/server.js";
import type { Json } from "../model/source.js";
import { importOf, literal } from "./code.js";

const library = "@mcpc/runtime/codegen/v1";

/** The parts that see each request: their imports, and the expressions that create them. */
export interface ObserverCode {
  readonly imports: readonly string[];
  readonly observers: readonly string[];
  /** The expression that creates the metrics. */
  readonly metrics: string | undefined;
}

export function observerCode({ runtime: { telemetry, logging, metrics } }: Server): ObserverCode {
  const audit = logging?.audit;
  return {
    imports: [
      ...(telemetry
        ? [
            `import * as opentelemetry from "@opentelemetry/api";\n`,
            importOf(["createTelemetry"], `${library}/telemetry`),
          ]
        : []),
      ...(metrics
        ? [
            importOf(["createMetrics"], `${library}/metrics`),
            importOf(["createProcessMetrics"], `${library}/node-metrics`),
          ]
        : []),
      ...(audit ? [importOf(["createAudit"], `${library}/audit`)] : []),
    ],
    observers: [
      ...(telemetry ? [`createTelemetry(opentelemetry, ${literal({ ...telemetry } as Json)})`] : []),
      ...(audit ? [`createAudit(${auditText(audit)})`] : []),
    ],
    metrics: metrics && metricsText(metrics),
  };
}

function auditText({ file, ...options }: Audit): string {
  const members = [
    ...Object.entries(options).map(([key, value]) => `${key}: ${literal(value)}`),
    ...(file ? [`file: (report) => openLogFile(${literal({ ...file })}, report)`] : []),
  ];
  return `{ ${members.join(", ")} }`;
}

function metricsText({ path, address, token }: Metrics): string {
  const options = { path, isOnHttpPort: address === undefined, ...(token && { token: { ...token } }) };
  return `createMetrics({ ...${literal(options)}, process: createProcessMetrics() })`;
}
