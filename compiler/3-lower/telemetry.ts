import type { MetricsDeclaration, TelemetryDeclaration } from "../model/project.js";
import type { Metrics, Telemetry } from "../model/server.js";

/** The package that stays outside of the bundle: it must be the one that the user's SDK registers with. */
export const telemetryPackage = "@opentelemetry/api";

export function lowerTelemetry(declared: TelemetryDeclaration | undefined): Telemetry | undefined {
  if (declared === undefined || declared.mode === "off") return undefined;
  return {
    mode: declared.mode,
    ...(declared.arguments === true && { arguments: true }),
    ...(declared.results === true && { results: true }),
    ...(declared.resourceUris === true && { resourceUris: true }),
  };
}

/** Returns the packages that are not bundled. */
export function externalPackages(external: readonly string[], telemetry: Telemetry | undefined): readonly string[] {
  return telemetry === undefined ? external : [...new Set([...external, telemetryPackage])];
}

export function lowerMetrics(declared: MetricsDeclaration | undefined): Metrics | undefined {
  if (declared === undefined) return undefined;
  const { path = "/metrics", port, host = "127.0.0.1", token } = declared;
  return { path, ...(port !== undefined && { address: { port, host } }), ...(token && { token: { env: token.env } }) };
}
