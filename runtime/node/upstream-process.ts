import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { resolveValue, type Value } from "../protocol/environment.js";
import {
  maxMessageBytes,
  parseWireMessage,
  type UpstreamMessage,
  type Receiver,
  type ResolvedTransport,
  type UpstreamTransport,
  type UpstreamWire,
} from "../upstream/wire.js";

/** The definition of an upstream that a command starts, as in the manifest. */
export interface ProcessDefinition {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, Value>>;
  /** The working directory, relative to that of this process. */
  readonly cwd?: string;
}

const isWindows = process.platform === "win32";

/** Variables of this process that an upstream inherits. Others may hold secrets of this server. */
const inherited = (
  isWindows
    ? "APPDATA HOMEDRIVE HOMEPATH LOCALAPPDATA PATH PATHEXT PROCESSOR_ARCHITECTURE SYSTEMDRIVE SYSTEMROOT TEMP USERNAME USERPROFILE"
    : "HOME LANG LC_ALL LOGNAME PATH SHELL TERM TMPDIR TZ USER"
).split(" ");

/** Time for the process to end after its input, and after SIGTERM. */
const graceMs = 500;
const terminationMs = 2000;
/** Time for the last output of a process that has ended. */
const lastOutputMs = 500;
/** Bounds of the last lines of standard error. */
const maxLastLines = 10;
const maxLineLength = 500;

/** Starts an upstream as a process, and exchanges messages over its standard streams. */
export function startProcess(options: ProcessDefinition): UpstreamTransport {
  return {
    resolve(environment, problems): ResolvedTransport {
      const given = Object.entries(options.env ?? {}).map(
        ([name, value]) => [name, resolveValue(value, environment, problems)] as const,
      );
      const passed = inherited.flatMap((name) => {
        const value = environment[name];
        return value === undefined ? [] : [[name, value] as const];
      });
      const env = Object.fromEntries([...passed, ...given]);
      return {
        secrets: Object.values(options.env ?? {}).flatMap((value, index) =>
          typeof value === "object" ? given[index]![1] : [],
        ),
        open: (receiver) => processWire(options, env, receiver),
      };
    },
  };
}

function processWire(options: ProcessDefinition, env: NodeJS.ProcessEnv, receiver: Receiver): UpstreamWire {
  const { command, args = [] } = options;
  const cwd = resolvePath(options.cwd ?? ".");
  // Windows starts scripts such as npx.cmd only in a shell. A group of its own lets helpers of the process end with it.
  const child = isWindows
    ? spawn(quoted(command), args.map(quoted), { cwd, env, shell: true, windowsHide: true })
    : spawn(command, [...args], { cwd, env, detached: true });
  const lastLines: string[] = [];
  let isOver = false;
  let isClosing = false;
  let onOver = (): void => {};
  const over = new Promise<void>((resolve) => (onOver = resolve));
  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    process.off("exit", onExit);
    kill(child, "SIGKILL");
    onOver();
    if (!isClosing) receiver.end(reason, lastLines.join("\n"));
  };
  const onExit = (): void => kill(child, "SIGTERM");
  process.on("exit", onExit);
  child.on("error", ({ message }) =>
    end(existsSync(cwd) ? `it cannot be started (${message})` : `its working directory ${cwd} does not exist`),
  );
  child.on("close", (code, signal) => end(endOf(code, signal)));
  // A helper process may keep the streams open.
  child.on("exit", (code, signal) => setTimeout(() => end(endOf(code, signal)), lastOutputMs).unref());
  child.stdin.on("error", () => {});
  readLines(child.stderr, (line) => {
    if (line.trim() === "") return;
    lastLines.push(line.slice(0, maxLineLength));
    if (lastLines.length > maxLastLines) lastLines.shift();
    receiver.log("debug", line);
  });
  let isReported = false;
  readLines(
    child.stdout,
    (line) => {
      const message = parseWireMessage(line);
      if (message !== undefined) receiver.receive(message);
      else if (line.trim() !== "" && !isReported) {
        isReported = true;
        receiver.log("warning", "writes to standard output what is no message; this is skipped", {
          line: line.slice(0, maxLineLength),
        });
      }
    },
    () => end(`it sent a message of more than ${maxMessageBytes / 2 ** 20} MB`),
  );
  return {
    hasStreams: false,
    send: async (message: UpstreamMessage) => {
      if (!isOver) child.stdin.write(`${JSON.stringify(message)}\n`);
    },
    async close() {
      isClosing = true;
      if (isOver) return;
      child.stdin.end();
      const timers = [
        setTimeout(() => kill(child, "SIGTERM"), graceMs),
        setTimeout(() => end("it did not end"), graceMs + terminationMs),
      ];
      await over;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function endOf(code: number | null, signal: string | null): string {
  return signal === null ? `it ended with the exit code ${code}` : `it was ended by ${signal}`;
}

/** Sends a signal to the process and its helpers. */
function kill({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    if (!isWindows) process.kill(-pid, signal);
    else if (exitCode === null && signalCode === null) process.kill(pid, signal);
  } catch {
    // All have ended.
  }
}

/** Reads lines. A line that is too long ends the reading. */
function readLines(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
  onTooLong: () => void = () => {},
): void {
  let pieces: string[] = [];
  let size = 0;
  stream.setEncoding("utf8");
  const onData = (text: string): void => {
    let from = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      pieces.push(text.slice(from, end));
      const line = pieces.join("");
      [pieces, size, from] = [[], 0, end + 1];
      onLine(line);
    }
    if (from === text.length) return;
    pieces.push(text.slice(from));
    size += text.length - from;
    if (size <= maxMessageBytes) return;
    pieces = [];
    stream.off("data", onData);
    stream.resume();
    onTooLong();
  };
  stream.on("data", onData);
  stream.on("error", () => {});
}

/** Quotes a word for the command shell of Windows. */
function quoted(word: string): string {
  return /^[\w.:\\/@=-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`;
}
