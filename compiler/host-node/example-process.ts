import { fork, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { join, resolve } from "node:path";
import type { ExampleCall, ExampleReply, ExampleSettings } from "@mcpc/runtime/codegen/v1/examples";
import { HostError } from "../host.js";
import { temporaryFolder } from "./temporary-folder.js";

export interface ExampleProcessOptions {
  /** The project's folder, also the working directory of the handlers. */
  readonly root: string;
  readonly settings: ExampleSettings;
  /** Time limit of a call. */
  readonly timeoutMs: number;
  /** Takes the output of handlers. */
  readonly output: (text: string) => void;
}

type Reply = ExampleReply | { readonly lost: string };

/** Time limits for the start of a process and for its end. */
const startMs = 60_000;
const graceMs = 5_000;

/**
 * Makes calls in a separate process, one by one, and reports each reply. A call that hangs or crashes the process is
 * lost; the next one gets a new process.
 */
export async function callExamples(
  script: string,
  calls: readonly ExampleCall[],
  options: ExampleProcessOptions,
  onReply: (reply: Reply, durationMs: number) => void,
): Promise<void> {
  const folder = temporaryFolder(options.root, "test");
  const file = join(folder, "examples.mjs");
  let runner: Runner | undefined;
  try {
    fs.writeFileSync(file, script);
    for (const call of calls) {
      runner ??= start(file, options);
      const startFailure = await runner.started;
      const from = performance.now();
      const reply = startFailure ?? (await runner.ask(call, options.timeoutMs));
      onReply(reply as Reply, performance.now() - from);
      // A process that could not start would fail again.
      if ("lost" in reply && startFailure === undefined) {
        await runner.kill();
        runner = undefined;
      }
    }
    await runner?.stop();
  } finally {
    await runner?.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

interface Runner {
  /** Resolves with the reason if the process could not start. */
  readonly started: Promise<{ readonly lost: string } | undefined>;
  ask(message: unknown, withinMs: number): Promise<object>;
  /** Stops the server like a signal. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

function start(file: string, { root, settings, output }: ExampleProcessOptions): Runner {
  const child = fork(file, { cwd: root, execArgv: ["--enable-source-maps"], stdio: ["ignore", "pipe", "pipe", "ipc"] });
  let printed = "";
  const print = (chunk: Buffer): void => {
    printed = (printed + String(chunk)).slice(-2000);
    output(String(chunk));
  };
  child.stdout!.on("data", print);
  child.stderr!.on("data", print);
  const ended = endOf(child);
  const ask = async (message: unknown, withinMs: number): Promise<object> => {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<object>((resolve) => {
      child.once("message", (reply) => resolve(reply as object));
      timer = setTimeout(() => resolve({ lost: `no answer within ${withinMs} ms` }), withinMs);
      child.send(message as object, () => {});
    });
    const reply = await Promise.race([answer, ended]);
    clearTimeout(timer);
    child.removeAllListeners("message");
    return typeof reply === "string" ? { lost: `${reply}${tail(printed)}` } : reply;
  };
  return {
    started: ask(settings, startMs).then((reply) => {
      if ("lost" in reply) return reply as { readonly lost: string };
      return "failed" in reply ? { lost: `the server could not start: ${String(reply.failed)}` } : undefined;
    }),
    ask,
    async stop() {
      child.send("stop", () => {});
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Resolves with a description of the end of the process. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(`the process ended with ${signal ?? `exit code ${code}`}`));
    child.once("error", (error) => resolve(`no process could be started: ${error.message}`));
  });
}

/** Returns the last lines of output, which often contain the reason for the end. */
function tail(printed: string): string {
  const text = printed.trimEnd();
  return text === "" ? "" : `; it printed last:\n${text.split("\n").slice(-10).join("\n")}`;
}

/** Reads a configuration file as a server does. */
export function readSettings(path: string, cwd: string): ExampleSettings {
  let text: string;
  try {
    text = fs.readFileSync(resolve(cwd, path), "utf8");
  } catch (error) {
    throw new HostError(`the configuration file ${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return { file: { path, values: JSON.parse(text.replace(/^\uFEFF/, "")) as unknown } };
  } catch {
    throw new HostError(`the configuration file ${path} is not JSON`);
  }
}
