import { resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import type { Rename } from "./4-emit/index.js";
import type { Output } from "./command.js";
import type { Phase } from "./compile.js";
import { formatNames, type Format } from "./diagnostics/report.js";
import { printableLines } from "./diagnostics/printable.js";
import { HostError } from "./host.js";
import { namedFolders } from "./host-node/named-folders.js";
import { milliseconds, outputs, renames } from "./option-values.js";
import { version } from "./package-folder.js";
import { addProjectCommands } from "./project-commands.js";
import { progress } from "./progress.js";
import { addSurfaceCommands } from "./surface-commands.js";
import { exit, isColored, type Context, type Surroundings } from "./surroundings.js";

const devHelp = `
On stdio the client is whoever starts this command: a client's configuration can name it as the server's.
Each rebuild prints a line on standard error. If a build fails, its errors are printed and the last working version
keeps serving. Ctrl-C, or the end of the client, stops the server as it stops the built one.
`;

/** Runs the command in `args`, and returns its exit code: 0, 1 for errors, 2 for wrong usage, 70 for a bug. */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  let phase: Phase | undefined;
  let code: number = exit.clean;
  const onPhase = (entered: Phase): void => void (phase = entered);
  const report = (error: unknown): number => failure(error, phase, surroundings);
  try {
    await program({ ...surroundings, onPhase, report, end: (ended) => void (code = ended) }).parseAsync(args, {
      from: "user",
    });
    return code;
  } catch (error) {
    return report(error);
  }
}

function program(context: Context): Command {
  const { stdout, stderr } = context;
  const mcpc = new Command("mcpc")
    .description("Compiler for Model Context Protocol servers: *.mcp.json manifests in, a typed, validated server out.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(printableLines(text)),
    })
    .exitOverride();
  addProjectCommands(mcpc, context);
  checking(mcpc.command("build"), "check the manifests, generate code, type-check the handlers, bundle dist/server.js")
    .option("--force", "overwrite generated files that were edited by hand")
    .option("--prune", "delete handlers that no entry uses any more, where nothing was written into them")
    .option("--rename <old=new>", "let the handler of a renamed entry follow (may be repeated)", renames)
    .action((folders: string[], options: CheckingOptions) => run("build", folders, options, context));
  checking(mcpc.command("check"), "all that build checks, writing nothing; fails also when generated files are stale")
    .option("--fix", "first put right, in the manifests, every mistake that has but one remedy")
    .option("--explain-cost", "print the tokens of each entry, as models see it, and the field that costs most")
    .action((folders: string[], options: CheckingOptions) => run("check", folders, options, context));
  mcpc
    .command("test")
    .description("call every example of the manifests against its handler, and compare what comes of it")
    .argument("[folders...]", "project folders (default: the working directory)")
    .addOption(
      new Option("--format <format>", "how to report").choices(["pretty", "json", "junit", "github"]).default("pretty"),
    )
    .option("--filter <text>", "only examples whose tool or description contains this")
    .option("--config <file>", "settings for the server, as JSON; environment variables come before it")
    .addOption(
      new Option("--timeout <ms>", "how long a call may take").default(10_000, "10000").argParser(milliseconds),
    )
    .option("--strict", "treat warnings as errors")
    .action((folders: string[], options: TestingOptions) => test(folders, options, context));
  mcpc
    .command("dev")
    .description("build, serve, and watch: what changes is rebuilt and swapped while clients stay connected")
    .argument("[folder]", "project folder (default: the working directory)")
    .option("--transport <name>", "how it is served, stdio or http, as by the built server")
    .option("--host <address>", "where http listens")
    .option("--port <port>", "its port, 0 for any free one")
    .option("--config <file>", "settings for the server, as JSON; watched, too")
    .option("--log-level <level>", "least severity that the server logs")
    .option("--profile <name>", "the clients to list tools for, one of build.projections")
    .addHelpText("after", devHelp)
    .action((folder: string | undefined, options: DevelopmentOptions) => dev(folder, options, context));
  addSurfaceCommands(mcpc, context);
  mcpc
    .command("explain")
    .description("what a diagnostic or a rule of mcpc diff means; without CODE, a list of all")
    .argument("[code]", "such as name/duplicate")
    .action((code: string | undefined) => explain(code, context));
  return mcpc;
}

interface CheckingOptions {
  readonly format: Format;
  readonly output?: readonly Output[];
  readonly strict?: true;
  readonly force?: true;
  readonly fix?: true;
  readonly explainCost?: true;
  readonly prune?: true;
  readonly rename?: readonly Rename[];
  readonly verbose?: true;
  readonly watch?: true;
  readonly cache?: boolean;
}

function checking(command: Command, description: string): Command {
  return command
    .description(description)
    .argument("[folders...]", "project folders (default: the working directory)")
    .addOption(new Option("--format <format>", "how to report").choices(formatNames).default("pretty"))
    .option("--output <format=file>", "write a report into a file as well (may be repeated)", outputs)
    .option("--strict", "treat warnings as errors")
    .addOption(new Option("--watch", "there is none").hideHelp())
    .option("--verbose", "say how long each phase took")
    .option("--cache", "use what earlier builds have left (default: unless CI is set)")
    .option("--no-cache", "make everything anew, and leave nothing to later builds");
}

async function run(
  mode: "build" | "check",
  folders: readonly string[],
  options: CheckingOptions,
  { cwd, env, stdout, stderr, typeChecker, onPhase, end }: Context,
): Promise<void> {
  if (options.watch) {
    stderr.write(`error: mcpc ${mode} has no --watch: mcpc dev builds, serves, and builds again when a file changes\n`);
    return end(exit.usage);
  }
  const { compileFolders } = await import("./command.js");
  const line = progress(stderr, env, () => performance.now());
  try {
    const code = await compileFolders(mode, namedOrHere(folders, cwd), {
      ...options,
      cwd,
      typeChecker,
      // CI builds releases, which must depend on nothing but their sources.
      cache: options.cache ?? !env["CI"],
      color: isColored(stderr, env),
      stdout: (text) => (line.clear(), stdout.write(text)),
      stderr: (text) => (line.clear(), stderr.write(text)),
      onPhase: (entered) => {
        onPhase(entered);
        line.onPhase(entered);
      },
    });
    end(code);
  } finally {
    line.clear();
  }
}

function namedOrHere(folders: readonly string[], cwd: string): readonly string[] {
  return folders.length > 0 ? namedFolders(folders, cwd) : ["."];
}

interface TestingOptions extends Pick<CheckingOptions, "strict"> {
  readonly format: "pretty" | "json" | "junit" | "github";
  readonly filter?: string;
  readonly config?: string;
  readonly timeout: number;
}

async function test(
  folders: readonly string[],
  { timeout, ...options }: TestingOptions,
  { cwd, env, stdout, stderr, onPhase, end }: Context,
): Promise<void> {
  const { testFolders } = await import("./testing/index.js");
  const code = await testFolders(namedOrHere(folders, cwd), {
    ...options,
    cwd,
    timeoutMs: timeout,
    color: isColored(stdout, env),
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    onPhase,
  });
  end(code);
}

type DevelopmentOptions = Readonly<
  Partial<Record<"transport" | "host" | "port" | "config" | "logLevel" | "profile", string>>
>;

/** Serves until it is stopped, then ends the process, since standard input may still be open. */
async function dev(
  folder: string | undefined,
  options: DevelopmentOptions,
  { env, stderr, onPhase, report }: Context,
): Promise<void> {
  const { dev } = await import("./dev/index.js");
  const file = options.config ?? env["MCPC_CONFIG"];
  const config = file ? resolve(file) : undefined;
  // The server runs in the project's folder, so the path must be absolute.
  if (config !== undefined) env["MCPC_CONFIG"] = config;
  const address = { transport: options.transport, host: options.host, port: options.port };
  const flags = Object.entries({
    ...{ ...address, "log-level": options.logLevel, profile: options.profile },
    ...(options.config !== undefined && { config }),
  });
  process.exitCode = await dev(folder ?? ".", {
    server: flags.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value])),
    transport: options.transport ?? env["MCPC_TRANSPORT"],
    config,
    streams: process,
    color: isColored(stderr, env),
    stderr: (text) => void stderr.write(text),
    onPhase,
    onInternalError: report,
    onStop: (stop) => ["SIGINT", "SIGTERM", "SIGHUP"].forEach((signal) => process.on(signal, stop)),
  });
  process.exit();
}

async function explain(code: string | undefined, { stdout, stderr, end }: Context): Promise<void> {
  const { explanation, listing, suggestion } = await import("./diagnostics/explain.js");
  if (code === undefined) return void stdout.write(listing());
  const text = explanation(code);
  if (text !== undefined) return void stdout.write(text);
  const meant = suggestion(code);
  stderr.write(
    `there is no diagnostic ${printableLines(JSON.stringify(code))}${meant ? `; did you mean ${JSON.stringify(meant)}?` : ""}\n` +
      "run mcpc explain for a list of all\n",
  );
  end(exit.usage);
}

/** Prints an error, and returns the exit code, which distinguishes user errors from bugs. */
function failure(error: unknown, phase: Phase | undefined, { stderr }: Surroundings): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.clean : exit.usage;
  if (error instanceof HostError) {
    stderr.write(`error: ${printableLines(error.message)}\n`);
    return exit.usage;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(
    `this is a bug in mcpc ${version}${phase ? `, in its ${phase} phase` : ""} (Node ${process.version}):\n${printableLines(detail)}\n`,
  );
  return exit.bug;
}
