import type { Logging } from "../protocol/exchange.js";
import { jsonLine, severity, type LogSink } from "../protocol/logger.js";
import type { LoggingLevel } from "../protocol/types.js";
import { logFromHandler, logRequests } from "./calls.js";
import { prettyLines } from "./pretty.js";
import { errorConsole, isErrorConsoleFull } from "./terminal.js";

/** Fields that usually hold credentials. */
const credentials = [
  "access_token",
  "api_key",
  "apikey",
  "authorization",
  "client_secret",
  "cookie",
  "passwd",
  "password",
  "proxy-authorization",
  "refresh_token",
  "secret",
  "set-cookie",
  "token",
  "x-api-key",
];

/** The manifest's `runtime.logging`. */
export interface LoggingOptions {
  readonly level: LoggingLevel;
  /** `auto`: pretty on a terminal, JSON lines elsewhere. */
  readonly format: "auto" | "json" | "pretty";
  /** Names of fields, in lower case. */
  readonly redact: readonly string[];
  /** The level of a line for each request. */
  readonly requests: LoggingLevel | "off";
  /** Writes a JSON line to a second destination. */
  readonly file?: (line: string) => void;
}

/** Creates the log that the manifest declares: format, destinations, redaction, and lines for requests. */
export function createLogging({ level, format, redact, requests, file }: LoggingOptions): Logging {
  const terminal = errorConsole();
  const pretty = format === "pretty" || (format === "auto" && terminal.isTerminal);
  const print: LogSink = (record) =>
    console.error(pretty ? prettyLines(record, terminal.hasColours) : jsonLine(record));
  let lost = 0;
  const write: LogSink = (record) => {
    if (isErrorConsoleFull()) lost += 1;
    else {
      const message = "standard error was not read: entries are lost";
      const { worker } = record.details;
      if (lost > 0) print({ ...record, level: "warning", message, details: { worker, lost } });
      lost = 0;
      print(record);
    }
    file?.(jsonLine(record));
  };
  return {
    level,
    write,
    names: new Set([...credentials, ...redact]),
    observer: (least) =>
      requests === "off" || severity(requests) < severity(least) ? undefined : logRequests(requests),
    onLog: logFromHandler,
  };
}
