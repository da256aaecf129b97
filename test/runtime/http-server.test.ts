import diagnostics from "node:diagnostics_channel";
import type { Server as HttpServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../../runtime/node/http-server.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { options } from "./doors.js";
import { serverWith } from "./surface.js";

const auth = { metadata: new Map(), challenge: () => "Bearer", start: async () => [], stop: () => {} };

/** Serves as the built server does; what it logs meanwhile. */
async function served(more: Partial<HttpOptions>, part: object = {}) {
  const log: string[] = [];
  const server = Object.assign(serverWith({}, { log: (message) => log.push(message) }), part);
  const listening = await listen(server, { ...options, ...more });
  onTestFinished(() => listening.close());
  return { log, url: listening.url };
}

test.each([
  ["unless told otherwise", {}, 75_000],
  ["as the manifest says", { keepAliveTimeoutMs: 1000 }, 1000],
  ["for longer than Node waits for headers", { keepAliveTimeoutMs: 120_000 }, 120_000],
])("a connection is kept %s, and its next headers are waited for longer", async (_, more, kept) => {
  const { url } = await served(more);
  let http: HttpServer | undefined;
  const note = (message: unknown): void => void (http = (message as { server: HttpServer }).server);
  diagnostics.subscribe("http.server.request.start", note);
  onTestFinished(() => void diagnostics.unsubscribe("http.server.request.start", note));
  const answer = await fetch(url, { headers: { connection: "close" } });
  expect(answer.status).toBe(405);
  expect(http?.keepAliveTimeout).toBe(kept);
  expect(http?.headersTimeout).toBeGreaterThan(kept);
});

test("a connection that cannot be accepted is logged, and others are answered", async () => {
  const { url, log } = await served({});
  let http: HttpServer | undefined;
  const note = (message: unknown): void => void (http = (message as { server: HttpServer }).server);
  diagnostics.subscribe("http.server.request.start", note);
  onTestFinished(() => void diagnostics.unsubscribe("http.server.request.start", note));
  const ask = async () => (await fetch(url, { headers: { connection: "close" } })).status;
  expect(await ask()).toBe(405);
  // As Node tells of it when the process has no descriptor left.
  http!.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE", syscall: "accept" }));
  expect(log).toEqual(["a connection could not be accepted"]);
  expect(await ask()).toBe(405);
});

test.each([
  [
    "an address of another machine",
    "192.0.2.1",
    false,
    /^cannot listen on 192\.0\.2\.1 port 0: .*; choose an address of this machine with --host$/,
  ],
  ["what is no address", "256.0.0.1", false, /; choose an address of this machine with --host$/],
  [
    "a port that is taken",
    "127.0.0.1",
    true,
    /^cannot listen on 127\.0\.0\.1 port \d+: .*; choose another port with --port$/,
  ],
])("a server that cannot listen on %s says what to change", async (_, host, isTaken, message) => {
  const port = isTaken ? Number(new URL((await served({ host })).url).port) : 0;
  await expect(served({ host, port })).rejects.toThrow(message);
});

const warned = [expect.stringContaining("any client that reaches this address may call")];
test.each([
  ["in public without credentials", { host: "0.0.0.0" }, {}, warned],
  ["in public, over IPv6", { host: "::" }, {}, warned],
  ["in public without credentials, by name", { host: "0.0.0.0", allowedHosts: ["mcp.example"] }, {}, warned],
  ["in public with credentials", { host: "0.0.0.0" }, { auth }, []],
  ["on this machine", {}, {}, []],
])("what a server that listens %s says in its log", async (_, more, part, log) => {
  expect((await served(more, part)).log).toEqual(log);
});
