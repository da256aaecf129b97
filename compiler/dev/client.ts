import type { Readable, Writable } from "node:stream";
import { createRelay } from "./relay.js";

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
}

/** The client on the standard streams, for any serving process. */
export interface Client {
  /** Reads the output of a process: answers for the client, and other lines for the log. */
  readFrom(output: Readable): void;
  /** Connects the input of a serving process. */
  writeTo(input: Writable): void;
  onRestart(): void;
  onExit(): void;
  /** Detaches: the process uses another transport, and may print freely. */
  detach(): void;
  /** Whether the client has sent its last message. */
  readonly hasLeft: boolean;
}

/**
 * Connects the client on the standard streams. `isPresent`: it exists even if it says nothing. `onLeave` is called
 * once.
 */
export function clientOn(
  { stdin, stdout }: Streams,
  isPresent: boolean,
  log: (text: string) => void,
  onLeave: () => void,
): Client {
  let input: Writable | undefined;
  let output: Readable | undefined;
  let isDetached = false;
  let hasSpoken = isPresent;
  let hasEnded = false;
  let isReading = false;
  const relay = createRelay({
    toClient: (line) => {
      if (stdout.write(`${line}\n`) || output === undefined || output.isPaused()) return;
      const paused = output.pause();
      stdout.once("drain", () => paused.resume());
    },
    toLog: (line) => log(`${line}\n`),
  });

  function read(): void {
    if (isReading) return;
    isReading = true;
    lines(stdin, (line) => {
      hasSpoken = true;
      relay.client(line);
    });
    stdin.on("end", end).on("error", end);
  }

  function end(): void {
    if (hasEnded || isDetached) return;
    hasEnded = true;
    input?.end();
    if (hasSpoken) onLeave();
  }

  // A disconnected client does not read either.
  stdout.on("error", end);
  // A terminal is read only once a server needs input.
  if (stdin.isTTY !== true) read();
  return {
    readFrom(from) {
      output = from;
      lines(from, (line) => (isDetached ? void stdout.write(`${line}\n`) : relay.server(line)));
    },
    writeTo(to) {
      input = to;
      read();
      relay.attach((line) => {
        if (to.write(`${line}\n`) || stdin.isPaused()) return;
        stdin.pause();
        to.once("drain", () => stdin.resume());
      });
      if (hasEnded) to.end();
    },
    onRestart: relay.onRestart,
    onExit() {
      input = undefined;
      // Reading may have been paused for the previous process.
      if (isReading) stdin.resume();
      relay.onExit();
    },
    detach() {
      isDetached = true;
      if (isReading) stdin.pause();
    },
    get hasLeft() {
      return hasEnded && hasSpoken && !isDetached;
    },
  };
}

/** Calls `take` with each non-empty line, including an unfinished last one. */
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
