import type { Readable, Writable } from "node:stream";
import { createRelay } from "./relay.js";

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
}

/** The client on the standard streams, whichever process serves it. */
export interface Client {
  /** Takes the output of a process: its answers, and other lines, which go to the log. */
  hear(output: Readable): void;
  /** A process serves: this is its input. */
  attach(input: Writable): void;
  leaving(): void;
  gone(): void;
  /** Nobody is there: the process serves elsewhere, and writes what it wants. */
  none(): void;
  /** It has said all that it will ever say. */
  readonly left: boolean;
}

/** `certain`: there is one, even if it says nothing. `leaves` is called once, when it has left. */
export function clientOn(
  { stdin, stdout }: Streams,
  certain: boolean,
  log: (text: string) => void,
  leaves: () => void,
): Client {
  let input: Writable | undefined;
  let output: Readable | undefined;
  let absent = false;
  let spoke = certain;
  let ended = false;
  let reading = false;
  const relay = createRelay({
    toClient: (line) => {
      if (stdout.write(`${line}\n`) || output === undefined || output.isPaused()) return;
      const paused = output.pause();
      stdout.once("drain", () => paused.resume());
    },
    toLog: (line) => log(`${line}\n`),
  });

  function read(): void {
    if (reading) return;
    reading = true;
    lines(stdin, (line) => {
      spoke = true;
      relay.client(line);
    });
    stdin.on("end", end).on("error", end);
  }

  function end(): void {
    if (ended || absent) return;
    ended = true;
    input?.end();
    if (spoke) leaves();
  }

  // A client that is gone does not read either.
  stdout.on("error", end);
  // Nobody types before there is something to type to; and a terminal is not for whom there may be none.
  if (stdin.isTTY !== true) read();
  return {
    hear(from) {
      output = from;
      lines(from, (line) => (absent ? void stdout.write(`${line}\n`) : relay.server(line)));
    },
    attach(to) {
      input = to;
      read();
      relay.attach((line) => {
        if (to.write(`${line}\n`) || stdin.isPaused()) return;
        stdin.pause();
        to.once("drain", () => stdin.resume());
      });
      if (ended) to.end();
    },
    leaving: relay.leaving,
    gone() {
      input = undefined;
      // It may have waited for a process that reads.
      if (reading) stdin.resume();
      relay.gone();
    },
    none() {
      absent = true;
      if (reading) stdin.pause();
    },
    get left() {
      return ended && spoke && !absent;
    },
  };
}

/** Calls back with each line that is not empty; the last one need not end. */
function lines(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const pieces = (rest + text).split("\n");
    rest = pieces.pop()!;
    for (const piece of pieces) if (piece.trim() !== "") take(piece);
  });
  stream.on("end", () => {
    if (rest.trim() !== "") take(rest);
    rest = "";
  });
}
