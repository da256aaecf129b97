import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { MessageChannel, receiveMessageOnPort, SHARE_ENV, Worker } from "node:worker_threads";
import { afterAll, onTestFinished } from "vitest";
import { cacheFolder } from "../../compiler/host-node/cache-folder.js";

export const cli = join(import.meta.dirname, "..", "..", "compiler", "dist", "cli.js");

/** A project in an empty folder outside the repository, removed with the test. */
export function project(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-project-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  write(folder, files);
  return folder;
}

/** The same for all tests of a file, in which it is made by `beforeAll`. */
export function kept(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-project-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  write(folder, files);
  return folder;
}

/** Texts and bytes as they are, anything else as JSON. */
export function write(folder: string, files: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const raw = typeof content === "string" || content instanceof Uint8Array;
    writeFileSync(join(folder, path), raw ? content : JSON.stringify(content, undefined, 2));
  }
}

/** A copy of a project that was built, with what its build left to later ones. */
export function copyOf(built: string): string {
  const folder = project({});
  cpSync(built, folder, { recursive: true });
  cpSync(cacheOf(built), cacheOf(folder), { recursive: true });
  return folder;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in a thread of this process: what a start of Node costs, tests of builds need not pay each time. */
export function mcpc(cwd: string, ...args: string[]): Outcome {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  commandThread().postMessage({ cwd, args, done, port: port2 }, [port2]);
  if (Atomics.wait(done, 0, 0, mostMs) === "timed-out") throw new Error(`mcpc ${args.join(" ")} does not end`);
  return receiveMessageOnPort(port1)!.message as Outcome;
}

const mostMs = 250_000;
let thread: Worker | undefined;

function commandThread(): Worker {
  if (thread === undefined) {
    const compiler = pathToFileURL(cli).href;
    thread = new Worker(join(import.meta.dirname, "command-thread.mjs"), { workerData: { compiler }, env: SHARE_ENV });
    thread.unref();
  }
  return thread;
}

/** Runs the command line in a process of its own, as its users do. */
export function mcpcProcess(cwd: string, ...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync("node", [cli, ...args], { cwd, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

/** The processes whose command line includes this, of a parent or of any; none where only Linux could tell. */
export function processes(told: string, parent?: number): number[] {
  if (!existsSync("/proc")) return [];
  const running = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const text = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      return "";
    }
  };
  const isOf = (pid: string): boolean =>
    parent === undefined || new RegExp(`^PPid:\\s*${parent}$`, "m").test(text(pid, "status"));
  return running.filter((pid) => isOf(pid) && text(pid, "cmdline").includes(told)).map(Number);
}

/** The folder in which builds of a project keep files for later ones. */
export function cacheOf(folder: string): string {
  return cacheFolder(realpathSync(folder))!.path;
}

/** Every file below a folder, by its path; a character for each byte. */
export function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const paths = files.map((file) => relative(folder, join(file.parentPath, file.name)));
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(folder, path), "latin1")]));
}
