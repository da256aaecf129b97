import { endSubscriptions } from "../protocol/changes.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { lines, type LineTransport } from "../transports/stdio.js";

/** How long requests that run at the end of input may take to be answered. */
const graceMs = 10_000;

export interface Serving {
  /** Ends when the input has ended and all is answered. */
  readonly ended: Promise<void>;
  close(reason: Error): void;
}

/** Serves one client on standard input and output. Nothing but the protocol is written to standard output. */
export function serveStdio(server: Server, auth?: Auth): Serving {
  const { stdin } = process;
  // Standard output costs milliseconds to open: not before there is something to say.
  let answered = false;
  let finish!: () => void;
  const ended = new Promise<void>((resolve) => (finish = resolve));
  const write: LineTransport["write"] = (...parts) => {
    const { stdout } = process;
    if (!answered) {
      answered = true;
      // The client is gone: there is nobody to answer.
      stdout.on("error", finish);
    }
    if (parts.length > 1) stdout.cork();
    let ready = true;
    for (const part of parts) ready = stdout.write(part);
    if (parts.length > 1) stdout.uncork();
    if (ready || stdin.isPaused()) return;
    stdin.pause();
    stdout.once("drain", () => stdin.resume());
  };
  const connection = lines(server, { write, later: process.nextTick }, auth);
  stdin.setEncoding("utf8");
  stdin.on("data", (text: string) => connection.take(text));
  stdin.on("end", () => {
    connection.end();
    endSubscriptions(server);
    const until = Date.now() + graceMs;
    const wait = (): void => {
      if (connection.pending > 0 && Date.now() < until) setTimeout(wait, 10);
      // A write to a pipe may still be under way.
      else if (answered) process.stdout.write("", () => finish());
      else finish();
    };
    wait();
  });
  stdin.on("error", finish);
  return { ended, close: (reason) => connection.close(reason) };
}
