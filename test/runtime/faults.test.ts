import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { publish } from "../../runtime/protocol/changes.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { createFetch, type Fetch } from "../../runtime/transports/http/fetch.js";
import { serverWith } from "./surface.js";

const http = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] };
const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/logLevel": "debug",
  progressToken: 1,
};

function modern(
  fetch: Fetch,
  method: string,
  params: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(params["name"] !== undefined && { "mcp-name": String(params["name"]) }),
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: claim } });
  return fetch(new Request("http://localhost/mcp", { method: "POST", headers, body, ...(signal && { signal }) }));
}

const listen = (fetch: Fetch, signal?: AbortSignal): Promise<Response> =>
  modern(fetch, "subscriptions/listen", { notifications: { toolsListChanged: true } }, signal);

/** The test runner has timers of its own, which come and go: what counts is that none are left over. */
const intervals = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

test("a thousand subscriptions come and go, and nothing stays: subscribers, timers", async () => {
  const server = serverWith({ t: () => "x" });
  const fetch = createFetch(server, http);
  const before = intervals();
  const stops = Array.from({ length: 1000 }, () => new AbortController());
  const streams = await Promise.all(stops.map((stop) => listen(fetch, stop.signal)));
  expect(server.subscribers.size).toBe(1000);
  publish(server, { kind: "tools" });
  const reader = streams[999]!.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("tools/list_changed")) text += (await reader.read()).value;
  for (const stop of stops) stop.abort();
  await setTimeout(0);
  expect(server.subscribers.size).toBe(0);
  expect(intervals()).toBeLessThanOrEqual(before + 1);
});

test("the one that is too many is refused, in words", async () => {
  const server = serverWith({ t: () => "x" });
  const fetch = createFetch(server, http);
  const stop = new AbortController();
  await Promise.all(Array.from({ length: 1024 }, () => listen(fetch, stop.signal)));
  const refused = (await (await listen(fetch)).json()) as any;
  expect(refused.error.message).toContain("1024");
  stop.abort();
});

test("a client that never reads is dropped; the others go on", async () => {
  const server = serverWith({ t: () => "x" });
  const fetch = createFetch(server, http);
  await listen(fetch);
  const reading = await listen(fetch);
  let seen = 0;
  const done = (async () => {
    const reader = reading.body!.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) seen += piece.value.length;
  })();
  expect(server.subscribers.size).toBe(2);
  for (let round = 0; round < 600; round += 1) {
    for (let count = 0; count < 200; count += 1) publish(server, { kind: "tools" });
    await setTimeout(0);
  }
  expect(server.subscribers.size).toBe(1);
  expect(seen).toBeGreaterThan(5 * 1024 * 1024);
  for (const subscriber of server.subscribers) subscriber.end();
  await done;
});

/** A tool that reports once, then waits to be told that it is over. */
function waiting(): { server: Server; aborted: () => boolean } {
  let aborted = false;
  const handler = (_input: unknown, { signal, progress }: any) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => ((aborted = true), resolve("stopped")));
      progress(1);
    });
  return { server: serverWith({ t: handler as never }), aborted: () => aborted };
}

test("a client of 2026-07-28 that hangs up in the middle of a call cancels it", async () => {
  const { server, aborted } = waiting();
  const stop = new AbortController();
  const before = intervals();
  const response = await modern(createFetch(server, http), "tools/call", { name: "t" }, stop.signal);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  stop.abort();
  await setTimeout(0);
  expect(aborted()).toBe(true);
  expect(intervals()).toBeLessThanOrEqual(before + 1);
});

test.each<[what: string, fail: (signal: AbortSignal) => Promise<unknown>, level: string]>([
  ["a timer of Node's", (signal) => setTimeout(60_000, undefined, { signal }), "debug"],
  ["a request of fetch", (signal) => globalThis.fetch("http://127.0.0.1:9", { signal }), "debug"],
  ["the reason itself", (signal) => Promise.reject(signal.reason), "debug"],
  ["a failure of the handler's own", () => Promise.reject(new TypeError("broken")), "error"],
])("a handler that is cancelled ends with %s: the log has its level", async (_what, fail, level) => {
  const logged: string[] = [];
  const handler = async (_input: unknown, { signal, progress }: any) => {
    progress(1);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return fail(signal);
  };
  const log = (message: string, _details: unknown, level: string): void => void logged.push(`${level}: ${message}`);
  const stop = new AbortController();
  await modern(
    createFetch(serverWith({ t: handler as never }, { log }), http),
    "tools/call",
    { name: "t" },
    stop.signal,
  );
  stop.abort();
  await expect.poll(() => logged).toEqual([`${level}: the tool "t" failed`]);
});

test("one of an older revision does not, and ending its session does", async () => {
  const { server, aborted } = waiting();
  const fetch = createFetch(server, http);
  const send = (body: object, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> =>
    fetch(
      new Request("http://localhost/mcp", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        body: JSON.stringify(body),
        ...(signal && { signal }),
      }),
    );
  const opened = await send({
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
  });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
  const stop = new AbortController();
  await send(
    { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t", _meta: { progressToken: 1 } } },
    session,
    stop.signal,
  );
  stop.abort();
  await setTimeout(0);
  expect(aborted()).toBe(false);
  await fetch(new Request("http://localhost/mcp", { method: "DELETE", headers: session }));
  expect([aborted(), server.subscribers.size]).toEqual([true, 0]);
});

test("a handler that throws after its first progress ends the stream with the error", async () => {
  const handler = (_input: unknown, { progress }: any) => {
    progress(1);
    return Promise.reject(new Error("secret"));
  };
  const response = await modern(createFetch(serverWith({ t: handler as never }), http), "tools/call", { name: "t" });
  const events = (await response.text()).trim().split("\n\n");
  expect(events).toHaveLength(2);
  expect(events[1]).toContain('"isError":true');
  expect(events[1]).not.toContain("secret");
});
