import { spawn } from "node:child_process";
import * as fs from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { Load, Report } from "@mcpc/runtime/codegen/v1/dev";
import { withHostErrors } from "./files.js";
import { temporaryFolder } from "./temporary-folder.js";

const outputMs = 1000;

/** A process that runs a project's server, one version after another. */
export interface ServingProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  send(message: Load | { readonly announce: readonly string[] }): void;
  signal(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
  readonly ended: Promise<Ending>;
}

/** The end of a process. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * Starts a process that runs the runtime's `script`. It does not get the terminal's Ctrl-C, which this process
 * forwards, and it ends with this process at the latest.
 */
export function servingProcess(
  script: string,
  args: readonly string[],
  cwd: string,
  onReport: (report: Report) => void,
): ServingProcess {
  const child = spawn(process.execPath, ["--enable-source-maps", script, ...args], {
    cwd,
    detached: process.platform !== "win32",
    stdio: ["pipe", "pipe", "inherit", "ipc", "pipe"],
  });
  child.on("message", (message) => onReport(message as Report));
  const pipe = child.stdio[4] as unknown as Socket;
  pipe.on("error", () => {});
  child.stdin!.on("error", () => {});
  return {
    stdin: child.stdin!,
    stdout: child.stdout!,
    send: (message) => {
      if (child.connected) child.send(message, () => {});
    },
    signal: (signal) => void child.kill(signal),
    ended: new Promise((resolve) => {
      child.once("error", (error) => resolve({ code: null, signal: error.message }));
      // `close` comes after all output; child processes of the server may keep the streams open, hence the timer.
      child.once("close", (code, signal) => resolve({ code, signal }));
      child.once("exit", (code, signal) => setTimeout(resolve, outputMs, { code, signal }).unref());
    }),
  };
}

/** The folder with the modules of a running project. It exists as long as this process. */
export interface ModuleFolder {
  /** Returns the existing files, because an installation of packages may remove the folder. */
  names(): ReadonlySet<string>;
  write(texts: ReadonlyMap<string, string>): void;
  urlOf(name: string): string;
  remove(): void;
}

export function moduleFolder(root: string): ModuleFolder {
  const folder = temporaryFolder(root, "dev");
  return {
    names: () => new Set(fs.existsSync(folder) ? fs.readdirSync(folder) : []),
    write: (texts) =>
      withHostErrors(folder, () => {
        // The path stays the same, so that the server's loaded modules remain valid.
        fs.mkdirSync(folder, { recursive: true });
        for (const [name, text] of texts) fs.writeFileSync(join(folder, name), text);
      }),
    urlOf: (name) => pathToFileURL(join(folder, name)).href,
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
