import type { LoggingDeclaration } from "../model/project.js";
import type { Logging, LogFile } from "../model/server.js";

export function lowerLogging(declared: LoggingDeclaration): Logging {
  const { level = "info", format = "auto", requests = "debug", redact = [], file, audit } = declared;
  return {
    level,
    format,
    requests,
    redact: redact.map((name) => name.toLowerCase()),
    ...(file && { file: lowerFile(file) }),
    ...(audit && {
      audit: {
        ...(audit.arguments === true && { arguments: true }),
        ...(audit.file && { file: lowerFile(audit.file) }),
      },
    }),
  };
}

function lowerFile(file: NonNullable<LoggingDeclaration["file"]>): LogFile {
  return { maxBytes: 10 * 1024 * 1024, maxFiles: 5, ...file };
}
