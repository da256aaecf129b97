/** The conversation of one client on standard streams, which lasts longer than the process that serves it. */
export interface Relay {
  /** A line of the client's. */
  client(line: string): void;
  /** A line of the serving process's. */
  server(line: string): void;
  /** A process serves: it gets to know what the client has said to the ones before, and what came meanwhile. */
  attach(write: (line: string) => void): void;
  /** The process is about to end: what runs is still answered, what comes waits for the next one. */
  leaving(): void;
  /** The process has ended: what it owes an answer fails. */
  gone(): void;
}

export interface RelayOptions {
  readonly toClient: (line: string) => void;
  /** Takes output that is no message: a handler has printed it. */
  readonly toLog: (line: string) => void;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
}

/** In characters: more is refused while nothing serves. */
const mostHeld = 16 * 1024 * 1024;
const listen = "subscriptions/listen";

/** The requests that a later process needs besides the handshake: by method, the key of their subject. */
const lasting: Readonly<Record<string, (params: Message["params"]) => string>> = {
  "logging/setLevel": () => "level",
  "resources/subscribe": (params) => `resource ${String(params?.["uri"])}`,
};

export function createRelay({ toClient, toLog }: RelayOptions): Relay {
  /** Requests of the client's that are not answered. */
  const pending = new Map<unknown, { readonly message: Message; readonly line: string }>();
  /** Requests to the client: of this process, and of one that is gone. */
  const asked = new Set<unknown>();
  const stale = new Set<unknown>();
  /** The messages to repeat to the next process, in order. */
  const said = new Map<string, Message>();
  const unheard = new Set<unknown>();
  const resumed = new Set<unknown>();
  let held: string[] = [];
  let size = 0;
  let write: ((line: string) => void) | undefined;
  let ending = false;
  let repeated = 0;

  function forward(line: string): void {
    const message = parsed(line);
    if (message?.method === undefined) {
      if (message?.id !== undefined && stale.delete(message.id)) return;
      asked.delete(message?.id);
    } else if (message.id !== undefined) pending.set(message.id, { message, line });
    else if (message.method === "notifications/initialized") said.set("initialized", message);
    else if (message.method === "notifications/cancelled") pending.delete(message.params?.["requestId"]);
    write!(line);
  }

  function hold(line: string): void {
    if (size + line.length <= mostHeld) {
      size += line.length;
      return void held.push(line);
    }
    const message = parsed(line);
    if (message?.method !== undefined && message.id !== undefined)
      toClient(failure(message.id, "the server does not run yet, and too much waits for it; mcpc dev has said why"));
  }

  /** Remembers a request that succeeded, for the next process. */
  function learn({ method, params, ...rest }: Message): void {
    const key = lasting[String(method)]?.(params);
    if (method === "initialize") said.set("initialize", { ...rest, method, params: params ?? {} });
    else if (key !== undefined) said.set(key, { ...rest, method: String(method), params: params ?? {} });
    else if (method === "resources/unsubscribe") said.delete(`resource ${String(params?.["uri"])}`);
  }

  return {
    client(text) {
      // Some programs begin whatever they write with a byte order mark.
      const line = text.startsWith("\ufeff") ? text.slice(1) : text;
      if (write === undefined || (ending && isRequest(line))) hold(line);
      else forward(line);
    },
    server(line) {
      const message = parsed(line);
      if (message === undefined) return toLog(line);
      const { id, method, params } = message;
      if (method === undefined) {
        if (unheard.delete(id)) return;
        const request = pending.get(id)?.message;
        if (ending && request?.method === listen) return;
        pending.delete(id);
        if (request !== undefined && message.result !== undefined) learn(request);
      } else if (id !== undefined) {
        asked.add(id);
        stale.delete(id);
      } else if (method === "notifications/subscriptions/acknowledged") {
        const meta = params?.["_meta"] as Record<string, unknown> | undefined;
        if (resumed.delete(meta?.["io.modelcontextprotocol/subscriptionId"])) return;
      }
      toClient(line);
    },
    attach(to) {
      write = to;
      ending = false;
      for (const message of said.values()) {
        if (message.id === undefined) to(JSON.stringify(message));
        else {
          repeated += 1;
          const id = `mcpc-dev-${repeated}`;
          unheard.add(id);
          to(JSON.stringify({ ...message, id }));
        }
      }
      for (const [id, { line }] of pending) {
        resumed.add(id);
        to(line);
      }
      const waiting = held;
      held = [];
      size = 0;
      for (const line of waiting) forward(line);
    },
    leaving() {
      ending = true;
    },
    gone() {
      write = undefined;
      ending = false;
      unheard.clear();
      for (const [id, { message, line }] of [...pending]) {
        if (message.method === listen) continue;
        pending.delete(id);
        // Nobody has answered it: the next one will.
        if (message.method === "initialize") held.unshift(line);
        else toClient(failure(id, "the server ended while it was at this; mcpc dev has said why"));
      }
      for (const requestId of asked) {
        stale.add(requestId);
        const params = { requestId, reason: "the server ended" };
        toClient(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params }));
      }
      asked.clear();
    },
  };
}

/** Passes on messages that are no requests: answers to questions, cancellations. */
function isRequest(line: string): boolean {
  const { id, method } = parsed(line) ?? {};
  return id !== undefined && method !== undefined;
}

function failure(id: unknown, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message } });
}

/** Batches are passed on as they are: they are of no interest here. */
function parsed(line: string): Message | undefined {
  try {
    const message = JSON.parse(line) as unknown;
    if (Array.isArray(message)) return {};
    const is = typeof message === "object" && message !== null && (message as { jsonrpc?: unknown }).jsonrpc === "2.0";
    return is ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}
