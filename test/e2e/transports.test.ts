import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveHttp, serverOf, type Running } from "./clients.js";
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

function post(message: object, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(http.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: both, ...headers },
    body: JSON.stringify(message),
    ...(signal && { signal }),
  });
}

function modern(method: string, params: Record<string, unknown>, signal?: AbortSignal): Promise<Response> {
  const name = params["name"] ?? params["uri"];
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name === undefined ? {} : { "mcp-name": String(name) }),
  };
  return post(
    { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: { ...claim, ...(params["_meta"] as object) } } },
    headers,
    signal,
  );
}

async function openSession(version = "2025-11-25"): Promise<Record<string, string>> {
  const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const response = await post({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  expect(response.status).toBe(200);
  expect(((await response.json()) as any).result.protocolVersion).toBe(version);
  const id = response.headers.get("mcp-session-id")!;
  expect(id).toMatch(/^[\x21-\x7e]{16,}$/);
  return { "mcp-session-id": id, "mcp-protocol-version": version };
}

/** Reads a stream event by event. */
function events(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return async (): Promise<{ id?: string; data: any } | undefined> => {
    for (;;) {
      const end = rest.indexOf("\n\n");
      if (end !== -1) {
        const lines = rest.slice(0, end).split("\n");
        rest = rest.slice(end + 2);
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field("data");
        if (data === undefined) continue;
        const id = field("id");
        return { ...(id !== undefined && { id }), data: data.trim() === "" ? undefined : JSON.parse(data) };
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest += value;
    }
  };
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

  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])(
    "%s is spoken as it is asked for",
    async (version) => {
      const session = await openSession(version);
      const { result } = (await (await post({ jsonrpc: "2.0", id: "a", method: "tools/list" }, session)).json()) as any;
      expect(result.tools.length).toBeGreaterThan(10);
      expect(result).not.toHaveProperty("resultType");
    },
  );

  test("an unknown version is answered with the newest", async () => {
    const params = { protocolVersion: "2030-01-01", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
    const answer = (await (await post({ jsonrpc: "2.0", id: 0, method: "initialize", params })).json()) as any;
    expect(answer.result.protocolVersion).toBe("2025-11-25");
  });

  test("batches: at 2025-03-26 alone, one array of responses, nothing for notifications", async () => {
    const batch = [
      { jsonrpc: "2.0", id: 1, method: "ping" },
      { jsonrpc: "2.0", method: "notifications/initialized" },
      call(2, "test_simple_text"),
      7,
    ];
    const session = await openSession("2025-03-26");
    const answers = (await (await post(batch, session)).json()) as any[];
    expect(answers.map(({ id, error }) => id ?? error.code).sort()).toEqual([-32600, 1, 2]);
    expect((await post([batch[1]!], session)).status).toBe(202);
    expect((await post([], session)).status).toBe(400);
    expect(
      (
        await post(
          Array.from({ length: 101 }, () => batch[0]!),
          session,
        )
      ).status,
    ).toBe(400);
    expect((await post(batch, await openSession("2025-06-18"))).status).toBe(400);
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

describe("changes", () => {
  const update = {
    jsonrpc: "2.0",
    method: "notifications/resources/updated",
    params: { uri: "test://watched-resource" },
  };

  test("reach the standing stream of a session, and resources only those who subscribed", async () => {
    const [one, other] = [await openSession(), await openSession()];
    const standing = (session: Record<string, string>) =>
      fetch(http.url, { headers: { ...session, accept: "text/event-stream" } });
    const next = events(await standing(one));
    const otherNext = events(await standing(other));
    expect((await standing(one)).status).toBe(409);
    const uri = "test://watched-resource";
    expect(
      await (await post({ jsonrpc: "2.0", id: 1, method: "resources/subscribe", params: { uri } }, one)).json(),
    ).toMatchObject({ result: {} });
    await post(call(2, "test_trigger_resource_update"), one);
    await post(call(3, "test_trigger_tool_change"), one);
    expect((await next())?.data).toEqual(update);
    const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed", params: {} };
    expect((await next())?.data).toEqual(changed);
    expect((await otherNext())?.data).toEqual(changed);
    await post({ jsonrpc: "2.0", id: 4, method: "resources/unsubscribe", params: { uri } }, one);
    await post(call(5, "test_trigger_resource_update"), one);
    await post(call(6, "test_trigger_prompt_change"), one);
    expect((await next())?.data.method).toBe("notifications/prompts/list_changed");
    for (const session of [one, other]) await fetch(http.url, { method: "DELETE", headers: session });
    expect(await next()).toBeUndefined();
  });

  test("reach a subscription of 2026-07-28, tagged, and nothing that was not asked for", async () => {
    const hangUp = new AbortController();
    const notifications = {
      promptsListChanged: true,
      resourceSubscriptions: ["test://watched-resource"],
      unheardOf: true,
    };
    const next = events(await modern("subscriptions/listen", { notifications }, hangUp.signal));
    const tag = { "io.modelcontextprotocol/subscriptionId": 1 };
    expect((await next())?.data).toEqual({
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: {
        _meta: tag,
        notifications: { promptsListChanged: true, resourceSubscriptions: ["test://watched-resource"] },
      },
    });
    await modern("tools/call", { name: "test_trigger_tool_change" });
    await modern("tools/call", { name: "test_trigger_resource_update" });
    await modern("tools/call", { name: "test_trigger_prompt_change" });
    expect((await next())?.data).toEqual({ ...update, params: { ...update.params, _meta: tag } });
    expect((await next())?.data.method).toBe("notifications/prompts/list_changed");
    hangUp.abort();
    const jsonOnly = await post(
      { jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params: { notifications, _meta: claim } },
      { accept: "application/json", "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" },
    );
    expect(jsonOnly.status).toBe(406);
  });

  test("reach both eras over stdio", async () => {
    const legacy = rawStdio("node", [serverOf("everything")]);
    await legacy.initialize();
    await legacy.request("resources/subscribe", { uri: "test://watched-resource" });
    await legacy.request("tools/call", { name: "test_trigger_resource_update" });
    expect(await legacy.next()).toEqual(update);
    expect(await legacy.end()).toBe(0);
    const plain = rawStdio("node", [serverOf("everything")]);
    plain.write(
      `${JSON.stringify({ jsonrpc: "2.0", id: "s", method: "subscriptions/listen", params: { notifications: { toolsListChanged: true }, _meta: claim } })}\n`,
    );
    expect((await plain.next())["method"]).toBe("notifications/subscriptions/acknowledged");
    await plain.request("tools/call", { name: "test_trigger_tool_change", _meta: claim });
    expect(await plain.next()).toMatchObject({
      method: "notifications/tools/list_changed",
      params: { _meta: { "io.modelcontextprotocol/subscriptionId": "s" } },
    });
    const ended = plain.end();
    expect(await plain.next()).toMatchObject({
      id: "s",
      result: { resultType: "complete", _meta: { "io.modelcontextprotocol/subscriptionId": "s" } },
    });
    expect(await ended).toBe(0);
  });
});

describe("cancellation", () => {
  test("a cancelled request is not answered, in either era, and its id is free again", async () => {
    for (const meta of [undefined, claim]) {
      const server = rawStdio("node", [serverOf("everything")]);
      if (meta === undefined) await server.initialize();
      server.write(`${JSON.stringify(call("x", "test_tool_with_progress", {}, { ...meta, progressToken: 1 }))}\n`);
      expect((await server.next())["method"]).toBe("notifications/progress");
      server.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}\n');
      await setTimeout(300);
      server.write(`${JSON.stringify(call("x", "test_simple_text", {}, meta))}\n`);
      let message = await server.next();
      // Progress may have been on its way.
      while (message["method"] === "notifications/progress") message = await server.next();
      expect(message.result.content[0].text).toBe("This is a simple text response for testing.");
      expect(await server.end()).toBe(0);
    }
  });

  test("over HTTP a session's request ends without an answer", async () => {
    const session = await openSession();
    const running = post(call("long", "test_tool_with_progress"), session);
    await setTimeout(30);
    await post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "long" } }, session);
    const response = await running;
    expect([response.status, await response.text()]).toEqual([202, ""]);
  });
});

describe("lists", () => {
  test.each(["tools/list", "resources/list", "resources/templates/list", "prompts/list"])(
    "%s: a cursor it never gave is refused",
    async (method) => {
      const answer = (await (await modern(method, { cursor: "" })).json()) as any;
      expect(answer.error.code).toBe(-32602);
      expect(((await (await modern(method, {})).json()) as any).result).toMatchObject({
        resultType: "complete",
        ttlMs: 0,
        cacheScope: "private",
      });
    },
  );

  test("completion: a function, an enum, and what is unknown", async () => {
    const complete = async (ref: object, name: string, value: string): Promise<any> =>
      (await modern("completion/complete", { ref, argument: { name, value } })).json();
    const prompt = (name: string) => ({ type: "ref/prompt", name });
    expect((await complete(prompt("test_prompt_with_arguments"), "arg1", "test")).result.completion).toEqual({
      values: ["test", "testing", "tester"],
      total: 3,
      hasMore: false,
    });
    expect((await complete(prompt("test_handled_prompt"), "topic", "C")).result.completion.values).toEqual(["coffee"]);
    expect((await complete(prompt("test_prompt_with_arguments"), "arg2", "x")).result.completion.values).toEqual([]);
    expect((await complete(prompt("none"), "arg1", "")).error.code).toBe(-32602);
    expect((await complete(prompt("test_prompt_with_arguments"), "none", "")).error.code).toBe(-32602);
    expect((await complete({ type: "ref/resource", uri: "test://none" }, "id", "")).error.code).toBe(-32602);
  });
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
  // A call is under way when its stream has opened.
  const running = await Promise.all(
    Array.from({ length: 10 }, (_, id) =>
      send(call(id, "test_tool_with_progress", {}, { ...claim, progressToken: id }), {
        ...headers,
        "mcp-method": "tools/call",
        "mcp-name": "test_tool_with_progress",
      }),
    ),
  );
  const stopped = server.stop();
  for (const response of running) expect(await response.text()).toContain('"text":"Done."');
  expect((await next())?.data).toMatchObject({ id: "l", result: { resultType: "complete" } });
  await stopped;
  expect(server.process.exitCode).toBe(0);
});
