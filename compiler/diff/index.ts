import { resolve } from "node:path";
import { formats } from "../diagnostics/formats.js";
import { printable } from "../diagnostics/printable.js";
import type { Format } from "../diagnostics/report.js";
import { writeReport } from "../host-node/files.js";
import { changelog } from "./changelog.js";
import { compare, isRefused, reportsOf, type Comparison } from "./comparison.js";
import { formatJson, formatPretty } from "./formats.js";
import { isProject, sideOf } from "./sides.js";
import { NoSide, type SideOptions } from "./surface.js";
import { writeVersion } from "./write-version.js";

export interface DiffOptions extends Omit<SideOptions, "folder"> {
  readonly format: Format;
  readonly output?: readonly { readonly format: Format; readonly path: string }[];
  readonly strict: boolean;
  readonly verbose: boolean;
  readonly changelog: boolean;
  readonly writeVersion: boolean;
  readonly stdout: (text: string) => void;
}

const exit = { clean: 0, refused: 1, noComparison: 2 } as const;

/** Runs `mcpc diff`: compares two surfaces, reports the changes, and returns the exit code. */
export async function diff(old: string, now: string, options: DiffOptions): Promise<number> {
  const folder = isProject(now, options.cwd) ? now : isProject(old, options.cwd) ? old : ".";
  try {
    const sides = { ...options, folder };
    const [before, after] = [await sideOf(old, sides), await sideOf(now, sides)];
    const comparison = compare(before, after, options.strict);
    if (options.changelog) options.stdout(changelog(comparison));
    else options.stdout(formatted(comparison, options.format, options));
    for (const { format, path } of options.output ?? [])
      writeReport(resolve(options.cwd, path), formatted(comparison, format, { ...options, color: false }));
    if (!options.writeVersion) return isRefused(comparison, options.strict) ? exit.refused : exit.clean;
    if (!isProject(now, options.cwd)) throw new NoSide("only the version of a project's folder can be raised");
    for (const line of writeVersion(comparison, now, options.cwd)) options.stderr(`${printable(line)}\n`);
    return exit.clean;
  } catch (error) {
    if (!(error instanceof NoSide)) throw error;
    options.stderr(`${error.report}error: ${printable(error.message)}\n`);
    return exit.noComparison;
  }
}

function formatted(comparison: Comparison, format: Format, options: DiffOptions): string {
  if (format === "json") return formatJson(comparison);
  if (format === "pretty") return formatPretty(comparison, options);
  return formats[format](reportsOf(comparison, options.strict));
}
