import { redact, type RedactionRules } from "./redact.js";
import { loggingLevels, type LoggingLevel } from "./types.js";

/** The server's own log. Only the operator sees `details`. */
export type Logger = (level: LoggingLevel, message: string, details?: Readonly<Record<string, unknown>>) => void;

/** A logger with a method per level, such as pino's. */
export interface LeveledLogger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
  fatal?(details: object, message: string): void;
}

/** A redacted entry of the log. */
export interface LogRecord {
  /** ISO 8601. */
  readonly time: string;
  readonly level: LoggingLevel;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Writes an entry. If it throws, the entry goes to standard error. */
export type LogSink = (record: LogRecord) => void;

export const severity = (level: LoggingLevel): number => loggingLevels.indexOf(level);

/** Creates a logger for entries of at least the severity `least`, with redaction. The logger never throws. */
export function createLogger(least: LoggingLevel, write: LogSink = writeLine, hidden?: RedactionRules): Logger {
  const threshold = severity(least);
  return (level, message, details = {}) => {
    if (severity(level) < threshold) return;
    try {
      const shown = redact({ message, details }, hidden) as Pick<LogRecord, "message" | "details">;
      const record = { time: new Date().toISOString(), level, ...shown };
      try {
        write(record);
      } catch {
        writeLine(record);
      }
    } catch {
      // Logging is impossible.
    }
  };
}

/** Writes an entry as JSON to standard error (the platform's error console). */
export const writeLine: LogSink = (record) => console.error(jsonLine(record));

/** Formats an entry as a JSON object on one line, without characters that terminals interpret. */
export function jsonLine({ time, level, message, details }: LogRecord): string {
  // The first members define the order, the last ones the values.
  const record = Object.assign({ time, level, message }, details, { time, level, message });
  return printable(JSON.stringify(record));
}

/** Escapes characters that a terminal interprets, other than line ends. */
export function printable(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\u2028\u2029\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Returns a logger that adds the number of this worker to each entry; outside of workers, the same logger. */
export function withWorker(logger: Logger, worker: number | undefined): Logger {
  return worker === undefined ? logger : (level, message, details) => logger(level, message, { worker, ...details });
}

/** Creates a sink from the hooks' export `logger`: a function, or an object like pino's. */
export function hookSink(hook: Logger | LeveledLogger): LogSink {
  if (typeof hook === "function") {
    return (record) => {
      const { level, message, details } = record;
      const returned = hook(level, message, details) as unknown;
      if (returned instanceof Promise) returned.catch(() => writeLine(record));
    };
  }
  return ({ level, message, details }) => {
    const name = level === "notice" ? "info" : level === "warning" ? "warn" : isFatal(level) ? "fatal" : level;
    // The method is called on the logger, which needs its `this`.
    if (name === "fatal" && hook.fatal === undefined) hook.error(details, message);
    else hook[name]!(details, message);
  };
}

function isFatal(level: LoggingLevel): level is "critical" | "alert" | "emergency" {
  return severity(level) > severity("error");
}

/** Logs a failure that the client must not see, and returns the id of its entry. */
export function logFailure(
  logger: Logger,
  message: string,
  error: unknown,
  details?: Readonly<Record<string, unknown>>,
  level: LoggingLevel = "error",
): string {
  const errorId = Math.random().toString(16).slice(2, 10).padEnd(8, "0");
  logger(level, message, { ...details, errorId, ...failureDetails(error) });
  return errorId;
}

/** The maximum number of shown causes, since an error may cause itself. */
const maxCauses = 8;

/** Describes a failure in one text. */
export function describe(error: unknown): string {
  return failureDetails(error).error;
}

/**
 * Returns the details of a log entry about a failure. Never throws, even if reading the value throws. A thrown object
 * that is no error is a detail itself, so that its fields are redacted.
 */
export function failureDetails(error: unknown): { readonly error: string; readonly thrown?: object } {
  try {
    const texts: string[] = [];
    const seen = new Set<unknown>();
    let thrown: object | undefined;
    for (let cause = error; !seen.has(cause) && seen.size < maxCauses; cause = (cause as Error).cause) {
      seen.add(cause);
      if (cause instanceof Error) texts.push(String(cause.stack ?? cause));
      else if (isObject(cause)) texts.push(`thrown: an ${Array.isArray((thrown = cause)) ? "array" : "object"}`);
      else texts.push(`thrown: ${String(cause)}`);
      if (!(cause instanceof Error) || cause.cause === undefined) break;
    }
    return { error: texts.join("\ncaused by "), ...(thrown && { thrown }) };
  } catch {
    return { error: "a value that cannot be shown" };
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
