import { loggingLevels, type LoggingLevel } from "./types.js";

/** The server's own log. `details` are shown to the operator alone. */
export type Logger = (level: LoggingLevel, message: string, details?: Readonly<Record<string, unknown>>) => void;

/** One JSON object a line on standard error (the platform's error console), from the given severity up. */
export function createLogger(least: LoggingLevel): Logger {
  const threshold = loggingLevels.indexOf(least);
  return (level, message, details) => {
    if (loggingLevels.indexOf(level) < threshold) return;
    const record = { time: new Date().toISOString(), level, message };
    console.error(line({ ...record, ...details }) ?? line(record));
  };
}

/** Logs a failure that the client must not see, and returns the id under which it can be found. */
export function logFailure(logger: Logger, message: string, error: unknown): string {
  const errorId = Math.random().toString(16).slice(2, 10).padEnd(8, "0");
  logger("error", message, { errorId, error: describe(error) });
  return errorId;
}

/** A thrown value can be anything, even one that throws when it is looked at. */
export function describe(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `thrown: ${String(error)}`;
    const cause = error.cause === undefined ? "" : `\ncaused by ${describe(error.cause)}`;
    return `${String(error.stack ?? error)}${cause}`;
  } catch {
    return "a value that cannot be shown";
  }
}

function line(record: object): string | undefined {
  try {
    return JSON.stringify(record);
  } catch {
    return undefined;
  }
}
