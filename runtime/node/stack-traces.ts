import { readFileSync } from "node:fs";
import type { SourceMap } from "node:module";
import { dirname, resolve } from "node:path";
import type { Logger } from "../protocol/logger.js";

/** Begins where no path goes on: from each slash of a long text anew, the time would be quadratic. */
const location = /(?<![^\s(])(?:file:\/\/)?((?:\/|[A-Za-z]:[\\/])[^\s():]*\.js):(\d+):(\d+)/g;
const maps = new Map<string, SourceMap | undefined>();

/** The same log; stack traces name the lines of the sources, where a map stands beside what was bundled. */
export function withSources(logger: Logger): Logger {
  return (level, message, details) => {
    if (typeof details?.["error"] !== "string") return logger(level, message, details);
    logger(level, message, { ...details, error: mapTrace(details["error"]) });
  };
}

/** Nothing is read before something has failed: a map costs more than the bundle. */
function mapTrace(trace: string): string {
  return trace.replace(location, (whole, file: string, line: string, column: string) => {
    const found = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (found === undefined || !("originalSource" in found) || found.originalSource === undefined) return whole;
    const { originalSource: source, originalLine, originalColumn } = found;
    const path = source.startsWith(".") ? resolve(dirname(file), source) : source;
    return `${path}:${originalLine + 1}:${originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readMap(`${file}.map`));
  return maps.get(file);
}

/**
 * A map that is not there, or damaged, leaves traces as they are; so does a Node before 20.16. Imported, the module that
 * reads maps would be loaded with every start.
 */
function readMap(file: string): SourceMap | undefined {
  try {
    const { SourceMap } = process.getBuiltinModule("node:module");
    return new SourceMap(JSON.parse(readFileSync(file, "utf8")) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    return undefined;
  }
}
