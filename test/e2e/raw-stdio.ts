import { spawn } from "node:child_process";
import { once } from "node:events";

type Message = {
  id?: number | string;
  result?: any;
  error?: { code: number; message: string; data?: any };
  [key: string]: unknown;
};

export interface RawStdio {
  /** Writes as given; nothing is added. */
  write(text: string | Uint8Array): void;
  request(method: string, params?: unknown): Promise<Message>;
  /** The next message that is no answer to `request`. */
  next(): Promise<Message>;
  initialize(version?: string): Promise<Message>;
  readonly pid: number;
  readonly exited: Promise<number | null>;
  /** Ends the input and waits for the process to end. */
  end(): Promise<number | null>;
  stderr(): string;
}

/** A server process, spoken to line by line, with nothing between the test and the wire. */
export function rawStdio(
  command: string,
  args: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): RawStdio {
  const child = spawn(command, args, {
    stdio: "pipe",
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  const waiting = new Map<unknown, (message: Message) => void>();
  const others: Message[] = [];
  const readers: ((message: Message) => void)[] = [];
  let rest = "";
  let stderr = "";
  let id = 1000;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const message = JSON.parse(line) as Message;
      const answered = waiting.get(message.id);
      waiting.delete(message.id);
      const reader = answered ?? readers.shift();
      if (reader) reader(message);
      else others.push(message);
    }
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk));
  child.stdin.on("error", () => {});
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const ended = exited.then((code): never => {
    throw new Error(`the server ended with ${code}: ${stderr}`);
  });
  ended.catch(() => {});
  const request = (method: string, params?: unknown): Promise<Message> => {
    id += 1;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) })}\n`);
    return Promise.race([answer, ended]);
  };
  return {
    write: (text) => void child.stdin.write(text),
    request,
    next: () =>
      Promise.race([
        new Promise<Message>((resolve) => (others.length > 0 ? resolve(others.shift()!) : readers.push(resolve))),
        ended,
      ]),
    initialize: async (version = "2025-11-25") => {
      const result = await request("initialize", {
        protocolVersion: version,
        capabilities: {},
        clientInfo: { name: "raw", version: "1" },
      });
      child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
      return result;
    },
    pid: child.pid!,
    exited,
    end: () => {
      child.stdin.end();
      return exited;
    },
    stderr: () => stderr,
  };
}
