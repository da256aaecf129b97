import type { LoggingDeclaration } from "../model/project.js";
import type { Logging } from "../model/server.js";

export function lowerLogging(declared: LoggingDeclaration): Logging {
  const { level = "info", format = "auto", requests = "debug", redact = [], file } = declared;
  return {
    level,
    format,
    requests,
    redact: redact.map((name) => name.toLowerCase()),
    ...(file && { file: { maxBytes: 10 * 1024 * 1024, maxFiles: 5, ...file } }),
  };
}
