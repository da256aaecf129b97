import { resolve } from "node:path";
import { alone, prefix } from "../command.js";
import { formats } from "../diagnostics/formats.js";
import { printable } from "../diagnostics/printable.js";
import type { Format } from "../diagnostics/report.js";
import { HostError } from "../host.js";
import { writeReport } from "../host-node/files.js";
import { namedFolders } from "../host-node/named-folders.js";
import { nodeHost } from "../host-node/index.js";
import { changelog } from "./changelog.js";
import { compare, isRefused, wantedVersion, type SurfaceComparison } from "./comparison.js";
import { formatJson, formatJsonOfSeveral, formatPretty } from "./formats.js";
import { reportsOf } from "./reports.js";
import { isFile, isProject, sideOf } from "./sides.js";
import { NoSide, type SideOptions } from "./surface.js";
import { withRaisedVersion, writeVersion } from "./write-version.js";

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

/** A folder or another side, and its comparison with the old side. */
interface Judged {
  readonly name: string;
  readonly comparison: SurfaceComparison;
}

/**
 * Runs `mcpc diff`: compares a side with one or several others, reports the changes, and returns the exit code. With
 * several, the old side is a revision, in which each project is at its own folder.
 */
export async function diff(old: string, named: readonly string[], options: DiffOptions): Promise<number> {
  let sides: readonly string[];
  try {
    sides = named.flatMap((side) => (isFile(side) ? namedFolders([side], options.cwd) : [side]));
  } catch (error) {
    explain(error, options);
    return exit.noComparison;
  }
  if (sides.length > 1 && !old.startsWith("git:")) {
    options.stderr("error: only a revision, git:REV, can be compared with several folders\n");
    return exit.noComparison;
  }
  const judged: Judged[] = [];
  for (const name of sides) {
    try {
      judged.push({ name, comparison: await comparisonOf(old, name, options) });
    } catch (error) {
      explain(error, options);
    }
  }
  const isComplete = judged.length === sides.length;
  // Places are those of the files before they are edited.
  const reports = reportsAt(options.writeVersion && isComplete ? raised(judged, options.cwd) : judged, options);
  const hasRaised = options.writeVersion && isComplete ? await writeVersions(judged, options) : undefined;
  for (const write of reports) write();
  if (!isComplete || hasRaised === false) return exit.noComparison;
  if (hasRaised) return exit.clean;
  return judged.some(({ comparison }) => isRefused(comparison, options.strict)) ? exit.refused : exit.clean;
}

async function comparisonOf(old: string, now: string, options: DiffOptions): Promise<SurfaceComparison> {
  const folder = isProject(now, options.cwd) ? now : isProject(old, options.cwd) ? old : ".";
  const sides = { ...options, folder };
  // A name that is wrong is reported before the history of another folder is read.
  const other = isProject(now, options.cwd) ? undefined : await sideOf(now, sides);
  return compare(await sideOf(old, sides), other ?? (await sideOf(now, sides)), options.strict);
}

/** Prints why a side is unavailable. Throws other errors again. */
function explain(error: unknown, { stderr }: DiffOptions): void {
  if (!(error instanceof NoSide || error instanceof HostError)) throw error;
  stderr(`${error instanceof NoSide ? error.report : ""}error: ${printable(error.message)}\n`);
}

/** Returns comparisons with the versions that projects are about to have. */
function raised(judged: readonly Judged[], cwd: string): readonly Judged[] {
  return judged.map(({ name, comparison }) => ({
    name,
    comparison: isProject(name, cwd) ? withRaisedVersion(comparison) : comparison,
  }));
}

/** Returns functions that write the reports, whose texts are complete. */
function reportsAt(judged: readonly Judged[], options: DiffOptions): (() => void)[] {
  if (judged.length === 0) return [];
  const text = options.changelog ? changelogs(judged) : formatted(judged, options.format, options);
  const files = (options.output ?? []).map(({ format, path }) => {
    const content = formatted(judged, format, { ...options, color: false });
    return (): void => writeReport(resolve(options.cwd, path), content);
  });
  return [() => options.stdout(text), ...files];
}

/** Raises the version of each project. Returns whether all could be raised as far as necessary. */
async function writeVersions(judged: readonly Judged[], options: DiffOptions): Promise<boolean> {
  for (const { name, comparison } of judged)
    try {
      if (!isProject(name, options.cwd)) throw new NoSide("only the version of a project's folder can be raised");
      const host = nodeHost(name, options.cwd);
      const paths = await alone(host, async () => writeVersion(comparison, host), options);
      const lines = paths.map((path) => `${path}: version ${wantedVersion(comparison)}`);
      for (const line of lines.length > 0 ? lines : ["the version is high enough"])
        options.stderr(`${printable(prefix(host, options.cwd) + line)}\n`);
      if (lines.length > 0) options.stderr("next: mcpc build, for the lock file\n");
    } catch (error) {
      explain(error, options);
      return false;
    }
  return true;
}

function formatted(judged: readonly Judged[], format: Format, options: DiffOptions): string {
  const [first, ...others] = judged as [Judged, ...Judged[]];
  if (format === "json") return others.length === 0 ? formatJson(first.comparison) : formatJsonOfSeveral(judged);
  if (format === "pretty")
    return judged
      .map(({ name, comparison }) => {
        const heading = others.length === 0 ? "" : `${printable(name)}:\n`;
        return heading + formatPretty(comparison, options);
      })
      .join("\n");
  return formats[format](judged.flatMap(({ comparison }) => reportsOf(comparison, options.strict)));
}

function changelogs(judged: readonly Judged[]): string {
  return judged.map(({ comparison }) => changelog(comparison)).join("\n");
}
