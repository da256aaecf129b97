/** The conversation of one client on standard streams, across several serving processes. */
export interface Relay {
  /** Takes a line of the client. */
  client(line: string): void;
  /** Takes a line of the serving process. */
  server(line: string): void;
  /** Connects a serving process: repeats the client's earlier messages, then sends the queued ones. */
  attach(write: (line: string) => void): void;
  /** Called before the process ends: running calls are still answered, new ones wait for the next process. */
  onRestart(): void;
  /** Called after the process has ended: its open requests fail. */
  onExit(): void;
}

export interface RelayOptions {
  readonly toClient: (line: string) => void;
  /** Takes output of handlers, which is no message. */
  readonly toLog: (line: string) => void;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
}

/** The maximum size of the queue in characters. */
const maxQueued = 16 * 1024 * 1024;
const listen = "subscriptions/listen";

/** Requests that the next process needs besides the handshake: by method, a function of their key. */
const repeatedRequests: Readonly<Record<string, (params: Message["params"]) => string>> = {
  "logging/setLevel": () => "level",
  "resources/subscribe": (params) => `resource ${String(params?.["uri"])}`,
};

export function createRelay({ toClient, toLog }: RelayOptions): Relay {
  /** The client's unanswered requests. */
  const pending = new Map<unknown, { readonly message: Message; readonly line: string }>();
  /** Requests to the client: of this process, and of an ended one. */
  const openQuestions = new Set<unknown>();
  const stale = new Set<unknown>();
  /** The messages to repeat to the next process, in order. */
  const handshake = new Map<string, Message>();
  const ignoredAnswers = new Set<unknown>();
  const resumed = new Set<unknown>();
  let queued: string[] = [];
  let size = 0;
  let write: ((line: string) => void) | undefined;
  let isEnding = false;
  let repeated = 0;

  function forward(line: string): void {
    const message = parse(line);
    if (message?.method === undefined) {
      if (message?.id !== undefined && stale.delete(message.id)) return;
      openQuestions.delete(message?.id);
    } else if (message.id !== undefined) pending.set(message.id, { message, line });
    else if (message.method === "notifications/initialized") handshake.set("initialized", message);
    else if (message.method === "notifications/cancelled") pending.delete(message.params?.["requestId"]);
    write!(line);
  }

  function enqueue(line: string): void {
    if (size + line.length <= maxQueued) {
      size += line.length;
      return void queued.push(line);
    }
    const message = parse(line);
    if (message?.method !== undefined && message.id !== undefined)
      toClient(failure(message.id, "the server does not run yet, and too much waits for it; mcpc dev has said why"));
  }

  /** Remembers a successful request for the next process. */
  function remember({ method, params, ...rest }: Message): void {
    const key = repeatedRequests[String(method)]?.(params);
    if (method === "initialize") handshake.set("initialize", { ...rest, method, params: params ?? {} });
    else if (key !== undefined) handshake.set(key, { ...rest, method: String(method), params: params ?? {} });
    else if (method === "resources/unsubscribe") handshake.delete(`resource ${String(params?.["uri"])}`);
  }

  return {
    client(text) {
      // Some programs begin their output with a byte order mark.
      const line = text.startsWith("\ufeff") ? text.slice(1) : text;
      if (write === undefined || (isEnding && isRequest(line))) enqueue(line);
      else forward(line);
    },
    server(line) {
      const message = parse(line);
      if (message === undefined) return toLog(line);
      const { id, method, params } = message;
      if (method === undefined) {
        if (ignoredAnswers.delete(id)) return;
        const request = pending.get(id)?.message;
        if (isEnding && request?.method === listen) return;
        pending.delete(id);
        if (request !== undefined && message.result !== undefined) remember(request);
      } else if (id !== undefined) {
        openQuestions.add(id);
        stale.delete(id);
      } else if (method === "notifications/subscriptions/acknowledged") {
        const meta = params?.["_meta"] as Record<string, unknown> | undefined;
        if (resumed.delete(meta?.["io.modelcontextprotocol/subscriptionId"])) return;
      }
      toClient(line);
    },
    attach(to) {
      write = to;
      isEnding = false;
      for (const message of handshake.values()) {
        if (message.id === undefined) to(JSON.stringify(message));
        else {
          repeated += 1;
          const id = `mcpc-dev-${repeated}`;
          ignoredAnswers.add(id);
          to(JSON.stringify({ ...message, id }));
        }
      }
      for (const [id, { line }] of pending) {
        resumed.add(id);
        to(line);
      }
      const waiting = queued;
      queued = [];
      size = 0;
      for (const line of waiting) forward(line);
    },
    onRestart() {
      isEnding = true;
    },
    onExit() {
      write = undefined;
      isEnding = false;
      ignoredAnswers.clear();
      for (const [id, { message, line }] of [...pending]) {
        if (message.method === listen) continue;
        pending.delete(id);
        // No process has answered it; the next one will.
        if (message.method === "initialize") queued.unshift(line);
        else toClient(failure(id, "the server ended while it was at this; mcpc dev has said why"));
      }
      for (const requestId of openQuestions) {
        stale.add(requestId);
        const params = { requestId, reason: "the server ended" };
        toClient(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params }));
      }
      openQuestions.clear();
    },
  };
}

/** Returns whether a line is a request, not an answer or a cancellation. */
function isRequest(line: string): boolean {
  const { id, method } = parse(line) ?? {};
  return id !== undefined && method !== undefined;
}

function failure(id: unknown, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message } });
}

/** Parses a message. Batches are passed on unchanged. */
function parse(line: string): Message | undefined {
  try {
    const message = JSON.parse(line) as unknown;
    if (Array.isArray(message)) return {};
    const is = typeof message === "object" && message !== null && (message as { jsonrpc?: unknown }).jsonrpc === "2.0";
    return is ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}
