import { drain, drainMs } from "../protocol/drain.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { lines, type LineTransport } from "../transports/stdio.js";
import { firstOutput } from "./first-output.js";

/** In bytes: a client that reads neither is given up before what it has not asked for fills the memory. */
const mostBuffered = 64 * 1024 * 1024;

export interface Serving {
  /** Ends when the input has ended, or the server was to stop, and all is answered. */
  readonly ended: Promise<void>;
  /** Lets what runs come to an end, and takes nothing new. */
  stop(): Promise<void>;
}

/** Serves one client on standard input and output. Nothing but the protocol is written to standard output. */
export function serveStdio(server: Server, auth?: Auth, limitMs = drainMs): Serving {
  const { stdin } = process;
  let stdout: typeof process.stdout | undefined;
  let gone = false;
  let finish!: () => void;
  const ended = new Promise<void>((resolve) => (finish = resolve));
  const first = firstOutput(finish);
  const write: LineTransport["write"] = (...all) => {
    if (gone) return;
    const parts = stdout === undefined ? first(all) : all;
    if (parts.length === 0) return;
    // The client is gone: there is nobody to answer.
    stdout ??= process.stdout.on("error", finish);
    if (parts.length > 1) stdout.cork();
    let ready = true;
    for (const part of parts) ready = stdout.write(part);
    if (parts.length > 1) stdout.uncork();
    if (ready || stdin.isPaused()) return;
    stdin.pause();
    stdout.once("drain", () => stdin.resume());
  };
  const told = (): void => {
    if (gone || stdout === undefined || stdout.writableLength <= mostBuffered) return;
    gone = true;
    server.logger("error", "the client does not read what it is sent; the server ends");
    finish();
  };
  const connection = lines(server, { write, told, later: process.nextTick }, auth);
  async function stop(): Promise<void> {
    await drain(server, limitMs);
    connection.close(new Error("the server is stopping"));
    // A write to a pipe may still be under way.
    if (stdout === undefined) finish();
    else stdout.write("", () => finish());
  }
  stdin.setEncoding("utf8");
  stdin.on("data", (text: string) => connection.take(text));
  stdin.on("end", () => {
    connection.end();
    void stop();
  });
  stdin.on("error", finish);
  return { ended, stop };
}
