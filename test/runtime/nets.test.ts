import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import express from "express";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createListener } from "../../runtime/node/http-listener.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { doors, options } from "./doors.js";
import { serverWith } from "./surface.js";

const served: HttpOptions = {
  ...options,
  sse: { path: "/sse", messagesPath: "/messages" },
  websocket: { path: "/ws" },
  toolEvents: true,
};

const boom = (): never => {
  throw new Error("boom");
};
const auth = {
  metadata: new Map(),
  challenge: () => "Bearer",
  start: async () => [],
  stop: () => {},
  authenticate: (): unknown => ({ principal: "p", scopes: [], claims: {} }),
};
const refuses = () => ({ status: 401, message: "no", reason: undefined });
const json = { "content-type": "application/json", accept: "application/json" };

/** Parts of a server that fail where nothing of ours expects it. */
const faults: readonly (readonly [what: string, part: object, method: string, path: string])[] = [
  ["credentials that throw", { auth: { ...auth, authenticate: boom } }, "POST", "/mcp"],
  ["credentials that reject", { auth: { ...auth, authenticate: async () => boom() } }, "POST", "/mcp"],
  ["a challenge that throws", { auth: { ...auth, authenticate: refuses, challenge: boom } }, "GET", "/sse"],
  [
    "a challenge that is no header",
    { auth: { ...auth, authenticate: refuses, challenge: () => "a\nb" } },
    "GET",
    "/sse",
  ],
  ["the same, later", { auth: { ...auth, authenticate: async () => refuses(), challenge: () => "€" } }, "POST", "/mcp"],
  ["metadata that throw", { auth: { ...auth, metadata: { get: boom } } }, "GET", "/nowhere"],
  ["an endpoint that throws", { subscribers: { add: boom } }, "GET", "/sse"],
  ["a tool that cannot be looked up", { indexes: { get: boom } }, "POST", "/mcp/tools/say/sse"],
  ["health that throws", { health: { at: boom } }, "GET", "/healthz"],
  ["a probe that throws", { health: { at: () => boom } }, "GET", "/healthz"],
  ["a probe that rejects", { health: { at: () => async () => boom() } }, "GET", "/healthz"],
];
describe.each(doors)("%s", (_, door) => {
  test.each(faults)("%s: status 500, and a line in the log", async (_what, part, method, path) => {
    const log: string[] = [];
    const server = serverWith({ say: () => "said" }, { log: (message) => log.push(message) });
    const body = method === "POST" ? "{}" : undefined;
    const ask = { method, path, headers: json, ...(body !== undefined && { body }) };
    const told = await door(Object.assign(server, part), served, ask);
    expect([told.status, told.text]).toEqual([500, expect.stringContaining("the server's log explains it")]);
    expect(log).toContain("a message could not be handled");
  });
});

interface Place {
  readonly http: HttpServer;
  readonly port: number;
  readonly sockets: Set<Socket>;
}

async function serve(server: Server, more: Partial<HttpOptions> = {}): Promise<Place> {
  const http = createServer(createListener(server, { ...served, ...more }));
  http.on("upgrade", createUpgrade(server, { ...served, ...more }));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const sockets = new Set<Socket>();
  http.on("connection", (socket) => sockets.add(socket.once("close", () => sockets.delete(socket))));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    http.close();
  });
  return { http, port: (http.address() as AddressInfo).port, sockets };
}

/** A client that never closes its side. */
async function halfOpen(port: number, text: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {});
  onTestFinished(() => void socket.destroy());
  socket.write(text);
  return socket;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

const upgrade = (path: string, more = "", host = "localhost"): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;
const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const made = (part: object = {}): Server =>
  Object.assign(serverWith({ say: () => "said" }, { surface: { readOnly: true } }), part);
const unready = (): Server => {
  const starting = Promise.reject(new Error("no"));
  starting.catch(() => {});
  return made({ application: { ready: false, starting, draining: false } });
};

const refused: readonly (readonly [
  what: string,
  server: () => Server,
  request: string,
  status: number,
  more: Partial<HttpOptions>,
])[] = [
  ["another path", made, upgrade("/nowhere", key), 404, {}],
  ["a host elsewhere", made, upgrade("/ws", key, "evil.example"), 403, {}],
  ["two hosts", made, upgrade("/ws", `Host: evil.example\r\n${key}`), 400, {}],
  ["an origin elsewhere", made, upgrade("/ws", `Origin: https://evil.example\r\n${key}`), 403, {}],
  ["no key", made, upgrade("/ws"), 400, {}],
  ["no credentials", () => made({ auth: { ...auth, authenticate: refuses } }), upgrade("/ws", key), 401, {}],
  [
    "no credentials, later",
    () => made({ auth: { ...auth, authenticate: async () => refuses() } }),
    upgrade("/ws", key),
    401,
    {},
  ],
  ["credentials that throw", () => made({ auth: { ...auth, authenticate: boom } }), upgrade("/ws", key), 500, {}],
  [
    "credentials that reject",
    () => made({ auth: { ...auth, authenticate: async () => boom() } }),
    upgrade("/ws", key),
    500,
    {},
  ],
  ["a server that cannot start", unready, upgrade("/ws", key), 503, {}],
  ["no place", made, upgrade("/ws", key), 503, { maxSessions: 0 }],
];
test.each(refused)(
  "an upgrade that is refused for %s ends its connection",
  async (_, server, request, status, more) => {
    const { port, sockets } = await serve(server(), more);
    const socket = await halfOpen(port, request);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    expect(chunk.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    await until(() => sockets.size === 0);
  },
);

test("an upgrade of another path is left to the others who listen", async () => {
  const { http, port } = await serve(made());
  http.on("upgrade", (request, socket) => {
    if (request.url === "/other") socket.end("HTTP/1.1 101 Mine\r\n\r\n");
  });
  const socket = await halfOpen(port, upgrade("/other", key));
  const [chunk] = (await once(socket, "data")) as [Buffer];
  expect(chunk.toString()).toMatch(/^HTTP\/1.1 101 Mine/);
});

test("a stream that waits behind another answer on its connection ends with the connection", async () => {
  let asked = (): void => {};
  const checking = new Promise<void>((resolve) => (asked = resolve));
  const health = {
    at: (path: string) => (path === "/slow" ? () => (asked(), new Promise<never>(() => {})) : undefined),
  };
  const server = made({ health });
  const { port, sockets } = await serve(server);
  const before = server.subscribers.size;
  const head = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const socket = await halfOpen(port, head("/slow") + head("/sse").repeat(20));
  await checking;
  await until(() => server.subscribers.size === before + 20);
  socket.destroy();
  await until(() => sockets.size === 0 && server.subscribers.size === before);
});

const nested = (levels: number, open: string, close: string): string =>
  open.repeat(levels) + "1" + close.repeat(levels);
/** JSON that somebody might send as the arguments of a call, or as any part of it. */
const values: readonly (readonly [string, string])[] = [
  ["deep objects", nested(10_000, '{"a":', "}")],
  ["deep arrays", nested(10_000, "[", "]")],
  ["a level too deep", nested(1001, "[", "]")],
  ["as deep as may be", nested(995, '{"a":', "}")],
  ["wide", `{${Array.from({ length: 20_000 }, (_, index) => `"k${index}":0`).join()}}`],
  ["a wide array", `[${"0,".repeat(50_000)}0]`],
  ["long", JSON.stringify("x".repeat(500_000))],
  ["a long name", `{${JSON.stringify("x".repeat(100_000))}:1}`],
  ["a halved surrogate", '{"a":"\\ud800"}'],
  ["controls", '{"a":"\\u0000\\u001b\\r\\n"}'],
  ["a prototype", '{"__proto__":{"a":1},"constructor":1,"toString":1,"then":1}'],
  ["a length", '{"length":-1,"0":1}'],
  ["a huge number", "1e400"],
  ...["null", "true", "-0", '""', "[]", "[[]]", "{}"].map((text) => [text, text] as const),
];
const meta = `{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`;
/** Places of a message where a value may stand. */
const places: readonly (readonly [string, (value: string) => string])[] = [
  ["the message", (value) => value],
  ["a batch", (value) => `[${value}]`],
  [
    "the arguments",
    (value) =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":${value},"_meta":${meta}}}`,
  ],
  ["the name", (value) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${value},"_meta":${meta}}}`],
  [
    "the metadata",
    (value) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","_meta":${value}}}`,
  ],
  ["the params", (value) => `{"jsonrpc":"2.0","id":1,"method":"initialize","params":${value}}`],
  ["the id", (value) => `{"jsonrpc":"2.0","id":${value},"method":"ping"}`],
  ["the method", (value) => `{"jsonrpc":"2.0","id":1,"method":${value}}`],
  ["an answer", (value) => `{"jsonrpc":"2.0","id":1,"result":${value}}`],
];

describe("hostile values are answered, and so is what follows", () => {
  const ping = '{"jsonrpc":"2.0","id":"after","method":"ping"}';
  const modern = { ...json, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "say" };

  /** Hosts of the listener: Node's own, and one that parses bodies itself. */
  const mounts: readonly (readonly [string, (server: Server) => Parameters<typeof createServer>[1]])[] = [
    ["node:http", (server) => createListener(server, served)],
    [
      "Express, which parses",
      (server) => express().use(express.json({ limit: "8mb", strict: false }), createListener(server, served)),
    ],
  ];
  test.each(mounts)("by POST, in %s", async (_, mount) => {
    const server = made();
    const http = createServer(mount(server));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      http.closeAllConnections();
      http.close();
    });
    const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const stream = await fetch(`${base}/sse`);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const messages = /data: (\S+)/.exec((await reader.read()).value!)![1]!;
    void (async () => {
      while (!(await reader.read()).done);
    })().catch(() => {});
    for (const path of ["/mcp", `/${messages}`, "/mcp/tools/say/sse"]) {
      const post = async (body: string): Promise<number> => {
        const response = await fetch(base + path, { method: "POST", headers: modern, body });
        await response.text();
        return response.status;
      };
      for (const [place, around] of path === "/mcp" ? places : places.slice(0, 1)) {
        for (const [value, text] of values) {
          const status = await post(around(text));
          expect(status, `${place}: ${value} at ${path}`).toBeLessThan(500);
          if (/deep objects|deep arrays|too deep/.test(value)) expect(status, `${place}: ${value}`).toBe(400);
        }
      }
      expect(await post(ping)).toBeLessThan(500);
    }
    expect(server.running.size).toBe(0);
    await reader.cancel();
  });

  test("by GET, in the query of a tool's event stream", async () => {
    const { port } = await serve(made());
    const base = `http://127.0.0.1:${port}/mcp/tools/say/sse`;
    const deep = [nested(1200, "[", "]")];
    for (const text of [...deep, "null", "1", '"', "{", "{}", "%00", "__proto__"]) {
      for (const name of ["arguments", "a", "__proto__"]) {
        const response = await fetch(`${base}?${name}=${encodeURIComponent(text)}`);
        await response.text();
        expect(response.status, `${name}: ${text.slice(0, 10)}`).toBeLessThan(500);
        if (deep.includes(text)) expect(response.status).toBe(400);
      }
    }
  });

  test("over WebSocket", async () => {
    const { port } = await serve(made());
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["mcp"]);
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    const answers: any[] = [];
    socket.on("message", (data) => answers.push(JSON.parse(String(data))));
    for (const [, around] of places) for (const [, text] of values) socket.send(around(text));
    socket.send(ping);
    await until(() => answers.some(({ id }) => id === "after"));
    const tooDeep = answers.filter(({ error }) => error?.message.includes("levels"));
    expect(tooDeep.length).toBe(places.length * 3);
  });
});
