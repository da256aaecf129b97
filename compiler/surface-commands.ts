import { Option, type Command } from "commander";
import type { Output } from "./command.js";
import { formatNames, type Format } from "./diagnostics/report.js";
import { milliseconds, outputs, pairs, type Pairs } from "./option-values.js";
import { isColored, type Context } from "./surroundings.js";

const diffHelp = `
Exit codes: 0 when nothing breaks or the version is raised enough, 1 when something breaks and it is not,
2 when a side could not be had. mcpc explain RULE says what a rule means.
`;

const verifyHelp = `
Exit codes: 0 when the target is what the manifests say, 1 when it is not, 2 when it could not be had.
`;

/** Adds the commands that compare surfaces: `mcpc diff` and `mcpc verify`. */
export function addSurfaceCommands(mcpc: Command, context: Context): void {
  mcpc
    .command("diff")
    .description("what changed from one surface to another, and whether the version says what that breaks")
    .argument("<old>", "a project folder, a lock file, git:REV, stdio:COMMAND, a URL, or a JSON file of lists")
    .argument("[new...]", "likewise; several folders with git:REV (default: the working directory)")
    .addOption(new Option("--format <format>", "how to report").choices(formatNames).default("pretty"))
    .option("--output <format=file>", "write a report into a file as well (may be repeated)", outputs)
    .option("--strict", "take what is unknown for breaking, and refuse any version that is too low")
    .option("--verbose", "list changes that break nothing, too")
    .option("--changelog", "print an entry for a changelog, in Markdown")
    .option("--write-version", "raise the version in the manifest, package.json and server.json as the changes ask")
    .addOption(timeout())
    .option("--header <name: value>", "a header for a server at a URL (may be repeated)", pairs(":"))
    .option("--env <name=value>", "a variable for a server that is started (may be repeated)", pairs("="))
    .addHelpText("after", diffHelp)
    .action((old: string, sides: string[], options: ComparingOptions) =>
      compareSurfaces(old, sides.length > 0 ? sides : ["."], options, context),
    );
  mcpc
    .command("verify")
    .description("whether a running or published server still is what the manifests say")
    .argument("<target>", "stdio:COMMAND, a URL, a lock file, or a JSON file of lists")
    .argument("[folder]", "project folder", ".")
    .addOption(new Option("--format <format>", "how to report").choices(formatNames).default("pretty"))
    .option("--output <format=file>", "write a report into a file as well (may be repeated)", outputs)
    .option("--strict", "treat warnings as errors")
    .option("--calls", "also call the examples of tools with readOnlyHint, and compare the results")
    .addOption(timeout())
    .option("--header <name: value>", "a header for a server at a URL (may be repeated)", pairs(":"))
    .option("--env <name=value>", "a variable for a server that is started (may be repeated)", pairs("="))
    .addHelpText("after", verifyHelp)
    .action((target: string, folder: string, options: VerifyingOptions) =>
      verifyTarget(target, folder, options, context),
    );
}

function timeout(): Option {
  return new Option("--timeout <ms>", "how long a server may take for an answer")
    .default(60_000, "60000")
    .argParser(milliseconds);
}

interface ComparingOptions {
  readonly format: Format;
  readonly output?: readonly Output[];
  readonly strict?: true;
  readonly verbose?: true;
  readonly changelog?: true;
  readonly writeVersion?: true;
  readonly header?: Pairs;
  readonly env?: Pairs;
  readonly timeout: number;
}

async function compareSurfaces(
  old: string,
  sides: readonly string[],
  options: ComparingOptions,
  { cwd, env, stdout, stderr, end }: Context,
): Promise<void> {
  const { diff } = await import("./diff/index.js");
  const code = await diff(old, sides, {
    format: options.format,
    ...(options.output && { output: options.output }),
    strict: options.strict ?? false,
    verbose: options.verbose ?? false,
    changelog: options.changelog ?? false,
    writeVersion: options.writeVersion ?? false,
    headers: options.header ?? {},
    env: options.env ?? {},
    timeoutMs: options.timeout,
    cwd,
    color: isColored(stdout, env),
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
  });
  end(code);
}

interface VerifyingOptions extends Pick<
  ComparingOptions,
  "format" | "output" | "strict" | "header" | "env" | "timeout"
> {
  readonly calls?: true;
}

async function verifyTarget(
  target: string,
  folder: string,
  options: VerifyingOptions,
  { cwd, env, stdout, stderr, end }: Context,
): Promise<void> {
  const { verify } = await import("./verify/index.js");
  const code = await verify(target, folder, {
    format: options.format,
    ...(options.output && { output: options.output }),
    strict: options.strict ?? false,
    calls: options.calls ?? false,
    timeoutMs: options.timeout,
    headers: options.header ?? {},
    env: options.env ?? {},
    cwd,
    color: isColored(stderr, env),
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
  });
  end(code);
}
