import { textOf, type Outgoing } from "../../protocol/json-rpc.js";

/**
 * Headers of an event stream. `no-transform` prevents compression by middleware and proxies, which would delay events.
 */
export const eventStream = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

/** The maximum unread bytes. A client that exceeds it is disconnected before it exhausts the memory. */
const maxUnread = 4 * 1024 * 1024;
/** The same limit for answers, which the client has requested and which may be large. */
const maxAwaited = 64 * 1024 * 1024;

/** Returns whether the unread output exceeds the limit. */
export function isStalled(unread: number, awaited = false): boolean {
  return unread > (awaited ? maxAwaited : maxUnread);
}

/** A comment that keeps intermediaries from closing a quiet stream. */
export const keepAlive = ": keep-alive\n\n";
export const keepAliveMs = 15_000;

/** Calls `begin` after the delay. The returned function cancels that. */
export function onSilence(milliseconds: number | undefined, begin: () => void): () => void {
  const timer: unknown = setTimeout(begin, milliseconds ?? keepAliveMs);
  // The timer must not keep a process alive.
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}

/** Formats a server-sent event (HTML, section 9.2.6). Messages are JSON on one line. */
export function eventText(message: Outgoing | undefined, id: string | undefined): string {
  const head = id === undefined ? "" : `id: ${id}\n`;
  return message === undefined ? `${head}data: \n\n` : `event: message\n${head}data: ${textOf(message)}\n\n`;
}

/** Formats an event with its own name; `data` is one line. */
export function namedEventText(name: string, data: string, id: string | undefined): string {
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}

export function retryText(milliseconds: number): string {
  return `retry: ${milliseconds}\n\n`;
}
