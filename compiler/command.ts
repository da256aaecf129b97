import { relative, resolve, sep } from "node:path";
import { build, isVerifying } from "./build.js";
import { runBundler, warmUpBundler } from "./7-bundle/bundler.js";
import type { Compilation, Options, Phase } from "./compile.js";
import { byPlace, type Diagnostic } from "./diagnostics/diagnostic.js";
import { formats } from "./diagnostics/formats.js";
import { printable } from "./diagnostics/printable.js";
import { formatPretty } from "./diagnostics/render.js";
import type { Format, Report } from "./diagnostics/report.js";
import { fixed } from "./fixes.js";
import type { Host } from "./host.js";
import { withBuildLock } from "./host-node/build-lock.js";
import { noStoredFiles, storedFiles } from "./host-node/cache-folder.js";
import { writeReport } from "./host-node/files.js";
import { nodeHost } from "./host-node/index.js";
import { fileSnapshot, snapshotFile } from "./host-node/file-snapshot.js";
import { typecheckThread, type TypecheckThread } from "./host-node/typecheck-thread.js";
import { recover } from "./host-node/commit.js";
import type { Costs } from "./model/costs.js";
import type { Summary, ToolLosses } from "./model/summary.js";

export interface CommandOptions {
  readonly format: Format;
  /** Reports that are also written to files. */
  readonly output?: readonly Output[];
  readonly strict?: true;
  readonly force?: true;
  readonly fix?: true;
  /** Reports the tokens of all entries, too. */
  readonly explainCost?: true;
  readonly prune?: true;
  readonly rename?: Options["rename"];
  readonly verbose?: true;
  /** Whether to read and write the caches of earlier builds. */
  readonly cache: boolean;
  readonly color: boolean;
  /** The working directory, absolute: folders and reported paths are relative to it. */
  readonly cwd: string;
  /** Type checker that stays open for later commands; when absent, one ends with the command. */
  readonly typeChecker?: TypecheckThread | undefined;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly onPhase: (phase: Phase) => void;
}

/** A report and its file, absolute or relative to the working directory. */
export interface Output {
  readonly format: Format;
  readonly path: string;
}

/** Runs `mcpc build` or `mcpc check`: compiles each folder, reports the results, and returns the exit code (0 or 1). */
export async function compileFolders(
  mode: "build" | "check",
  folders: readonly string[],
  options: CommandOptions,
): Promise<number> {
  const reports: Report[] = [];
  const thread = options.typeChecker ?? typecheckThread(true);
  for (const disk of folders.map((folder) => nodeHost(folder, options.cwd))) {
    const files = options.cache ? storedFiles(disk.root) : noStoredFiles;
    const host = fileSnapshot(disk, options.force ? undefined : files(snapshotFile));
    const laps = stopwatch();
    laps.start("compare");
    const compiling = async (): Promise<Compilation> => {
      const compilation = await build(
        {
          host,
          files,
          typeChecker: thread.typeChecker(host.root),
          bundler: runBundler,
          warmUp: () => {
            thread.warmUp(host.root);
            // The bundler reports the failure on its first use.
            if (mode === "build") warmUpBundler().catch(() => {});
          },
          verify: isVerifying(),
        },
        {
          mode,
          force: options.force ?? false,
          ...(options.prune && { prune: true }),
          ...(options.rename && { rename: options.rename }),
          onPhase: (phase) => {
            laps.start(phase);
            options.onPhase(phase);
          },
        },
      );
      if (mode === "build" && compilation.summary) host.save();
      return compilation;
    };
    const act = options.fix ? () => fixing(host, compiling, options) : compiling;
    const writes = mode === "build" || options.fix;
    const compilation = writes ? await alone(host, act, options) : await act();
    const diagnostics = options.strict ? strictly(mode, compilation) : compilation.diagnostics;
    const costs = options.explainCost && (await costsAt(host));
    const report = {
      diagnostics,
      textOf: (path: string) => textOf(host, path),
      prefix: prefix(host, options.cwd),
      ...(costs && { costs }),
    };
    reports.push(report);
    if (options.format === "pretty") {
      options.stderr(formatPretty(report, options));
      if (!failed(report)) options.stdout(success(mode, compilation, report.prefix));
      if (costs) options.stdout((await import("./tokens/table.js")).costTable(costs));
    }
    if (options.verbose) options.stderr(laps.table());
  }
  if (!options.typeChecker) await thread.end();
  if (options.format !== "pretty") options.stdout(formats[options.format](reports));
  for (const { format, path } of options.output ?? [])
    writeReport(resolve(options.cwd, path), formats[format](reports));
  return reports.some(failed) ? 1 : 0;
}

/** Returns the tokens of a project's entries; undefined where the manifests have errors. */
async function costsAt(host: Host): Promise<Costs | undefined> {
  const { compileManifests } = await import("./compile-manifests.js");
  return compileManifests(host).value?.costs;
}

/** Limit of `--fix` rounds: one error may hide another. */
const maxRounds = 10;

async function fixing(host: Host, act: () => Promise<Compilation>, options: CommandOptions): Promise<Compilation> {
  for (let round = 1; ; round++) {
    const compilation = await act();
    const { changes, descriptions } = fixed(compilation.diagnostics, host);
    if (changes.length === 0 || round > maxRounds) return compilation;
    host.commit(changes);
    for (const line of descriptions) options.stderr(`${printable(`fixed ${prefix(host, options.cwd)}${line}`)}\n`);
  }
}

/** Allows one build of a folder at a time, and first repairs the output of a killed build. */
export function alone<T>(host: Host, act: () => Promise<T>, { stderr }: Pick<CommandOptions, "stderr">): Promise<T> {
  const begin = (): Promise<T> => {
    recover(host.root);
    return act();
  };
  return withBuildLock(host.root, begin, (pid, lock) =>
    stderr(`waiting for another build of this folder, process ${pid} (if that is none, remove ${lock})\n`),
  );
}

export function failed(report: Report): boolean {
  return report.diagnostics.some(({ severity }) => severity === "error");
}

/**
 * Returns the diagnostics of a strict build: warnings become errors, and stubs become diagnostics, which other builds
 * only list.
 */
function strictly(mode: "build" | "check", { diagnostics, unwritten }: Compilation): Diagnostic[] {
  const all = mode === "check" ? diagnostics : [...diagnostics, ...unwritten].sort(byPlace);
  return all.map(promoted);
}

export function promoted(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: "error" };
}

const maxShownBytes = 64 * 2 ** 20;

export function textOf(host: Host, path: string): string | undefined {
  // A file above the size limit was refused, so its lines are not shown.
  const bytes = host.size(path) > maxShownBytes ? undefined : host.read(path);
  return bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Returns the path from the working directory to the project, as in reports. */
export function prefix(host: Host, cwd: string): string {
  const path = relative(cwd, host.root).split(sep).join("/");
  return path === "" ? "" : `${path}/`;
}

/** Limit of files with stubs that are listed one by one: the first build of a large server writes hundreds. */
const maxListedStubs = 20;

function success(mode: "build" | "check", { summary, changed, unwritten }: Compilation, prefix: string): string {
  if (!summary) return "";
  const what = `${printable(summary.name)}: ${inventory(summary)}`;
  if (mode === "check") return `${what}: no errors\n`;
  const files = changed.length === 0 ? "nothing to do" : `${count(changed.length, "file")} written`;
  const stubs = [...new Set(unwritten.flatMap(({ span }) => span?.path ?? []))];
  const named = stubs.slice(0, maxListedStubs).map((path) => `  ${printable(prefix + path)}\n`);
  const more = stubs.length > named.length ? `  and ${stubs.length - named.length} more\n` : "";
  const toFill = stubs.length === 0 ? "" : `stubs for you to fill in:\n${named.join("")}${more}`;
  const lost = changed.length === 0 ? "" : lossesText(summary.losses);
  return `${what} -> ${printable(prefix + summary.bundle)} (${files})\n${toFill}${lost}`;
}

/** Limits of the lines about projections: the lock file has all of them. */
const maxLosses = 20;
const maxLossLength = 160;

function lossesText(losses: readonly ToolLosses[]): string {
  if (losses.length === 0) return "";
  const lines = losses.slice(0, maxLosses).map(({ profile, tool, rules }) => {
    const text = rules.join("; ");
    return `  ${printable(`${profile} ${tool}: ${text.length > maxLossLength ? `${text.slice(0, maxLossLength)}…` : text}`)}\n`;
  });
  const more = losses.length > maxLosses ? `  and ${losses.length - maxLosses} more, in mcpc.lock.json\n` : "";
  return `rules that projections only describe:\n${lines.join("")}${more}`;
}

/** Describes how many entries a server has. */
export function inventory(summary: Pick<Summary, "tools" | "resources" | "resourceTemplates" | "prompts">): string {
  const parts = [
    count(summary.tools, "tool"),
    count(summary.resources, "resource"),
    count(summary.resourceTemplates, "resource template"),
    count(summary.prompts, "prompt"),
  ];
  return parts.filter((part) => !part.startsWith("0 ")).join(", ") || "an empty surface";
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function stopwatch(): { start(lap: string): void; table(): string } {
  const laps: { readonly lap: string; readonly at: number }[] = [];
  return {
    start: (lap) => void laps.push({ lap, at: performance.now() }),
    table: () => {
      const end = performance.now();
      const rows = laps.map(({ lap, at }, index) => [lap, (laps[index + 1]?.at ?? end) - at] as const);
      const total = ["total", end - (laps[0]?.at ?? end)] as const;
      return [...rows, total].map(([name, time]) => `${name.padEnd(12)}${time.toFixed(0).padStart(7)} ms\n`).join("");
    },
  };
}
