import { performance } from "node:perf_hooks";
import { relative } from "node:path";
import { compile, type Compilation, type Phase } from "./compile.js";
import { formatGithub } from "./diagnostics/github.js";
import { formatJson } from "./diagnostics/json.js";
import { formatPretty } from "./diagnostics/render.js";
import type { Diagnostic } from "./diagnostics/diagnostic.js";
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
  for (const folder of folders) {
    const host = nodeHost(folder);
    const clock = stopwatch();
    const compilation = await compile(host, {
      mode,
      ...(options.force && { force: true }),
      entering: (phase) => {
        clock.lap(phase);
        options.entering(phase);
      },
    });
    const diagnostics = options.strict ? compilation.diagnostics.map(promoted) : compilation.diagnostics;
    const report = { host, prefix: prefix(host), diagnostics, compilation };
    if (options.format === "pretty") print(mode, report, options);
    if (options.verbose) options.stderr(clock.summary());
    reports.push(report);
  }
  if (options.format === "json") options.stdout(formatJson(reports));
  if (options.format === "github") options.stdout(formatGithub(reports));
  return reports.some(({ diagnostics }) => diagnostics.some(({ severity }) => severity === "error")) ? 1 : 0;
}
