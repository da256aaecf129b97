import { relative, sep } from "node:path";
import { compile, type Compilation, type Phase } from "./compile.js";
import type { Diagnostic } from "./diagnostics/diagnostic.js";
import { formatGithub } from "./diagnostics/github.js";
import { formatJson } from "./diagnostics/json.js";
import { formatPretty } from "./diagnostics/render.js";
import type { Report } from "./diagnostics/report.js";
import type { Host } from "./host.js";
import { nodeHost } from "./host-node.js";
import type { Server } from "./model/server.js";

export interface CommandOptions {
  readonly format: "pretty" | "json" | "github";
  readonly strict?: true;
  readonly force?: true;
  readonly verbose?: true;
  readonly color: boolean;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly entering: (phase: Phase) => void;
}

/** `mcpc build` and `mcpc check`: compiles each folder, reports on all, and returns the exit code (0 or 1). */
export async function compileFolders(
  mode: "build" | "check",
  folders: readonly string[],
  options: CommandOptions,
): Promise<number> {
  const reports: Report[] = [];
  for (const host of folders.map(nodeHost)) {
    const laps = stopwatch();
    const compilation = await compile(host, {
      mode,
      force: options.force ?? false,
      entering: (phase) => {
        laps.start(phase);
        options.entering(phase);
      },
    });
    const diagnostics = options.strict ? compilation.diagnostics.map(promoted) : compilation.diagnostics;
    const report = { diagnostics, textOf: (path: string) => textOf(host, path), prefix: prefix(host) };
    reports.push(report);
    if (options.format === "pretty") {
      options.stderr(formatPretty(report, options));
      if (!failed(report)) options.stdout(success(mode, compilation, report.prefix));
    }
    if (options.verbose) options.stderr(laps.table());
  }
  if (options.format === "json") options.stdout(formatJson(reports));
  if (options.format === "github") options.stdout(formatGithub(reports));
  return reports.some(failed) ? 1 : 0;
}

function failed(report: Report): boolean {
  return report.diagnostics.some(({ severity }) => severity === "error");
}

function promoted(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: "error" };
}

function textOf(host: Host, path: string): string | undefined {
  const bytes = host.read(path);
  return bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function prefix(host: Host): string {
  const path = relative(process.cwd(), host.root).split(sep).join("/");
  return path === "" ? "" : `${path}/`;
}

function success(mode: "build" | "check", { server, changed }: Compilation, prefix: string): string {
  if (!server) return "";
  const what = `${String(server.info["name"])}: ${inventory(server)}`;
  if (mode === "check") return `${what}: no errors\n`;
  const files = changed.length === 0 ? "nothing to do" : `${count(changed.length, "file")} written`;
  return `${what} -> ${prefix}${server.layout.dist}/server.js (${files})\n`;
}

function inventory(server: Server): string {
  const parts = [
    count(server.tools.length, "tool"),
    count(server.resources.length, "resource"),
    count(server.resourceTemplates.length, "resource template"),
    count(server.prompts.length, "prompt"),
  ];
  return parts.filter((part) => !part.startsWith("0 ")).join(", ") || "an empty surface";
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function stopwatch(): { start(phase: Phase): void; table(): string } {
  const laps: { readonly phase: Phase; readonly at: number }[] = [];
  return {
    start: (phase) => void laps.push({ phase, at: performance.now() }),
    table: () => {
      const end = performance.now();
      const rows = laps.map(({ phase, at }, index) => [phase, (laps[index + 1]?.at ?? end) - at] as const);
      const total = ["total", end - (laps[0]?.at ?? end)] as const;
      return [...rows, total].map(([name, time]) => `${name.padEnd(12)}${time.toFixed(0).padStart(7)} ms\n`).join("");
    },
  };
}
