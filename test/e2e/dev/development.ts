import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFailed, onTestFinished } from "vitest";
import { rawStdio, type RawStdio } from "../raw-stdio.js";

export const cli = join(import.meta.dirname, "..", "..", "..", "compiler", "dist", "cli.js");

export interface Development {
  readonly url: URL;
  readonly pid: number;
  /** The rest of the line that is said next and begins so, or a line of a diagnostic that does. */
  said(pattern: RegExp): Promise<string>;
  /** All that was said. */
  readonly stderr: () => string;
  /** Sends a signal; the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Waits for what a stream says, each thing after the one before. */
export function listener(stream: NodeJS.ReadableStream): { said(pattern: RegExp): Promise<string>; text(): string } {
  let text = "";
  let heard = 0;
  let look = (): void => {};
  stream.on("data", (chunk: Buffer) => {
    text += chunk;
    look();
  });
  return {
    said: (pattern) =>
      new Promise((resolve) => {
        look = () => {
          const found = pattern.exec(text.slice(heard));
          if (found === null) return;
          heard += found.index + found[0].length;
          look = () => {};
          resolve(found[0]);
        };
        look();
      }),
    text: () => text,
  };
}

/** `mcpc dev` of a project, over HTTP on any free port. */
export async function develop(
  folder: string,
  env: Readonly<Record<string, string>> = {},
  ...options: string[]
): Promise<Development> {
  const process = spawn("node", [cli, "dev", folder, "--transport", "http", "--port", "0", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...globalThis.process.env, ...env },
  });
  onTestFinished(() => void process.kill("SIGKILL"));
  const { said, text } = listener(process.stderr);
  onTestFailed(() => console.error(text()));
  const exited = once(process, "exit").then(([code]) => code as number | null);
  const ended = exited.then((code) => {
    throw new Error(`mcpc dev ended with ${code}: ${text()}`);
  });
  ended.catch(() => {});
  const heard = (pattern: RegExp): Promise<string> => Promise.race([said(pattern), ended]);
  const address = await heard(/listening on \S+/);
  await heard(/ built in .*/);
  return {
    url: new URL(address.slice("listening on ".length)),
    pid: process.pid!,
    said: heard,
    stderr: text,
    async stop(signal = "SIGTERM") {
      process.kill(signal);
      return exited;
    },
  };
}

/** `mcpc dev` of a project as a client on standard streams starts it. */
export function developOnStdio(folder: string, ...options: string[]): RawStdio {
  const server = rawStdio("node", [cli, "dev", folder, ...options], undefined);
  onTestFinished(() => {
    try {
      process.kill(server.pid, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  });
  return server;
}
