import { describe, expect, onTestFinished, test, vi } from "vitest";
import { revoke } from "../../runtime/protocol/auth.js";
import { publish } from "../../runtime/protocol/changes.js";
import type { Headers, HttpReply, HttpRequest } from "../../runtime/transports/http/endpoint.js";
import { createEndpoint } from "../../runtime/transports/http/streamable.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { events } from "../e2e/events.js";
import { serverWith } from "./surface.js";

const http = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] };
const tools = { kind: "tools" } as const;
const toolsChanged = { jsonrpc: "2.0", method: "notifications/tools/list_changed", params: {} };

/** A session of 2025-11-25 that is ready, and its streams. */
async function session() {
  const server = serverWith({ t: () => "x" });
  const fetch = createFetch(server, http);
  const send = (body: object, headers: object = {}): Promise<Response> =>
    fetch(
      new Request("http://localhost/mcp", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", ...body }),
      }),
    );
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  const opened = await send({ id: 0, method: "initialize", params });
  const headers = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
  await send({ method: "notifications/initialized" }, headers);
  const listen = async (lastEventId?: string) => {
    const stop = new AbortController();
    const resumed = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const wanted = { ...headers, accept: "text/event-stream", ...resumed };
    const response = await fetch(new Request("http://localhost/mcp", { headers: wanted, signal: stop.signal }));
    const next = events(response);
    // Only the id to come back with.
    expect((await next())?.data).toBeUndefined();
    return { next, hangUp: () => stop.abort() };
  };
  /** The status of a request in the session. */
  const ping = async (): Promise<number> => (await send({ id: 1, method: "ping" }, headers)).status;
  const count = (): number => new Map(server.ledger.places()).get("session") ?? 0;
  return { server, listen, ping, count };
}

describe("a session without a request and a stream for half an hour", () => {
  const minutes = 60_000;
  const fake = (...more: ("setTimeout" | "clearTimeout")[]): void => {
    vi.useFakeTimers({ toFake: ["performance", ...more] });
    onTestFinished(() => void vi.useRealTimers());
  };

  test("ends by itself", async () => {
    fake("setTimeout", "clearTimeout");
    const { ping, count, listen } = await session();
    for (const _ of [1, 2, 3]) {
      vi.advanceTimersByTime(29 * minutes);
      expect(await ping()).toBe(200);
    }
    const stream = await listen();
    vi.advanceTimersByTime(100 * minutes);
    stream.hangUp();
    vi.advanceTimersByTime(29 * minutes);
    expect(count()).toBe(1);
    expect(await ping()).toBe(200);
    vi.advanceTimersByTime(31 * minutes);
    expect(count()).toBe(0);
    expect(await ping()).toBe(404);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is not served, even where no timer has ended it", async () => {
    fake();
    const { ping, count } = await session();
    vi.advanceTimersByTime(31 * minutes);
    expect(count()).toBe(1);
    expect(await ping()).toBe(404);
    expect(count()).toBe(0);
  });
});

test("what a session is told before it has a stream waits for one, each thing once, and is told once", async () => {
  const { server, listen } = await session();
  for (let times = 0; times < 3; times += 1) publish(server, tools);
  const first = await listen();
  expect((await first.next())?.data).toEqual(toolsChanged);
  // Told again after it was read, it says something new.
  publish(server, tools);
  const { id, data } = (await first.next())!;
  expect(data).toEqual(toolsChanged);
  first.hangUp();
  publish(server, tools);
  publish(server, tools);
  const second = await listen();
  const after = await second.next();
  expect([after?.data, Number(after?.id?.split("-")[1])]).toEqual([toolsChanged, Number(id!.split("-")[1]) + 1]);
  second.hangUp();
  // One that says what it saw last gets all since, whether it was written before or not.
  const resumed = await listen(id);
  expect(await resumed.next()).toEqual(after);
  publish(server, tools);
  expect((await resumed.next())?.data).toEqual(toolsChanged);
});

test("nobody is told of changes to lists that the server does not have", async () => {
  const { server, listen } = await session();
  const { next } = await listen();
  publish(server, { kind: "prompts" });
  publish(server, { kind: "resources" });
  publish(server, tools);
  expect((await next())?.data).toEqual(toolsChanged);
});

const places: readonly [string, string, string][] = [
  ["/sse", "/messages", "messages"],
  ["/sse", "/", "./"],
  ["/sse", "/a:b", "./a:b"],
  ["/mcp/sse", "/mcp/messages", "messages"],
  ["/mcp/sse", "/messages", "../messages"],
  ["/a/b/sse", "/a/c/messages", "../c/messages"],
  ["/a/b/", "/a/b/messages", "messages"],
];

// A client resolves the reference against the stream's address (2024-11-05, transports), so a prefix that a proxy cuts
// off is there again; an absolute path would lose it, and which one it is the server cannot know.
test.each(places)(
  "HTTP+SSE at %s tells of %s as %s, whatever prefix a proxy cuts off",
  async (path, messagesPath, told) => {
    const fetch = createFetch(serverWith({ t: () => "x" }), { ...http, sse: { path, messagesPath } });
    const stop = new AbortController();
    const stream = await fetch(new Request(`http://localhost${path}`, { signal: stop.signal }));
    const { text } = (await events(stream)())!;
    expect(text.replace(/\?sessionId=[\w-]+$/, "")).toBe(told);
    expect(new URL(text, `https://example.com/prefix${path}`).pathname).toBe(`/prefix${messagesPath}`);
    stop.abort();
  },
);

test("a stream that has ended by itself leaves nothing with the credentials of its caller", () => {
  const auth = { principal: "ada", scopes: [], claims: {} };
  const endpoint = createEndpoint(serverWith({ t: () => "x" }), {});
  const replies: string[] = [];
  let session: Headers = {};
  const send = (method: string, message?: object): void => {
    const sent: Headers = { accept: "application/json, text/event-stream", ...session };
    const request: HttpRequest = { method, url: "/mcp", header: (name) => sent[name], auth };
    const reply: HttpReply = {
      send: (_status, _body, headers) => void (session = headers?.["mcp-session-id"] ? headers : session),
      open: () => replies.push("open"),
      close: () => replies.push("close"),
      ...{ event: () => {}, named: () => {}, retry: () => {}, fail: (error) => replies.push(String(error)) },
    };
    if (message === undefined) endpoint.open(request, reply);
    else endpoint.postParsed(request, { jsonrpc: "2.0", id: 0, ...message }, reply);
  };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  send("POST", { method: "initialize", params });
  send("GET");
  send("DELETE");
  expect(replies).toEqual(["open", "close"]);
  revoke(auth);
  expect(replies).toEqual(["open", "close"]);
});
