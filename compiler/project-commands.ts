import { Argument, Option, type Command } from "commander";
import { kinds, type Kind, type NewEntry } from "./add/new-entry.js";
import { templates, type Template } from "./init/project.js";
import { pairs, type Pairs } from "./option-values.js";
import { isColored, type Context } from "./surroundings.js";

/** Adds the commands that begin a project, or add to it. */
export function addProjectCommands(mcpc: Command, context: Context): void {
  mcpc
    .command("init")
    .description("a new project that builds, and passes its tests, at once")
    .argument("[folder]", "where to make it (default: the working directory)")
    .addOption(new Option("--template <name>", "how the server is reached (default: minimal)").choices(templates))
    .option("--name <name>", "the name of the server (default: that of the folder)")
    .option("--yes", "ask nothing")
    .action((folder: string | undefined, options: InitializingOptions) => initialize(folder, options, context));
  mcpc
    .command("add")
    .description("one more entry in the manifest, and the stub of its handler")
    .addArgument(new Argument("<kind>", "what to add").choices(kinds))
    .argument("<name>", "its name")
    .option("--description <text>", "what it is for")
    .option("--uri <uri>", "of a resource the URI, of a template the URI template")
    .option("--file <manifest>", "the manifest to edit, where there are several")
    .option("--folder <folder>", "the project folder", ".")
    .action((kind: Kind, name: string, options: AddingOptions) => addEntry({ kind, name }, options, context));
  mcpc
    .command("import")
    .description("a manifest for a server or an API that exists, of any make")
    .argument("<source>", "stdio:COMMAND, a URL, a JSON file of lists, or an OpenAPI document (file or URL)")
    .option("--out <file>", "the manifest to write, or to merge into (default: by the server's name)")
    .option("--folder <folder>", "the project folder", ".")
    .addOption(
      new Option(
        "--handlers <kind>",
        "what answers calls: stubs to fill in, or the server itself, behind this one (default: stub)",
      ).choices(["stub", "proxy"]),
    )
    .option("--header <name: value>", "a header for a server at a URL (may be repeated)", pairs(":"))
    .option("--env <name=value>", "a variable for a server that is started (may be repeated)", pairs("="))
    .action((source: string, options: ImportingOptions) => importLists(source, options, context));
  mcpc
    .command("doctor")
    .description("what of the environment would make a build or the server fail, and what to do")
    .argument("[folder]", "the project folder", ".")
    .addOption(new Option("--format <format>", "how to report").choices(["pretty", "json"]).default("pretty"))
    .action((folder: string, { format }: { format: "pretty" | "json" }) => examine(folder, format, context));
}

interface InitializingOptions {
  readonly template?: Template;
  readonly name?: string;
  readonly yes?: true;
}

async function initialize(
  folder: string | undefined,
  { template, name, yes }: InitializingOptions,
  { cwd, env, stdout, stderr, end }: Context,
): Promise<void> {
  const { init } = await import("./init/index.js");
  const code = await init({
    folder,
    template,
    name,
    asks: !yes && !env["CI"] && env["TERM"] !== "dumb" && stdout.isTTY === true && process.stdin.isTTY === true,
    cwd,
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
  });
  end(code);
}

interface AddingOptions {
  readonly description?: string;
  readonly uri?: string;
  readonly file?: string;
  readonly folder: string;
}

async function addEntry(
  { kind, name }: Pick<NewEntry, "kind" | "name">,
  { description, uri, file, folder }: AddingOptions,
  { cwd, env, stdout, stderr, end }: Context,
): Promise<void> {
  const { add } = await import("./add/index.js");
  const code = await add({
    entry: { kind, name, description, uri },
    folder,
    file,
    cwd,
    color: isColored(stderr, env),
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
  });
  end(code);
}

interface ImportingOptions {
  readonly out?: string;
  readonly folder: string;
  readonly handlers?: "stub" | "proxy";
  readonly header?: Pairs;
  readonly env?: Pairs;
}

async function importLists(
  source: string,
  { out, folder, handlers, header = {}, env: variables = {} }: ImportingOptions,
  { cwd, env, stdout, stderr, end }: Context,
): Promise<void> {
  const { importSurface } = await import("./import/index.js");
  const code = await importSurface({
    ...{ source, out, folder, handlers, cwd, headers: header, env: variables },
    color: isColored(stderr, env),
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
  });
  end(code);
}

async function examine(folder: string, format: "pretty" | "json", { cwd, env, stdout, end }: Context): Promise<void> {
  const { doctor } = await import("./doctor/index.js");
  end(
    await doctor({
      folder,
      cwd,
      env,
      format,
      color: isColored(stdout, env),
      stdout: (text) => void stdout.write(text),
    }),
  );
}
