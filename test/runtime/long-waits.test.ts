import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { createAuthentication } from "../../runtime/auth/authentication.js";
import { hook } from "../../runtime/auth/hook.js";
import { createListener } from "../../runtime/node/http-listener.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import { createLifecycle } from "../../runtime/protocol/application.js";
import { fixedCaller } from "../../runtime/protocol/auth.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { options } from "./doors.js";
import { serverWith } from "./surface.js";

const served = {
  ...options,
  ...{ sse: { path: "/sse", messagesPath: "/messages" }, websocket: { path: "/ws" }, toolEvents: true },
};
const never = new Promise<never>(() => {});
afterEach(() => void vi.useRealTimers());

/** What a request may wait for in vain. `reached` is called when it waits. */
const waits: Readonly<Record<string, (server: Server, reached: () => void) => object>> = {
  "a hook that never says who calls": (_, reached) => ({
    auth: createAuthentication({
      ...{ name: "made", path: "/mcp", includes: {}, requested: [] },
      methods: [hook(() => (reached(), never))],
    }),
  }),
  "a second method that never says": (_, reached) => ({
    auth: createAuthentication({
      ...{ name: "made", path: "/mcp", includes: {}, requested: [] },
      methods: [hook(async () => undefined), hook(() => (reached(), never))],
    }),
  }),
  "an onStart that never ends": (_, reached) => ({
    hooks: { onStart: () => (reached(), never) },
    application: createLifecycle(true),
  }),
  "keys that are never read": (_, reached) => ({
    auth: { ...fixedCaller({ scopes: [], claims: {} }), start: () => (reached(), never) },
    application: createLifecycle(true),
  }),
};
const wait = Object.keys(waits);

/** The request of each door, up to the end of its body. */
const requests: Readonly<Record<string, string>> = {
  "POST /mcp": "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
  "GET /mcp": "GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /sse": "GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /mcp/tools/say/sse": "GET /mcp/tools/say/sse HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /ws":
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
};

function made(what: string): {
  readonly server: Server;
  readonly log: readonly string[];
  readonly reached: Promise<void>;
} {
  const log: string[] = [];
  const server = serverWith({ say: () => "said" }, { log: (message, details) => log.push(message, details?.reason) });
  let resolve!: () => void;
  const reached = new Promise<void>((done) => (resolve = done));
  Object.assign(server, waits[what]!(server, resolve));
  return { server, log, reached };
}
const hasEnded = expect.stringContaining("has not ended within 30000 ms");

test.each(wait.flatMap((what) => Object.keys(requests).map((request) => [request, what] as const)))(
  "%s is refused after %s, and the log says so",
  async (request, what) => {
    const { server, log, reached } = made(what);
    const http = createServer(createListener(server, served));
    http.on("upgrade", createUpgrade(server, served)).listen(0, "127.0.0.1");
    await once(http, "listening");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const socket = connect((http.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    onTestFinished(() => {
      socket.destroy();
      http.close();
    });
    socket.write(requests[request]!);
    await reached;
    await vi.advanceTimersByTimeAsync(30_000);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1.1 503 [^]*retry-after: 5[^]*try again/i);
    expect(log).toContainEqual(hasEnded);
    expect(server.ledger.count()).toBe(0);
  },
);

test.each(wait)("over fetch, a request is refused after %s", async (what) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { server, log, reached } = made(what);
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const answer = createFetch(server, served)(new Request("http://localhost/mcp", init));
  await reached;
  await vi.advanceTimersByTimeAsync(30_000);
  expect([(await answer).status, log]).toEqual([503, expect.arrayContaining([hasEnded])]);
});

test("a check that ends in time leaves no timer behind", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { server } = made(wait[0]!);
  const methods = [hook(async () => ({ principal: "ada" }))];
  const auth = createAuthentication({ name: "made", path: "/mcp", includes: {}, requested: [], methods });
  const fetch = createFetch(Object.assign(server, { auth }), served);
  expect((await fetch(new Request("http://localhost/mcp", { method: "DELETE" }))).status).toBe(405);
  expect(vi.getTimerCount()).toBe(0);
});
