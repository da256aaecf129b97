import { once } from "node:events";
import { createServer, IncomingMessage, type Server as HttpServer } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, onTestFinished, test } from "vitest";
import { createHealth } from "../../runtime/health/health.js";
import { createListener } from "../../runtime/node/http-listener.js";
import { directRequests } from "../../runtime/node/request-body.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { options } from "./doors.js";
import { serverWith } from "./surface.js";

const served: HttpOptions = {
  ...options,
  sse: { path: "/sse", messagesPath: "/messages" },
  websocket: { path: "/ws" },
  toolEvents: true,
  // A place that is not given back shuts out the next client.
  maxSessions: 1,
};
const metadata = "/.well-known/oauth-protected-resource";

/** Stops what comes to it, while it is shut. */
interface Gate {
  /** Shuts it. Resolves when something has come to it. */
  shut(): Promise<void>;
  pass(): Promise<void>;
  open(): void;
}

function gate(): Gate {
  let arrived = (): void => {};
  let open = (): void => {};
  let opened = Promise.resolve();
  return {
    shut: () => {
      opened = new Promise((resolve) => (open = resolve));
      return new Promise((resolve) => (arrived = resolve));
    },
    pass: () => (arrived(), opened),
    open: () => open(),
  };
}

/** When the client hangs up: while its request waits at the gate of that name, or once it has these bytes. */
const moments = ["middleware", "onStart", "authenticate", "body", "call", "answer"] as const;
type Moment = (typeof moments)[number];

interface Place {
  readonly server: Server;
  readonly gates: Readonly<Record<Moment, Gate>>;
  readonly port: number;
  /** Open connections. */
  readonly sockets: ReadonlySet<Socket>;
}

/** A server of one tool, which says that it goes on, waits, and then says much. */
function made(gates: Place["gates"]): Server {
  const tool = async (_input: unknown, { progress }: { progress: (done: number) => void }) => {
    progress(1);
    await gates.call.pass();
    return "x".repeat(1_000_000);
  };
  const server = serverWith({ wait: tool as never }, { surface: { readOnly: true } });
  const authenticate = async () => (await gates.authenticate.pass(), { principal: "p", scopes: [], claims: {} });
  const auth = { challenge: () => "Bearer", start: async () => [], stop: () => {}, authenticate };
  const check = { health: { wait: () => gates.call.pass() } };
  const probes = { liveness: "/healthz", readiness: "/readyz", timeoutMs: 60_000, cacheMs: 0, version: "1" };
  const health = createHealth(probes, check as never);
  return Object.assign(server, { health, auth: { ...auth, metadata: new Map([[metadata, "{}"]]) } });
}

/** Both ways to serve: in an application, behind middleware that waits, and as the built server does. */
const hosts: Readonly<Record<string, (server: Server, gates: Place["gates"]) => Promise<HttpServer>>> = {
  mounted: async (server, gates) => {
    const [listener, upgrade] = [createListener(server, served), createUpgrade(server, served)];
    const http = createServer((request, response) => {
      void gates.middleware.pass().then(() => listener(request, response));
    });
    http.on("upgrade", (request, socket, head) => {
      void gates.middleware.pass().then(() => upgrade(request, socket, head));
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return http;
  },
  built: async (server) => {
    const http = createServer({ IncomingMessage: directRequests(IncomingMessage) }, createListener(server, served));
    http.on("upgrade", createUpgrade(server, served)).listen(0, "127.0.0.1");
    await once(http, "listening");
    return http;
  },
};

async function place(host: string): Promise<Place> {
  const gates = Object.fromEntries(moments.map((moment) => [moment, gate()])) as Place["gates"];
  const server = made(gates);
  const http = await hosts[host]!(server, gates);
  const sockets = new Set<Socket>();
  http.on("connection", (socket) => sockets.add(socket.once("close", () => sockets.delete(socket))));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    http.close();
  });
  return { server, gates, port: (http.address() as { port: number }).port, sockets };
}

/** Opens a connection, and writes. */
async function write(port: number, text: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

/** Reads until a text has come. */
async function read(socket: Socket, wanted: RegExp): Promise<RegExpExecArray> {
  let text = "";
  for (;;) {
    const found = wanted.exec(text);
    if (found !== null) return found;
    const [chunk] = (await once(socket, "data")) as [Buffer];
    text += chunk.toString();
  }
}

/** Waits until something is so; the network takes turns of its own. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const head = (method: string, path: string, headers: Record<string, string | number> = {}): string =>
  [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    ...Object.entries(headers).map((pair) => pair.join(": ")),
    "",
    "",
  ].join("\r\n");
const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const json = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const post = (path: string, message: object, headers: Record<string, string | number> = {}): string => {
  const body = JSON.stringify(message);
  return head("POST", path, { ...json, ...headers, "content-length": Buffer.byteLength(body) }) + body;
};
const message = (method: string, params: object) => ({ jsonrpc: "2.0", id: 1, method, params });
const modern = (method: string, params: object): string =>
  post("/mcp", message(method, { ...params, _meta: { ...meta, progressToken: 1 } }), {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    "mcp-name": "wait",
  });
const initialize = message("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "x", version: "1" },
});
const call = message("tools/call", { name: "wait", _meta: { progressToken: 1 } });
const upgrade = head("GET", "/ws", {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": 13,
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
});

/** An endpoint, and how a client asks it once it has what it needs for that. */
interface Row {
  readonly endpoint: string;
  readonly moments: readonly Moment[];
  /** The request; what else was opened for it is given to `held`. */
  readonly request: (port: number, held: (socket: Socket) => void) => string | Promise<string>;
  /** Bytes of the answer, after which a client may hang up. */
  readonly answer?: RegExp;
}

async function session(port: number): Promise<string> {
  const socket = await write(port, post("/mcp", initialize, { connection: "close" }));
  return (await read(socket, /mcp-session-id: (\S+)/i))[1]!;
}

async function stream(port: number, held: (socket: Socket) => void): Promise<string> {
  const socket = await write(port, head("GET", "/sse"));
  held(socket);
  return (await read(socket, /data: (messages\S+)/))[1]!;
}

const waits = ["middleware", "onStart", "authenticate"] as const;
const rows: readonly Row[] = [
  { endpoint: "POST /mcp", moments, request: () => modern("tools/call", { name: "wait" }), answer: /progress/ },
  {
    endpoint: "POST /mcp, for JSON",
    moments: ["call"],
    request: () => modern("tools/call", { name: "wait" }).replace(", text/event-stream", ""),
  },
  {
    endpoint: "POST /mcp, a subscription",
    moments: [...waits, "body", "answer"],
    request: () => modern("subscriptions/listen", { notifications: { toolsListChanged: true } }),
    answer: /acknowledged/,
  },
  { endpoint: "POST /mcp, initialize", moments: [...waits, "body"], request: () => post("/mcp", initialize) },
  {
    endpoint: "POST /mcp, in a session",
    moments: [...waits, "body", "call", "answer"],
    request: async (port) => post("/mcp", call, { "mcp-session-id": await session(port) }),
    answer: /progress/,
  },
  {
    endpoint: "GET /mcp",
    moments: [...waits, "answer"],
    request: async (port) => head("GET", "/mcp", { ...json, "mcp-session-id": await session(port) }),
    answer: /event-stream/,
  },
  {
    endpoint: "DELETE /mcp",
    moments: waits,
    request: async (port) => head("DELETE", "/mcp", { "mcp-session-id": await session(port) }),
  },
  { endpoint: "GET /sse", moments: [...waits, "answer"], request: () => head("GET", "/sse"), answer: /endpoint/ },
  {
    endpoint: "POST /messages",
    moments: [...waits, "body"],
    request: async (port, held) => post(`/${await stream(port, held)}`, initialize),
  },
  { endpoint: "WebSocket", moments: [...waits, "answer"], request: () => upgrade, answer: /101/ },
  {
    endpoint: "GET /mcp/tools/wait/sse",
    moments: [...waits, "call", "answer"],
    request: () => head("GET", "/mcp/tools/wait/sse"),
    answer: /tool_start/,
  },
  {
    endpoint: "POST /mcp/tools/wait/sse",
    moments,
    request: () => post("/mcp/tools/wait/sse", {}),
    answer: /tool_start/,
  },
  { endpoint: "metadata", moments: ["middleware", "onStart"], request: () => head("GET", metadata) },
  { endpoint: "health", moments: ["middleware", "onStart", "call"], request: () => head("GET", "/readyz") },
];

/** Asks, hangs up at a moment, and lets the server go on. */
async function hangUp({ server, gates, port, sockets }: Place, row: Row, moment: Moment): Promise<void> {
  const others: Socket[] = [];
  const request = await row.request(port, (socket) => others.push(socket));
  await until(() => sockets.size === others.length);
  const gateAt = moment === "answer" ? gates.call : gates[moment];
  const arrived = gateAt.shut();
  if (moment === "onStart") {
    // `ready` is asked for again as soon as the start is over.
    const starting = gateAt
      .pass()
      .then(() => void Object.assign(server.application, { ready: true, starting: undefined }));
    Object.assign(server.application, { ready: false, starting });
  }
  const socket = await write(port, moment === "body" ? request.slice(0, -5) : request);
  if (moment === "answer") await read(socket, row.answer!);
  else if (moment === "body" || moment === "onStart") await until(() => sockets.size > others.length);
  else await arrived;
  socket.destroy();
  await once(socket, "close");
  // Nothing reads from a connection that is to become a WebSocket, until it is one.
  if (row.endpoint !== "WebSocket") await until(() => sockets.size === others.length);
  gateAt.open();
  for (const other of others) other.destroy();
  await until(() => sockets.size === 0 && server.running.size === 0);
}

describe.each(Object.keys(hosts))("%s", (host) => {
  const cases = rows.flatMap((row) => row.moments.map((moment) => [row.endpoint, moment, row] as const));
  const possible = cases.filter(([, moment]) => host === "mounted" || moment !== "middleware");
  test.each(possible)("%s: a client that hangs up during %s leaves nothing behind", async (_, moment, row) => {
    const here = await place(host);
    const before = here.server.subscribers.size;
    await hangUp(here, row, moment);
    // Whoever comes next has the place: a session, which takes that of an idle one, a stream, a WebSocket.
    const next = head("GET", "/mcp", { ...json, "mcp-session-id": await session(here.port) });
    for (const [request, answer] of [
      [next, /200 OK/],
      [head("GET", "/sse"), /endpoint/],
      [upgrade, /101/],
    ] as const)
      (await write(here.port, request).then(async (socket) => (await read(socket, answer), socket))).destroy();
    await until(() => here.sockets.size === 0);
    // The session stays; that is what it is for.
    await until(() => here.server.subscribers.size <= before + 2);
  });
});
