import { drain, drainMs, type Urgency } from "../protocol/drain.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { lines, type LineTransport } from "../transports/stdio.js";
import { firstOutput } from "./first-output.js";
import { standardOutput } from "./standard-output.js";

/**
 * The maximum unread output in bytes. A client that exceeds it with messages that it has not requested is
 * disconnected.
 */
const maxBuffered = 64 * 1024 * 1024;

export interface Serving {
  /** Resolves when the server has stopped and answered everything, or the client is gone. */
  readonly ended: Promise<void>;
  /** Finishes running calls and accepts no new ones. */
  stop(hurry: Urgency): Promise<void>;
}

export interface StdioOptions {
  readonly auth: Auth | undefined;
  /** Time limit for running calls when the server stops. */
  readonly limitMs: number | undefined;
  /** Called at the end of the input. */
  readonly onEnd: () => void;
}

/** Serves one client on standard input and output. Only protocol messages are written to standard output. */
export function serveStdio(server: Server, { auth, limitMs = drainMs, onEnd }: StdioOptions): Serving {
  const { stdin } = process;
  let stdout: ReturnType<typeof standardOutput> | undefined;
  let isGone = false;
  let finish!: () => void;
  const ended = new Promise<void>((resolve) => (finish = resolve));
  const first = firstOutput(finish);
  const write: LineTransport["write"] = (...all) => {
    if (isGone) return;
    const parts = stdout === undefined ? first(all) : all;
    if (parts.length === 0) return;
    // An error means that the client is gone.
    stdout ??= standardOutput().on("error", finish);
    if (parts.length > 1) stdout.cork();
    let ready = true;
    for (const part of parts) ready = stdout.write(part);
    if (parts.length > 1) stdout.uncork();
    if (ready || stdin.isPaused()) return;
    stdin.pause();
    stdout.once("drain", () => stdin.resume());
  };
  const onPush = (): void => {
    if (isGone || stdout === undefined || stdout.writableLength <= maxBuffered) return;
    isGone = true;
    server.logger("error", "the client does not read its output; the server ends");
    finish();
  };
  const connection = lines(server, { write, onPush, later: process.nextTick }, auth);
  async function stop(hurry: Urgency): Promise<void> {
    await drain(server, limitMs, hurry);
    connection.close(new Error("the server is stopping"));
    // A write to a pipe may still be pending.
    if (stdout === undefined) finish();
    else stdout.write("", () => finish());
  }
  stdin.setEncoding("utf8");
  stdin.on("data", (text: string) => connection.take(text));
  stdin.on("end", () => {
    connection.end();
    onEnd();
  });
  stdin.on("error", finish);
  return { ended, stop };
}
