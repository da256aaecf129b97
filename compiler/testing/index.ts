import { pathToFileURL } from "node:url";
import { compileExamples } from "../compile-examples.js";
import { prefix, promoted, textOf } from "../command.js";
import type { Phase } from "../compile.js";
import { hasErrors } from "../diagnostics/diagnostic.js";
import { printable } from "../diagnostics/printable.js";
import { formatGithub as formatDiagnosticsForGithub } from "../diagnostics/github.js";
import { formatPretty as formatDiagnostics } from "../diagnostics/render.js";
import type { Host } from "../host.js";
import { callExamples, readSettings } from "../host-node/example-process.js";
import { nodeHost } from "../host-node/index.js";
import { judge, nameOf, type ExampleResult } from "./example.js";
import { formatGithub, formatJson, formatJunit } from "./formats.js";
import { formatPretty } from "./pretty.js";
import type { TestReport } from "./report.js";

export interface TestOptions {
  readonly format: "pretty" | "json" | "junit" | "github";
  /** Selects examples whose tool or name contains this text. */
  readonly filter?: string;
  /** The configuration file of the server. */
  readonly config?: string;
  readonly timeoutMs: number;
  readonly strict?: true;
  readonly color: boolean;
  /** The absolute working directory, to which folders, the configuration file and reported paths are relative. */
  readonly cwd: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly onPhase: (phase: Phase) => void;
}

/** Runs `mcpc test`: calls the examples of each folder, reports the results, and returns the exit code (0, 1 or 2). */
export async function testFolders(folders: readonly string[], options: TestOptions): Promise<number> {
  const settings = options.config === undefined ? {} : readSettings(options.config, options.cwd);
  const reports: TestReport[] = [];
  for (const host of folders.map((folder) => nodeHost(folder, options.cwd))) {
    const report = await testFolder(host, settings, options);
    reports.push(report);
    if (options.format === "pretty") {
      options.stderr(formatDiagnostics(report, options));
      if (report.results.length > 0) options.stdout(formatPretty(report, options));
      else if (!hasErrors(report.diagnostics)) options.stdout(nothingToTest(report, options));
    }
  }
  if (options.format === "json") options.stdout(formatJson(reports));
  if (options.format === "junit") options.stdout(formatJunit(reports));
  if (options.format === "github") options.stdout(formatDiagnosticsForGithub(reports) + formatGithub(reports));
  if (reports.some(hasFailed)) return 1;
  if (options.filter === undefined || reports.some(({ results }) => results.length > 0)) return 0;
  if (options.format !== "pretty")
    options.stderr(`${printable(`no example matches ${JSON.stringify(options.filter)}`)}\n`);
  return 2;
}

async function testFolder(
  host: Host,
  settings: ReturnType<typeof readSettings>,
  { filter, timeoutMs, strict, cwd, stderr, onPhase }: TestOptions,
): Promise<TestReport> {
  const project = await compileExamples(
    host,
    (tool, example) => filter === undefined || tool.name.includes(filter) || nameOf(example).includes(filter),
    onPhase,
  );
  const { name, examples, script } = project;
  const diagnostics = strict ? project.diagnostics.map(promoted) : project.diagnostics;
  const results: ExampleResult[] = [];
  if (script !== undefined && !hasErrors(diagnostics)) {
    const calls = examples.map(({ tool, example }) => ({ tool: tool.name, arguments: example.arguments }));
    const running = { root: host.root, settings, timeoutMs, output: stderr };
    await callExamples(script, calls, running, (reply, durationMs) => {
      const { tool, example } = examples[results.length]!;
      results.push(withProjectFrames(judge(tool, example, { reply, durationMs }), host, prefix(host, cwd)));
    });
  }
  return { diagnostics, name, results, textOf: (path) => textOf(host, path), prefix: prefix(host, cwd) };
}

/** Reduces a stack to the frames in the project's own code. */
function withProjectFrames(result: ExampleResult, host: Host, prefix: string): ExampleResult {
  const { failure } = result;
  if (failure?.stack === undefined) return result;
  const folder = `${pathToFileURL(host.root).href}/`;
  const lines = failure.stack.replaceAll(folder, `${host.root}/`).split("\n");
  const isForeign = (line: string): boolean =>
    /^\s+at /.test(line) && (!line.includes(`${host.root}/`) || line.includes("/node_modules/"));
  const stack = lines
    .filter((line) => !isForeign(line))
    .join("\n")
    .replaceAll(`${host.root}/`, prefix);
  return { ...result, failure: { ...failure, stack } };
}

function hasFailed({ diagnostics, results }: TestReport): boolean {
  return hasErrors(diagnostics) || results.some(({ failure }) => failure !== undefined);
}

function nothingToTest({ name }: TestReport, { filter }: TestOptions): string {
  if (filter !== undefined) return `${printable(`${name}: no example matches ${JSON.stringify(filter)}`)}\n`;
  return `${printable(name)}: no examples; a tool's "examples" in the manifest are what is tested\n`;
}
