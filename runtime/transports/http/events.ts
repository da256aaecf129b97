import { textOf, type Outgoing } from "../../protocol/json-rpc.js";

/** Headers of an event stream. `no-transform` keeps middleware and proxies from compressing it, which would hold it back. */
export const eventStream = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

/** In bytes: a client that does not read is dropped before what waits for it fills the memory. */
const maxUnread = 4 * 1024 * 1024;
/** Answers were asked for, and large ones may well come together. */
const maxAwaited = 64 * 1024 * 1024;

/** Whether a client that has so much to read yet is one that does not read. */
export function isStalled(unread: number, awaited = false): boolean {
  return unread > (awaited ? maxAwaited : maxUnread);
}

/** A comment, so that nothing on the way takes a quiet stream for a dead one. */
export const keepAlive = ": keep-alive\n\n";
export const keepAliveMs = 15_000;

/** Calls back when an answer has been awaited for so long; the result stops that. */
export function onSilence(milliseconds: number | undefined, begin: () => void): () => void {
  const timer: unknown = setTimeout(begin, milliseconds ?? keepAliveMs);
  // Where timers keep a process alive, this one must not.
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}

/** One server-sent event (HTML, section 9.2.6); messages are JSON on one line. */
export function eventText(message: Outgoing | undefined, id: string | undefined): string {
  const head = id === undefined ? "" : `id: ${id}\n`;
  return message === undefined ? `${head}data: \n\n` : `event: message\n${head}data: ${textOf(message)}\n\n`;
}

/** An event of a name of its own; `data` is one line. */
export function namedEventText(name: string, data: string, id: string | undefined): string {
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}

export function retryText(milliseconds: number): string {
  return `retry: ${milliseconds}\n\n`;
}
