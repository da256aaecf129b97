import { fork, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { join, resolve } from "node:path";
import type { ExampleCall, ExampleReply, ExampleSettings } from "@mcpc/runtime/codegen/v1/examples";
import { HostError } from "../host.js";
import { temporaryFolder } from "./temporary-folder.js";

export interface ExampleProcessOptions {
  /** The project; also the working directory of the handlers. */
  readonly root: string;
  readonly settings: ExampleSettings;
  /** How long one call may take. */
  readonly timeoutMs: number;
  /** Takes the output of handlers. */
  readonly output: (text: string) => void;
}

type Reply = ExampleReply | { readonly lost: string };

/** How long a process may take until it answers, and until it has stopped. */
const startMs = 60_000;
const graceMs = 5_000;

/**
 * Makes calls in a process of their own, one after the other, and tells of each when it is over. A call that hangs, or
 * takes the process down with it, is lost; the next one gets a new process.
 */
export async function callExamples(
  script: string,
  calls: readonly ExampleCall[],
  options: ExampleProcessOptions,
  replied: (reply: Reply, durationMs: number) => void,
): Promise<void> {
  const folder = temporaryFolder(options.root, "test");
  const file = join(folder, "examples.mjs");
  let runner: Runner | undefined;
  try {
    fs.writeFileSync(file, script);
    for (const call of calls) {
      runner ??= start(file, options);
      const begun = await runner.started;
      const from = performance.now();
      const reply = begun ?? (await runner.ask(call, options.timeoutMs));
      replied(reply as Reply, performance.now() - from);
      // One that could not start would not the next time either.
      if ("lost" in reply && begun === undefined) {
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
  /** Why it could not start; `undefined` when it did. */
  readonly started: Promise<{ readonly lost: string } | undefined>;
  ask(message: unknown, withinMs: number): Promise<object>;
  /** Stops the server, as a signal would. */
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
  const ended = ending(child);
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

/** Resolves with how the process ended. */
function ending(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(`the process ended with ${signal ?? `exit code ${code}`}`));
    child.once("error", (error) => resolve(`no process could be started: ${error.message}`));
  });
}

/** Returns the last lines of output: they often say why the process ended. */
function tail(printed: string): string {
  const text = printed.trimEnd();
  return text === "" ? "" : `; it printed last:\n${text.split("\n").slice(-10).join("\n")}`;
}

/** The settings of a configuration file, as a server reads it. */
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
