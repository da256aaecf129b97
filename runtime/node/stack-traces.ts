import { readFileSync } from "node:fs";
import type { SourceMap } from "node:module";
import { dirname, resolve } from "node:path";
import type { Logger } from "../protocol/logger.js";

/** Matches a location only at the start of a path: a match from every slash would take quadratic time. */
const location = /(?<![^\s(])(?:file:\/\/)?((?:\/|[A-Za-z]:[\\/])[^\s():]*\.js):(\d+):(\d+)/g;
const maps = new Map<string, SourceMap | undefined>();

/** Returns a logger that maps stack traces to the sources, if a source map is beside the bundle. */
export function withSources(logger: Logger): Logger {
  return (level, message, details) => {
    if (typeof details?.["error"] !== "string") return logger(level, message, details);
    logger(level, message, { ...details, error: mapTrace(details["error"]) });
  };
}

/** Maps a trace to the sources. Reads a source map only after a failure, because it is larger than the bundle. */
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
 * Reads a source map; `undefined` if it is missing or damaged, or for Node before 20.16. A static import of
 * `node:module` would slow down every start.
 */
function readMap(file: string): SourceMap | undefined {
  try {
    const { SourceMap } = process.getBuiltinModule("node:module");
    return new SourceMap(JSON.parse(readFileSync(file, "utf8")) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    return undefined;
  }
}
