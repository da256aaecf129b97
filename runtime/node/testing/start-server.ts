import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, type Client } from "../../testing/client.js";
import type { ConversationOptions } from "../../testing/conversation.js";
import type { AnySurface, SurfaceTypes } from "../../testing/surface.js";
import { reach, type Connect, type Reachable } from "../../testing/wire.js";
import { httpWire } from "./http-wire.js";
import { explanationIn, stdioWire } from "./stdio-wire.js";

export interface StartOptions<S extends SurfaceTypes = AnySurface> extends ConversationOptions<S> {
  /** The transport. Default: `stdio`. HTTP listens on a free port. */
  readonly transport?: "stdio" | "http";
  /** Options for the command line, such as `["--config", "test.json"]`. */
  readonly args?: readonly string[];
  /** Additional environment variables; `undefined` removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Headers for the client's requests over HTTP, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time limit for the start of the server. */
  readonly timeoutMs?: number;
}

/** A built server in a separate process. */
export interface RunningServer<S extends SurfaceTypes = AnySurface> extends Reachable {
  /** The client of the server, with the options of `startServer`. */
  readonly client: Client<S>;
  /** The address of the MCP endpoint. Throws for a server on standard streams. */
  readonly url: URL;
  readonly pid: number;
  /** The output so far. Over stdio it is standard error, to which `console.log` prints; over HTTP both streams. */
  readonly stderr: string;
  /** Stops the server as an operator would, and waits for its end. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Time limit for the server to stop by itself. */
const graceMs = 10_000;

/** Starts a built server, such as `dist/server.js`. The server ends with this process at the latest. */
export async function startServer<S extends SurfaceTypes = AnySurface>(
  script: string,
  options: StartOptions<S> = {},
): Promise<RunningServer<S>> {
  const { transport = "stdio", timeoutMs = 30_000, headers = {} } = options;
  const child = launch(script, transport, options);
  const output = outputOf(child, transport);
  const ended = exitOf(child, output);
  let url: URL | undefined;
  let client: Client<S> | undefined;
  let connected = false;

  const wireTo: Connect = (receive, { protocolVersion }) => {
    if (transport === "stdio" && connected)
      throw new Error("a server on standard streams has one client: start another, or use the transport http");
    connected = true;
    const wire =
      url === undefined ? stdioWire(child, ended, receive) : httpWire({ url, protocolVersion, headers }, receive);
    return { ...wire, explain: (errorId) => explanationIn(output.log(), errorId) };
  };

  const close = async (): Promise<void> => {
    await client?.close().catch(() => {});
    await stop(child, transport);
  };

  const running: RunningServer<S> = {
    [reach]: wireTo,
    get client() {
      return (client ??= createClient<S>(running, options));
    },
    get url() {
      if (url === undefined)
        throw new Error('a server on standard streams has no URL: start it with transport: "http"');
      return url;
    },
    pid: child.pid!,
    get stderr() {
      return output.text();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  const ready = transport === "http" ? output.line(/^listening on (\S+)$/m) : spawned(child);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new Error(`the server was not ready within ${timeoutMs} ms${printed(output)}`));
    timer = setTimeout(fail, timeoutMs);
  });
  try {
    const address = await Promise.race([ready, ended, late]);
    if (transport === "http") url = new URL(address!);
    // A server that cannot start fails before its first answer.
    else await Promise.race([running.client.listTools().catch(withoutTools), ended, late]);
    return running;
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Accepts a server without tools, which is ready, too. */
function withoutTools(error: unknown): void {
  if ((error as { code?: unknown }).code !== -32601) throw error;
}

function launch(script: string, transport: string, { args = [], env, cwd }: StartOptions<any>): ChildProcess {
  const preload = fileURLToPath(new URL("./exit-with-parent.js", import.meta.url));
  const http = transport === "http" ? ["--port", "0"] : [];
  return spawn(
    process.execPath,
    ["--import", preload, resolve(cwd ?? ".", script), "--transport", transport, ...http, ...args],
    { env: { ...process.env, ...env }, ...(cwd !== undefined && { cwd }), stdio: ["pipe", "pipe", "pipe", "ipc"] },
  );
}

interface Output {
  /** Returns the output; over HTTP that of both streams. */
  text(): string;
  /** Returns standard error. */
  log(): string;
  /** Resolves with the first match of the pattern's group in the log. */
  line(pattern: RegExp): Promise<string>;
}

function outputOf(child: ChildProcess, transport: "stdio" | "http"): Output {
  let all = "";
  let log = "";
  const looking: (() => void)[] = [];
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    all += text;
    log += text;
    for (const look of looking) look();
  });
  // Over stdio, standard output carries the protocol.
  if (transport === "http") child.stdout!.setEncoding("utf8").on("data", (text: string) => void (all += text));
  child.stdin!.on("error", () => {});
  return {
    text: () => all,
    log: () => log,
    line: (pattern) =>
      new Promise((found) => {
        const look = (): void => {
          const match = pattern.exec(log);
          if (match !== null) found(match[1]!);
        };
        looking.push(look);
        look();
      }),
  };
}

function spawned(child: ChildProcess): Promise<undefined> {
  return new Promise((done) => child.once("spawn", () => done(undefined)));
}

/** Returns a promise that rejects with the output when the process ends. */
function exitOf(child: ChildProcess, output: Output): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    // `close` comes after the last output; `exit` may come before it.
    child.once("close", (code, signal) =>
      reject(new Error(`the server ended with ${signal ?? `exit code ${code}`}${printed(output)}`)),
    );
    child.once("error", (error) => reject(new Error(`the server could not be started: ${error.message}`)));
  });
  ended.catch(() => {});
  return ended;
}

function printed(output: Output): string {
  const text = output.text().trimEnd();
  return text === "" ? "" : `:\n${text}`;
}

/** Stops the server: over stdio by closing its input, over HTTP by a signal. */
function stop(child: ChildProcess, transport: "stdio" | "http"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((stopped) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    child.once("close", () => {
      clearTimeout(timer);
      stopped();
    });
    if (transport === "stdio") child.stdin!.end();
    else child.kill("SIGTERM");
  });
}
