import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { serveHttp, serverOf, type Running } from "./clients.js";
import { events } from "./events.js";
import { rawStdio } from "./raw-stdio.js";

let http: Running;
beforeAll(async () => {
  http = await serveHttp(serverOf("everything"));
});
afterAll(() => http.stop());

const both = "application/json, text/event-stream";
const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

function post(
  message: object,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
  url = http.url,
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: both, ...headers },
    body: JSON.stringify(message),
    ...(signal && { signal }),
  });
}

async function openSession(version = "2025-11-25", url = http.url): Promise<Record<string, string>> {
  const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const response = await post({ jsonrpc: "2.0", id: 0, method: "initialize", params }, {}, undefined, url);
  expect(response.status).toBe(200);
  expect(((await response.json()) as any).result.protocolVersion).toBe(version);
  const id = response.headers.get("mcp-session-id")!;
  expect(id).toMatch(/^[\x21-\x7e]{16,}$/);
  return { "mcp-session-id": id, "mcp-protocol-version": version };
}

const call = (id: number | string, name: string, input: object = {}, meta?: object) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: input, ...(meta && { _meta: meta }) },
});

describe("sessions", () => {
  test("a request without one is refused, one of a session that is gone gets 404, and DELETE ends it", async () => {
    const ping = { jsonrpc: "2.0", id: 5, method: "ping" };
    expect((await post(ping)).status).toBe(400);
    expect((await post(ping, { "mcp-session-id": "unknown" })).status).toBe(404);
    const session = await openSession();
    expect(await (await post(ping, session)).json()).toEqual({ jsonrpc: "2.0", id: 5, result: {} });
    expect((await fetch(http.url, { method: "DELETE", headers: session })).status).toBe(200);
    expect((await post(ping, session)).status).toBe(404);
    expect((await fetch(http.url, { method: "DELETE", headers: session })).status).toBe(404);
    expect((await post(ping, { ...session, "mcp-protocol-version": "1999-01-01" })).status).toBe(400);
  });

  test("one that is open cannot be opened again; one that is gone is no reason not to open another", async () => {
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
    const initialize = { jsonrpc: "2.0", id: 7, method: "initialize", params };
    const session = await openSession();
    const again = await post(initialize, session);
    expect([again.status, ((await again.json()) as any).error.code]).toEqual([400, -32600]);
    expect((await post({ jsonrpc: "2.0", id: 8, method: "ping" }, session)).status).toBe(200);
    await fetch(http.url, { method: "DELETE", headers: session });
    const another = await post(initialize, session);
    expect(another.status).toBe(200);
    expect(another.headers.get("mcp-session-id")).not.toBe(session["mcp-session-id"]);
  });

  test("batches: what is only notifications has no answer, what is none is refused", async () => {
    const session = await openSession("2025-03-26");
    const note = { jsonrpc: "2.0", method: "notifications/initialized" };
    expect((await post([note], session)).status).toBe(202);
    expect((await post([], session)).status).toBe(400);
    expect((await post([note], await openSession("2025-06-18"))).status).toBe(400);
  });

  test("a broken stream is taken up where it broke", async () => {
    const session = await openSession();
    const lost = new AbortController();
    const first = events(
      await post(call(9, "test_tool_with_progress", {}, { progressToken: "p" }), session, lost.signal),
    );
    expect((await first())?.data).toBeUndefined();
    const { id } = (await first())!;
    lost.abort();
    const rest = events(
      await fetch(http.url, { headers: { ...session, accept: "text/event-stream", "last-event-id": id! } }),
    );
    // The id that it came back with.
    expect(await rest()).toMatchObject({ id, data: undefined });
    const seen: any[] = [];
    for (let event = await rest(); event !== undefined; event = await rest()) seen.push(event.data);
    expect(seen.map(({ method, id: answered }) => method ?? answered)).toEqual([
      "notifications/progress",
      "notifications/progress",
      9,
    ]);
    expect(seen.at(-1).result.content[0].text).toBe("Done.");
  });

  test("only clients of 2025-11-25 get an event without a message", async () => {
    const stream = events(await post(call(9, "test_tool_with_logging"), await openSession("2025-06-18")));
    expect((await stream())?.data).toMatchObject({ method: "notifications/message" });
  });
});

describe("streams of what belongs to no request", () => {
  test("a session may have several, as long as it lasts", async () => {
    const session = await openSession();
    const standing = () => fetch(http.url, { headers: { ...session, accept: "text/event-stream" } });
    const next = events(await standing());
    // An id to come back with.
    expect((await next())?.data).toBeUndefined();
    const another = await standing();
    expect(another.status).toBe(200);
    await another.body!.cancel();
    expect((await fetch(http.url, { headers: { ...session, accept: "application/json" } })).status).toBe(406);
    await fetch(http.url, { method: "DELETE", headers: session });
    expect(await next()).toBeUndefined();
  });

  test("a subscription has no other answer than a stream", async () => {
    const params = { notifications: { toolsListChanged: true }, _meta: claim };
    const response = await post(
      { jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params },
      { accept: "application/json", "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" },
    );
    expect(response.status).toBe(406);
  });

  test("over stdio, subscriptions are answered when the input ends", async () => {
    const server = rawStdio("node", [serverOf("everything")]);
    const params = { notifications: { toolsListChanged: true }, _meta: claim };
    server.write(`${JSON.stringify({ jsonrpc: "2.0", id: "s", method: "subscriptions/listen", params })}\n`);
    expect((await server.next())["method"]).toBe("notifications/subscriptions/acknowledged");
    const ended = server.end();
    expect(await server.next()).toMatchObject({
      id: "s",
      result: { resultType: "complete", _meta: { "io.modelcontextprotocol/subscriptionId": "s" } },
    });
    expect(await ended).toBe(0);
  });
});

test("a session's request that is cancelled ends without an answer", async () => {
  const { url, stop } = await serveHttp(serverOf("contract"));
  onTestFinished(stop);
  const session = await openSession("2025-11-25", url);
  const say = (message: object): Promise<Response> => post(message, session, undefined, url);
  const answered = say(call("long", "wait", { key: "k" }));
  // The two could overtake each other on their way: cancelled is what runs already.
  const state = async (): Promise<string> =>
    ((await (await say(call("look", "waited", { key: "k" }))).json()) as any).result.content[0].text;
  while ((await state()) !== "waiting");
  await say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "long" } });
  const response = await answered;
  expect([response.status, await response.text(), await state()]).toEqual([202, "", "cancelled"]);
});

test("SIGTERM ends a server with sessions, streams and running calls, in good order", async () => {
  const server = await serveHttp(serverOf("everything"));
  const send = (message: object, headers: Record<string, string>) =>
    fetch(server.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: both, ...headers },
      body: JSON.stringify(message),
    });
  const headers = { "mcp-protocol-version": "2026-07-28" };
  const listen = {
    jsonrpc: "2.0",
    id: "l",
    method: "subscriptions/listen",
    params: { notifications: { toolsListChanged: true }, _meta: claim },
  };
  const next = events(await send(listen, { ...headers, "mcp-method": "subscriptions/listen" }));
  await next();
  const running = await Promise.all(
    Array.from({ length: 10 }, async (_, id) => {
      const meta = { ...claim, progressToken: id };
      const named = { "mcp-method": "tools/call", "mcp-name": "test_tool_with_progress" };
      return events(await send(call(id, "test_tool_with_progress", {}, meta), { ...headers, ...named }));
    }),
  );
  for (const event of running) expect((await event())?.data.method).toBe("notifications/progress");
  const stopped = server.stop();
  for (const event of running) {
    let last: any;
    for (let one = await event(); one !== undefined; one = await event()) last = one.data;
    expect(last.result.content[0].text).toBe("Done.");
  }
  expect((await next())?.data).toMatchObject({ id: "l", result: { resultType: "complete" } });
  await stopped;
  expect(server.process.exitCode).toBe(0);
});
