import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { events } from "../events.js";

/** A client's line to a server, whatever the transport: messages go in, messages come out. */
export interface Link {
  /** A text goes as it is, anything else as JSON. */
  send(message: unknown): void;
  /** Gives up a request, as the transport and the revision want it. */
  cancel(id: unknown): void;
  /** What has arrived and nobody has taken. */
  readonly received: readonly any[];
  /** The next message that matches, whenever it comes. */
  take(matches: (message: any) => boolean): Promise<any>;
  /** The HTTP status that a request was answered with; `undefined` where there is none. */
  status(id: unknown): number | undefined;
  close(): Promise<void>;
}

const versionOf = (message: any): string | undefined =>
  message?.params?._meta?.["io.modelcontextprotocol/protocolVersion"];
const textOf = (message: unknown): string => (typeof message === "string" ? message : JSON.stringify(message));
const cancellation = (requestId: unknown) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId },
});

function inbox() {
  const received: any[] = [];
  const takers: { matches: (message: any) => boolean; resolve: (message: any) => void }[] = [];
  return {
    received,
    arrive(message: any): void {
      const taker = takers.findIndex(({ matches }) => matches(message));
      if (taker === -1) received.push(message);
      else takers.splice(taker, 1)[0]!.resolve(message);
    },
    take(matches: (message: any) => boolean): Promise<any> {
      const found = received.findIndex(matches);
      if (found !== -1) return Promise.resolve(received.splice(found, 1)[0]);
      return new Promise((resolve) => takers.push({ matches, resolve }));
    },
    status: (_id: unknown): number | undefined => undefined,
  };
}

export async function stdioLink(script: string): Promise<Link> {
  const child = spawn("node", [script], { stdio: ["pipe", "pipe", "ignore"] });
  const { arrive, ...rest } = inbox();
  createInterface({ input: child.stdout }).on("line", (line) => arrive(JSON.parse(line)));
  const send = (message: unknown): void => void child.stdin.write(`${textOf(message)}\n`);
  return {
    ...rest,
    send,
    cancel: (id) => send(cancellation(id)),
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

export async function webSocketLink(url: string): Promise<Link> {
  const socket = new WebSocket(url, ["mcp"]);
  const { arrive, ...rest } = inbox();
  socket.on("message", (data) => arrive(JSON.parse(String(data))));
  await once(socket, "open");
  const send = (message: unknown): void => socket.send(textOf(message));
  return {
    ...rest,
    send,
    cancel: (id) => send(cancellation(id)),
    async close() {
      socket.close();
      await once(socket, "close");
    },
  };
}

const json = { "content-type": "application/json" };

export async function sseLink(url: URL): Promise<Link> {
  const { arrive, ...rest } = inbox();
  const hangUp = new AbortController();
  const stream = new URL("/sse", url);
  const next = events(await fetch(stream, { signal: hangUp.signal }));
  const endpoint = new URL((await next())!.text, stream);
  const reading = (async () => {
    for (let event = await next(); event !== undefined; event = await next()) arrive(event.data);
  })().catch(() => {});
  const send = (message: unknown): void =>
    void fetch(endpoint, { method: "POST", headers: json, body: textOf(message) }).then(async (response) => {
      if (response.headers.get("content-type") === "application/json") arrive(await response.json());
    });
  return {
    ...rest,
    send,
    cancel: (id) => send(cancellation(id)),
    async close() {
      hangUp.abort();
      await reading;
    },
  };
}

/** Streamable HTTP, through the network or straight into a Web-standard handler. */
export async function httpLink(url: string, fetch: (request: Request) => Promise<Response>): Promise<Link> {
  const { arrive, ...rest } = inbox();
  const statuses = new Map<unknown, number>();
  const running = new Map<unknown, AbortController>();
  const hangUp = new AbortController();
  let kept: Record<string, string> = {};

  async function read(response: Response): Promise<void> {
    if (response.headers.get("content-type") === "application/json") return arrive(await response.json());
    if (response.headers.get("content-type") !== "text/event-stream") return;
    const next = events(response);
    for (let event = await next(); event !== undefined; event = await next())
      if (event.data !== undefined) arrive(event.data);
  }

  /** What a client keeps of its handshake; what belongs to no request comes on a stream of its own. */
  async function open(response: Response): Promise<void> {
    const { result } = (await response.clone().json()) as any;
    if (result === undefined) return;
    const { protocolVersion: version } = result;
    const id = response.headers.get("mcp-session-id");
    // The header came with 2025-06-18.
    kept = {
      ...(id !== null && { "mcp-session-id": id }),
      ...(version >= "2025-06-18" && { "mcp-protocol-version": version }),
    };
    if (id === null) return;
    const headers = { ...kept, accept: "text/event-stream" };
    const standing = await fetch(new Request(url, { headers, signal: hangUp.signal }));
    void read(standing).catch(() => {});
  }

  async function post(message: any): Promise<void> {
    const version = versionOf(message);
    const name = message?.params?.name ?? message?.params?.uri;
    const named = typeof name === "string" ? { "mcp-name": name } : {};
    const stop = new AbortController();
    if (message?.id !== undefined) running.set(message.id, stop);
    const request = new Request(url, {
      method: "POST",
      headers: {
        ...json,
        accept: "application/json, text/event-stream",
        ...(version === undefined
          ? kept
          : { "mcp-protocol-version": version, "mcp-method": String(message.method), ...named }),
      },
      body: textOf(message),
      signal: stop.signal,
    });
    const response = await fetch(request);
    statuses.set(message?.id, response.status);
    if (message?.method === "initialize" && version === undefined) await open(response);
    await read(response);
  }

  const send = (message: unknown): void => void post(message).catch(() => {});
  return {
    ...rest,
    send,
    status: (id) => statuses.get(id),
    cancel: (id) => (kept["mcp-session-id"] === undefined ? running.get(id)?.abort() : send(cancellation(id))),
    async close() {
      for (const stop of running.values()) stop.abort();
      hangUp.abort();
      if (kept["mcp-session-id"] !== undefined) await fetch(new Request(url, { method: "DELETE", headers: kept }));
    },
  };
}
