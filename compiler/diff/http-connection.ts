import type { Connection, Message } from "./connection.js";
import { NoSide } from "./surface.js";

const maxBytes = 64 * 2 ** 20;
/** Time for the server to end a session. */
const goodbyeMs = 2000;

/** Connects to a server over Streamable HTTP: each message is a request, answered by JSON or by an event stream. */
export function httpConnection(
  url: string,
  headers: Readonly<Record<string, string>>,
  onMessage: (message: Message) => void,
): Connection {
  let session: string | undefined;
  const stop = new AbortController();
  return {
    over: new Promise<never>(() => undefined),
    send: async (message, own) => {
      const response = await fetch(url, {
        method: "POST",
        signal: stop.signal,
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...own,
          ...(session !== undefined && { "mcp-session-id": session }),
          ...headers,
        },
        body: JSON.stringify(message),
      }).catch((error: unknown) => {
        const { cause, message: text } = error as Error;
        throw new NoSide(`${url} does not answer: ${cause instanceof Error ? cause.message : text}`);
      });
      session = response.headers.get("mcp-session-id") ?? session;
      let isAnswered = false;
      const deliver = (text: string): void => {
        const value = parsed(text);
        if (value === undefined) return;
        isAnswered ||= value.id === message.id && value.method === undefined;
        onMessage(value);
      };
      const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
      const body = await readUntil(response, isStream, deliver, () => isAnswered);
      if (!isStream) deliver(body);
      if (!isAnswered && message.id !== undefined)
        throw new NoSide(`${url} answers ${message.method} with the status ${response.status}, and no message`);
    },
    close: async () => {
      stop.abort();
      if (session === undefined) return;
      const ended = { method: "DELETE", headers: { "mcp-session-id": session, ...headers } };
      await fetch(url, { ...ended, signal: AbortSignal.timeout(goodbyeMs) }).catch(() => undefined);
    },
  };
}

/** Reads a body; of an event stream, each event on arrival, until the answer. */
async function readUntil(
  { body }: Response,
  isStream: boolean,
  deliver: (text: string) => void,
  isDone: () => boolean,
): Promise<string> {
  if (!body) return "";
  const decoder = new TextDecoder();
  let [text, size] = ["", 0];
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw new NoSide("the server answers more than 64 MB");
    text += decoder.decode(chunk, { stream: true });
    if (!isStream) continue;
    const events = text.split(/\r?\n\r?\n/);
    text = events.pop()!;
    for (const event of events) {
      const data = event
        .split(/\r?\n/)
        .flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trimStart()] : []));
      if (data.length > 0) deliver(data.join("\n"));
    }
    if (isDone()) break;
  }
  return text;
}

function parsed(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}
