/** The manifest's `runtime.telemetry`. */
export interface TelemetryOptions {
  /** `native` makes spans and metrics; `propagate` only makes the client's context that of the handler. */
  readonly mode: "propagate" | "native";
  /** Whether spans have the arguments and the results of tools. */
  readonly arguments?: boolean;
  readonly results?: boolean;
  /** Whether names of spans, and metrics, have the URIs of resources. */
  readonly resourceUris?: boolean;
}
