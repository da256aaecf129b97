import { spawn } from "node:child_process";
import * as fs from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { Load, Report } from "@mcpc/runtime/codegen/v1/dev";
import { refusable } from "./files.js";
import { temporaryFolder } from "./temporary-folder.js";

const lastWordsMs = 1000;

/** A process in which a project's server runs, one version after the other. */
export interface ServingProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  say(message: Load | { readonly announce: readonly string[] }): void;
  signal(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
  readonly ended: Promise<Ending>;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * `script` is the runtime's. The process gets no Ctrl-C of the terminal's, which is this one's to pass on, and does not
 * outlive this one, whatever it is doing.
 */
export function servingProcess(
  script: string,
  args: readonly string[],
  cwd: string,
  reported: (report: Report) => void,
): ServingProcess {
  const child = spawn(process.execPath, ["--enable-source-maps", script, ...args], {
    cwd,
    detached: process.platform !== "win32",
    stdio: ["pipe", "pipe", "inherit", "ipc", "pipe"],
  });
  child.on("message", (message) => reported(message as Report));
  const pipe = child.stdio[4] as unknown as Socket;
  pipe.on("error", () => {});
  child.stdin!.on("error", () => {});
  return {
    stdin: child.stdin!,
    stdout: child.stdout!,
    say: (message) => {
      if (child.connected) child.send(message, () => {});
    },
    signal: (signal) => void child.kill(signal),
    ended: new Promise((resolve) => {
      child.once("error", (error) => resolve({ code: null, signal: error.message }));
      // Once all that it has written is read; what it has started itself may hold the streams open.
      child.once("close", (code, signal) => resolve({ code, signal }));
      child.once("exit", (code, signal) => setTimeout(resolve, lastWordsMs, { code, signal }).unref());
    }),
  };
}

/** The folder of a running project's modules, for as long as this process lives. */
export interface ModuleFolder {
  /** The files that are there: an installation of packages may remove the folder. */
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
      refusable(folder, () => {
        // At the same path: what the server has loaded of it stays loaded.
        fs.mkdirSync(folder, { recursive: true });
        for (const [name, text] of texts) fs.writeFileSync(join(folder, name), text);
      }),
    urlOf: (name) => pathToFileURL(join(folder, name)).href,
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
