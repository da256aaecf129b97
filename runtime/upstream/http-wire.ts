import { resolveValue, type Value } from "../protocol/environment.js";
import { eventsOf, tooLarge } from "./events.js";
import {
  maxMessageBytes,
  parseWireMessage,
  WireError,
  type UpstreamMessage,
  type Receiver,
  type ResolvedTransport,
  type UpstreamTransport,
  type UpstreamWire,
} from "./wire.js";

/** The definition of an upstream at a URL, as in the manifest. */
export interface HttpDefinition {
  readonly url: Value;
  readonly headers?: Readonly<Record<string, Value>>;
}

/** Time limit for the end of a session. */
const goodbyeMs = 2000;
/** Delays before a stream is opened again: the first one, and the longest. */
const firstRetryMs = 1000;
const maxRetryMs = 30_000;
/** The maximum number of attempts to resume a stream without any new event. */
const maxResumptions = 5;

/** Reaches an upstream over Streamable HTTP. */
export function connectHttp({ url, headers = {} }: HttpDefinition): UpstreamTransport {
  return {
    resolve(environment, problems): ResolvedTransport {
      const address = resolveValue(url, environment, problems);
      if (address !== "" && !isHttpUrl(address)) problems.push(`${nameOf(url)} is not an http or https URL`);
      const given = Object.entries(headers).map(
        ([name, value]) => [name.toLowerCase(), resolveValue(value, environment, problems)] as const,
      );
      return {
        secrets: Object.values(headers).flatMap((value, index) => (typeof value === "object" ? given[index]![1] : [])),
        open: (receiver) => httpWire(address, Object.fromEntries(given), receiver),
      };
    },
  };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function nameOf(value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : value.env;
}

/** State of one stream, which may be resumed. */
interface Cursor {
  id: string | undefined;
  retryMs: number;
}

function httpWire(address: string, own: Readonly<Record<string, string>>, receiver: Receiver): UpstreamWire {
  const stop = new AbortController();
  let session: string | undefined;
  let isListening = false;

  async function exchange(init: RequestInit, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    let url = address;
    for (let redirects = 0; ; redirects++) {
      const response = await fetch(url, {
        ...init,
        redirect: "manual",
        headers: { ...headers, ...(session !== undefined && { "mcp-session-id": session }), ...own },
      }).catch((error: unknown) => {
        if (init.signal?.aborted === true) throw error;
        throw new WireError(`it cannot be reached (${reasonOf(error)})`);
      });
      const location = response.status === 307 || response.status === 308 ? response.headers.get("location") : null;
      if (location === null || redirects === 3) return response;
      await response.body?.cancel();
      const next = new URL(location, url);
      // The headers hold credentials, which are for one origin only.
      if (next.origin !== new URL(address).origin) throw new WireError(`it redirects to ${next.origin}`);
      url = next.href;
    }
  }

  async function send(
    message: UpstreamMessage,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const sent = session;
    const accept = { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers };
    const response = await exchange({ method: "POST", signal, body: JSON.stringify(message) }, accept);
    session = response.headers.get("mcp-session-id") ?? session;
    const isRequest = message.id !== undefined && message.method !== undefined;
    const type = response.headers.get("content-type") ?? "";
    let isAnswered = !isRequest;
    const deliver = (text: string): void => {
      const value = parseWireMessage(text);
      if (value === undefined) return;
      isAnswered ||= value.method === undefined && value.id === message.id;
      receiver.receive(value, message.id);
    };
    if (response.ok && type.startsWith("text/event-stream")) {
      await stream(response, deliver, () => isAnswered, headers, signal);
    } else {
      const text = await textOf(response);
      // Some servers answer requests of a forgotten session with 400 instead of 404.
      const isLost = response.status === 404 || (response.status === 400 && /session/i.test(text));
      if (isLost && sent !== undefined) throw new WireError("it has ended the session", { isSessionLost: true });
      if (isRequest) deliver(text);
      if (!response.ok && !isAnswered) throw refusal(response, text);
    }
    if (!isAnswered) throw new WireError(`it answered ${message.method} with no message`);
  }

  /** Delivers the events of a stream until the answer. A stream that breaks is resumed if its events have ids. */
  async function stream(
    response: Response,
    deliver: (text: string) => void,
    isDone: () => boolean,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const cursor: Cursor = { id: undefined, retryMs: firstRetryMs };
    for (let attempts = 0; ;) {
      const before = cursor.id;
      try {
        await readEvents(response, cursor, deliver, isDone);
      } catch (error) {
        if (signal.aborted || error instanceof WireError) throw error;
      }
      if (isDone()) return;
      attempts = cursor.id === before ? attempts + 1 : 0;
      if (cursor.id === undefined || attempts > maxResumptions)
        throw new WireError("it ended the stream before the answer");
      await pause(cursor.retryMs, signal);
      response = await exchange(
        { method: "GET", signal },
        { accept: "text/event-stream", ...headers, "last-event-id": cursor.id },
      );
      if (!response.ok) throw refusal(response, await textOf(response));
    }
  }

  /** Keeps the stream for other messages open, if the upstream has one. */
  async function listen(headers: Readonly<Record<string, string>>): Promise<void> {
    const { signal } = stop;
    const cursor: Cursor = { id: undefined, retryMs: firstRetryMs };
    let delay = firstRetryMs;
    while (!signal.aborted) {
      const last = cursor.id === undefined ? {} : { "last-event-id": cursor.id };
      const response = await exchange({ method: "GET", signal }, { accept: "text/event-stream", ...headers, ...last });
      if (response.status === 404 && session !== undefined) return receiver.end("it has ended the session");
      if (response.ok && (response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
        delay = firstRetryMs;
        const deliver = (text: string): void => {
          const value = parseWireMessage(text);
          if (value !== undefined) receiver.receive(value);
        };
        await readEvents(response, cursor, deliver, () => false).catch(() => undefined);
      } else {
        await response.body?.cancel();
        // An upstream may have no such stream.
        if (response.status >= 400 && response.status < 500) return;
      }
      await pause(Math.max(delay, cursor.retryMs), signal);
      delay = Math.min(2 * delay, maxRetryMs);
    }
  }

  return {
    hasStreams: true,
    send: (message, { headers = {}, signal } = {}) =>
      send(message, headers, signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal])),
    listen(headers) {
      if (isListening) return;
      isListening = true;
      listen(headers).catch(() => {
        isListening = false;
      });
    },
    async close() {
      stop.abort();
      if (session === undefined) return;
      const ended = { method: "DELETE", headers: { "mcp-session-id": session, ...own } };
      await fetch(address, { ...ended, redirect: "manual", signal: AbortSignal.timeout(goodbyeMs) }).then(
        (response) => response.body?.cancel(),
        () => undefined,
      );
    },
  };
}

async function readEvents(
  { body }: Response,
  cursor: Cursor,
  deliver: (text: string) => void,
  isDone: () => boolean,
): Promise<void> {
  if (body === null) return;
  for await (const { data, id, retryMs } of eventsOf(body as unknown as AsyncIterable<Uint8Array>)) {
    cursor.id = id ?? cursor.id;
    cursor.retryMs = Math.min(retryMs ?? cursor.retryMs, maxRetryMs);
    if (data !== "") deliver(data);
    if (isDone()) return;
  }
}

async function textOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let size = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxMessageBytes) throw tooLarge();
    pieces.push(decoder.decode(chunk, { stream: true }));
  }
  return pieces.join("") + decoder.decode();
}

function refusal({ status }: Response, text: string): WireError {
  if (status === 401 || status === 403)
    return new WireError(`it refuses the credentials of this server (HTTP status ${status})`, { isRefused: true });
  const { message = text.trim() } = parseWireMessage(text)?.error ?? {};
  const said = typeof message === "string" && /^[^\p{Cc}<{]{1,200}$/u.test(message) ? `: ${message}` : "";
  return new WireError(`it answers with the HTTP status ${status}${said}`);
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: text } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return String(code ?? text ?? message);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
