import { basename, relative, resolve } from "node:path";
import { printable } from "../diagnostics/printable.js";
import { bytesOf, HostError, textOf, type Change, type Host } from "../host.js";
import { createFolder } from "../host-node/files.js";
import { nodeHost } from "../host-node/index.js";
import { templateFiles } from "../host-node/templates.js";
import { version } from "../package-folder.js";
import { nameOf, projectFiles, projectName, type ProjectFile, type Template } from "./project.js";
import { ask } from "./questions.js";

export interface InitOptions {
  readonly folder?: string | undefined;
  readonly template?: Template | undefined;
  readonly name?: string | undefined;
  /** Whether to ask on the terminal for what is not given. */
  readonly asks: boolean;
  /** The working directory, absolute. */
  readonly cwd: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Runs `mcpc init`: writes a new project, and returns the exit code (0; 1 for a cancelled question; 2 for a refusal). */
export async function init(options: InitOptions): Promise<number> {
  const { cwd, stdout, stderr, asks } = options;
  const isComplete = options.folder !== undefined && options.template !== undefined;
  const answers =
    asks && !isComplete
      ? await ask(options, isEmpty(nodeHost(".", cwd)) ? "." : "my-server")
      : { folder: options.folder ?? ".", template: options.template ?? "minimal" };
  if (!answers) {
    stderr("cancelled: nothing was written\n");
    return 1;
  }
  const root = resolve(cwd, answers.folder);
  const name = options.name ?? nameOf(basename(root));
  if (!projectName.test(name))
    return refuse(`the name ${JSON.stringify(name)} must have the form words-with-hyphens, in lower case`, stderr);
  createFolder(root);
  const host = nodeHost(root, cwd);
  const [manifest] = host.find(["**/*.mcp.json"], ["**/node_modules/**"]);
  if (manifest !== undefined)
    return refuse(`${printable(answers.folder)} is a project already: it has ${printable(manifest)}`, stderr);
  const files = newFiles(host, answers.template, name);
  const kept = files.filter(({ path }) => path !== "package.json" && host.read(path) !== undefined);
  host.commit(files.filter((file) => !kept.includes(file)).map(changeOf));
  stdout(success(name, answers.template, relative(cwd, root), files.length - kept.length, kept));
  return 0;
}

function refuse(reason: string, stderr: InitOptions["stderr"]): number {
  stderr(`error: ${reason}\n`);
  return 2;
}

function newFiles(host: Host, template: Template, name: string): ProjectFile[] {
  const bytes = host.read("package.json");
  const packageJson = bytes && textOf(bytes);
  try {
    return projectFiles({ template, name, version, packageJson }, templateFiles);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HostError(`"package.json" cannot be read: ${error.message}`);
  }
}

function changeOf({ path, text }: ProjectFile): Change {
  return { path, bytes: bytesOf(text) };
}

function isEmpty(host: Host): boolean {
  return host.find(["*"], []).length === 0;
}

function success(
  name: string,
  template: Template,
  folder: string,
  written: number,
  kept: readonly ProjectFile[],
): string {
  const steps = [...(folder === "" ? [] : [`cd ${quoted(folder)}`]), "npm install", "npm test", "npm run dev"];
  return [
    `${name}: a new ${template} server, ${written} files written`,
    ...kept.map(({ path }) => `  ${path} was there already, and is as it was`),
    "next:",
    ...steps.map((step) => `  ${step}`),
    "",
  ].join("\n");
}

/** Returns a path as a shell reads it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${printable(path).replaceAll("'", "'\\''")}'`;
}
