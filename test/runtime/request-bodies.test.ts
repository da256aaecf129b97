import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import compression from "compression";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test } from "vitest";
import { createListener } from "../../runtime/node/http-listener.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { doors, options } from "./doors.js";
import { serverWith } from "./surface.js";

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const headers = {
  "content-type": "application/json",
  accept: "application/json",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "say",
};
const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "say", arguments: {}, _meta: meta },
});
const made = () => serverWith({ say: () => "said" });

async function address(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Read = (request: IncomingMessage & { body?: unknown; rawBody?: unknown }) => Promise<void> | void;

const readAll: Read = async (request) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  Object.assign(request, { whole: Buffer.concat(chunks) });
};
const bytesOf = (request: object): Buffer => (request as { whole: Buffer }).whole;

/** What middleware does to a request before the listener has it. */
const middleware: readonly (readonly [what: string, read: Read, status: number])[] = [
  ["nothing", () => {}, 200],
  ["pauses it", (request) => void request.pause(), 200],
  ["waits for a while", () => new Promise((resolve) => setImmediate(resolve)), 200],
  ["sets an empty body and reads nothing", (request) => void (request.body = {}), 200],
  ["reads it and keeps nothing", readAll, 500],
  ["reads a part of it", (request) => new Promise((resolve) => request.once("data", () => resolve())), 500],
  [
    "parses it",
    async (request) => (await readAll(request), (request.body = JSON.parse(String(bytesOf(request))))),
    200,
  ],
  ["keeps its text", async (request) => (await readAll(request), (request.body = String(bytesOf(request)))), 200],
  ["keeps its bytes", async (request) => (await readAll(request), (request.body = bytesOf(request))), 200],
  ["keeps its bytes elsewhere", async (request) => (await readAll(request), (request.rawBody = bytesOf(request))), 200],
];
test.each(middleware)("middleware that %s before the listener: an answer", async (_, read, status) => {
  const listener = createListener(made(), options);
  const url = await address((request, response) => {
    void Promise.resolve(read(request)).then(() => listener(request, response));
  });
  const answer = await fetch(`${url}/mcp`, { method: "POST", headers, body });
  expect([answer.status, await answer.text()]).toEqual([
    status,
    expect.stringContaining(status === 200 ? "said" : "read the body"),
  ]);
});

const parsers: readonly (readonly [string, express.Handler])[] = [
  ["json", express.json()],
  ["json, lenient", express.json({ strict: false })],
  ["raw", express.raw({ type: "*/*" })],
  ["text", express.text({ type: "*/*" })],
  ["urlencoded", express.urlencoded({ extended: true })],
];
test.each(parsers)("behind express.%s", async (_, parser) => {
  const app = express();
  app.use(parser);
  app.use("/mcp", createListener(made(), options));
  const answer = await fetch(`${await address(app)}/mcp`, { method: "POST", headers, body });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("said")]);
});

test.each([
  ["read", (request: Request) => request.text(), 500, "read the body"],
  ["parsed and kept for others", (request: Request) => request.clone().json(), 200, "said"],
  ["locked", (request: Request) => Promise.resolve(request.body!.getReader()), 500, "read the body"],
])("a Web request whose body was %s before: an answer", async (_, read, status, words) => {
  const app = new Hono();
  app.use(async (context, next) => (void (await read(context.req.raw)), next()));
  app.all("/mcp", (context) => createFetch(made(), options)(context.req.raw));
  const answer = await app.request("http://localhost/mcp", { method: "POST", headers, body });
  expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(words)]);
});

test("a Web request whose body breaks off: an answer", async () => {
  const broken = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(body.slice(0, 20))),
    pull: (controller) => controller.error(new Error("gone")),
  });
  const request = new Request("http://localhost/mcp", {
    method: "POST",
    headers,
    body: broken,
    duplex: "half",
  } as never);
  const answer = await createFetch(made(), options)(request);
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("broke off")]);
});

test("a Web request whose client hangs up while its body comes is not answered, and nothing runs", async () => {
  let calls = 0;
  const stop = new AbortController();
  const slow = new ReadableStream({
    pull(controller) {
      stop.abort();
      controller.enqueue(new TextEncoder().encode(body));
      controller.close();
    },
  });
  const init = { method: "POST", headers, body: slow, duplex: "half", signal: stop.signal };
  const server = serverWith({ say: () => String((calls += 1)) });
  const answer = await createFetch(server, options)(new Request("http://localhost/mcp", init as never));
  expect([answer.status >= 400, calls]).toEqual([true, 0]);
});

/** One request over HTTP/2 in the clear. */
async function overHttp2(port: number, more: Record<string, string> = {}): Promise<readonly [number, string]> {
  const client = http2.connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => client.destroy());
  const stream = client.request({ ":method": "POST", ":path": "/mcp", ...headers, ...more });
  const status = new Promise<number>((resolve) => stream.on("response", (told) => resolve(told[":status"]!)));
  let text = "";
  const ended = new Promise((resolve) =>
    stream
      .setEncoding("utf8")
      .on("data", (data) => (text += data))
      .on("end", resolve),
  );
  stream.end(body);
  const told = await status;
  await ended;
  return [told, text];
}

describe.each<readonly [string, () => Promise<number>]>([
  [
    "node:http2",
    async () => {
      const server = http2.createServer(createListener(made(), options) as never);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      return (server.address() as AddressInfo).port;
    },
  ],
  [
    "Fastify with http2",
    async () => {
      const listener = createListener(made(), options);
      const app = fastify({ http2: true });
      app.all("/mcp", (request, reply) => {
        reply.hijack();
        listener(Object.assign(request.raw, { body: request.body }) as never, reply.raw as never);
      });
      await app.listen({ host: "127.0.0.1", port: 0 });
      onTestFinished(() => app.close());
      return (app.server.address() as AddressInfo).port;
    },
  ],
])("over HTTP/2: %s", (_, serve) => {
  test.each([
    ["by its address", {}, 200, "said"],
    ["by a name elsewhere", { ":authority": "evil.example" }, 403, "evil.example"],
    ["with a Host that says the same", { ":authority": "localhost", host: "localhost" }, 200, "said"],
    ["with a Host that says otherwise", { ":authority": "localhost", host: "evil.example" }, 400, "one Host"],
    ["as an event stream", { accept: "application/json, text/event-stream" }, 200, "said"],
  ])("%s", async (_what, more, status, words) => {
    expect(await overHttp2(await serve(), more)).toEqual([status, expect.stringContaining(words)]);
  });
});

const encodings = [
  [undefined, 200],
  ["identity", 200],
  ["gzip", 415],
  ["br, identity", 415],
] as const;
const endings = [
  ["/mcp", 200],
  ["/mcp/", 200],
  ["/mcp//?x", 200],
  ["/mcpx", 404],
] as const;
describe.each(doors)("%s", (kind, door) => {
  test.each(encodings)("a body in the encoding %s: %i", async (encoding, status) => {
    const more = encoding === undefined ? {} : { "content-encoding": encoding };
    const told = await door(made(), options, { headers: { ...headers, ...more }, body });
    expect([told.status, told.headers["accept-encoding"]]).toEqual([status, status === 415 ? "identity" : undefined]);
  });

  test.each(endings)("the address %s: %i", async (path, status) => {
    // `fetch` is the MCP endpoint at any address.
    const told = await door(made(), options, { path, headers, body });
    expect(told.status).toBe(kind === "fetch" ? 200 : status);
  });

  test("a byte order mark before the message is skipped", async () => {
    expect((await door(made(), options, { headers, body: `\u{feff}${body}` })).text).toContain("said");
  });

  test("HTTP+SSE at an address with a slash", async () => {
    const served = { ...options, sse: { path: "/a/sse/", messagesPath: "/a/messages" } };
    const told = await door(made(), served, { path: "/a/messages/?sessionId=none", headers, body });
    expect([told.status, told.text]).toEqual([404, expect.stringContaining("no such session")]);
  });
});

test.each([
  ["/sse", "messages"],
  ["/sse/", "../messages"],
])("a stream of HTTP+SSE that is opened at %s leads to %s", async (path, reference) => {
  const served = { ...options, sse: { path: "/sse", messagesPath: "/messages" } };
  const answer = await createFetch(made(), served)(new Request(`http://localhost${path}`));
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toContain(`data: ${reference}?sessionId=`);
  await reader.cancel();
});

test("behind middleware that compresses, each event of a stream leaves at once", async () => {
  let go!: () => void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const tool = async (_input: unknown, { progress }: { progress: (done: number) => void }) => {
    progress(1);
    await gate;
    return "said";
  };
  const app = express();
  app.use(compression({ threshold: 0 }));
  app.use(createListener(serverWith({ say: tool as never }), options));
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call" };
  const params = { name: "say", _meta: { ...meta, progressToken: 1 } };
  const answer = await fetch(`${await address(app)}/mcp`, {
    method: "POST",
    headers: { ...headers, accept: "application/json, text/event-stream", "accept-encoding": "gzip" },
    body: JSON.stringify({ ...message, params }),
  });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toContain("notifications/progress");
  go();
  expect((await reader.read()).value).toContain("said");
});
