import { spawn } from "node:child_process";
import type { Connection, Message } from "../diff/connection.js";
import { HostError } from "../host.js";

const maxLineLength = 64 * 2 ** 20;
/** Time for the server to exit by itself. */
const graceMs = 2000;

/** Starts a server and connects to its standard streams. The command is split into words without a shell. */
export function processConnection(
  command: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  onMessage: (message: Message) => void,
  stderr: (text: string) => void,
): Connection {
  const [program, ...args] = wordsOf(command);
  if (program === undefined) throw new HostError("stdio: needs a command, such as stdio:npx some-server");
  const server = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  let isOver = false;
  let fail: (error: Error) => void = () => undefined;
  const over = new Promise<never>((_resolve, reject) => (fail = reject));
  over.catch(() => undefined);
  const end = (reason: string): void => {
    isOver = true;
    fail(new HostError(`${JSON.stringify(command)} ${reason}`));
  };
  server.on("error", (error) => end(`cannot be started: ${error.message}`));
  server.on("close", (code, signal) => end(`has ended before it answered (${signal ?? `exit code ${code}`})`));
  server.stdin.on("error", () => undefined);
  server.stderr.setEncoding("utf8").on("data", stderr);
  let pending = "";
  server.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (pending + text).split("\n");
    pending = lines.pop()!;
    if (pending.length > maxLineLength) return void server.kill("SIGKILL");
    for (const line of lines) {
      const message = parsed(line);
      if (message) onMessage(message);
    }
  });
  return {
    over,
    send: async (message) => void (isOver || server.stdin.write(`${JSON.stringify(message)}\n`)),
    close: () =>
      new Promise((resolve) => {
        if (isOver) return resolve();
        const kill = setTimeout(() => server.kill("SIGKILL"), graceMs);
        server.once("close", () => (clearTimeout(kill), resolve()));
        server.stdin.end();
        setTimeout(() => server.kill("SIGTERM"), graceMs / 4).unref();
      }),
  };
}

/** Parses a line of output; undefined for a line that is not JSON, which the protocol does not allow. */
function parsed(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** Splits a command into words; quoted words may contain blanks. */
export function wordsOf(command: string): string[] {
  return [...command.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\S)+/g)].map(([word]) =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_match, double?: string, single?: string) =>
      double === undefined ? (single ?? "") : double.replace(/\\(["\\])/g, "$1"),
    ),
  );
}
