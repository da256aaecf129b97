/** Absent where the manifest turns telemetry off. */
export interface Telemetry {
  readonly mode: "propagate" | "native";
  readonly arguments?: true;
  readonly results?: true;
  readonly resourceUris?: true;
}

export interface LogFile {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

export interface Audit {
  readonly arguments?: true;
  readonly file?: LogFile;
}

export interface Logging {
  readonly level: string;
  readonly format: string;
  readonly requests: string;
  /** Field names in lower case. */
  readonly redact: readonly string[];
  readonly file?: LogFile;
  readonly audit?: Audit;
}

export interface Metrics {
  readonly path: string;
  /** The address of a port of their own; absent on that of HTTP. */
  readonly address?: { readonly port: number; readonly host: string };
  readonly token?: { readonly env: string };
}
