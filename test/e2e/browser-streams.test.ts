import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { EventSource } from "eventsource";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { serveHttp, serverOf, type Running } from "./clients.js";

let http: Running;
beforeAll(async () => {
  http = await serveHttp(serverOf("everything"));
});
afterAll(() => http.stop());

/** Follows a tool's stream to its end, as a page would. */
function follow(url: URL): Promise<[string, any][]> {
  return new Promise((resolve) => {
    const seen: [string, any][] = [];
    const source = new EventSource(url);
    for (const name of ["tool_start", "tool_progress", "tool_complete", "tool_error"]) {
      source.addEventListener(name, ({ data }) => {
        seen.push([name, JSON.parse(data as string)]);
        if (name !== "tool_complete" && name !== "tool_error") return;
        source.close();
        resolve(seen);
      });
    }
  });
}

const progressed = ["tool_start", "tool_progress", "tool_progress", "tool_progress", "tool_complete"];

test("an EventSource sees a tool start, progress and end", async () => {
  const seen = await follow(new URL("/mcp/tools/test_tool_with_progress/sse", http.url));
  expect(seen.map(([name]) => name)).toEqual(progressed);
  expect(seen[1]![1]).toEqual({ progress: 0, total: 100, message: "0 of 100" });
  expect(seen.at(-1)![1].content[0].text).toBe("Done.");
});

test("arguments come with the query or the body; what is wrong with them is an event", async () => {
  const query = await follow(new URL("/mcp/tools/test_x_mcp_header/sse?region=Lima&level=3", http.url));
  expect(query.at(-1)![1].content[0].text).toBe('{"region":"Lima","level":3}');
  const whole = await follow(
    new URL(`/mcp/tools/test_x_mcp_header/sse?arguments=${encodeURIComponent('{"region":"7"}')}`, http.url),
  );
  expect(whole.at(-1)![1].content[0].text).toBe('{"region":"7"}');
  const wrong = await follow(new URL("/mcp/tools/test_x_mcp_header/sse?level=high", http.url));
  expect(wrong.map(([name]) => name)).toEqual(["tool_start", "tool_error"]);
  expect(wrong[1]![1].content[0].text).toContain('"level" must be of type integer');
  const body = await fetch(new URL("/mcp/tools/test_x_mcp_header/sse", http.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"level":5}',
  });
  expect(await body.text()).toMatch(/^retry: \d+\n\nevent: tool_start\nid: [\s\S]*event: tool_complete/);
  expect((await fetch(new URL("/mcp/tools/none/sse", http.url))).status).toBe(404);
  expect((await fetch(new URL("/mcp/tools/test_simple_text/sse?arguments=[]", http.url))).status).toBe(400);
});

test("a dropped connection is taken up where it broke, and the tool runs once", async () => {
  let connections = 0;
  // A proxy that cuts the first stream after its first progress.
  const proxy = createServer((incoming, outgoing) => {
    connections += 1;
    const cut = connections === 1;
    const onward = httpRequest(
      new URL(incoming.url!, http.url),
      { headers: { ...incoming.headers, host: http.url.host } },
      (response) => {
        outgoing.writeHead(response.statusCode!, response.headers);
        response.on("data", (chunk: Buffer) => {
          outgoing.write(chunk);
          if (cut && chunk.includes("tool_progress")) setImmediate(() => (outgoing.destroy(), onward.destroy()));
        });
        response.on("end", () => outgoing.end());
      },
    );
    onward.on("error", () => outgoing.destroy());
    onward.end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void proxy.close());
  const seen = await follow(
    new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp/tools/test_tool_with_progress/sse`),
  );
  expect(connections).toBe(2);
  expect(seen.map(([name]) => name)).toEqual(progressed);
});

test("one that comes back after the end is told to stay away", async () => {
  const url = new URL("/mcp/tools/test_simple_text/sse", http.url);
  const ids = [...(await (await fetch(url)).text()).matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);
  expect((await fetch(url, { headers: { "last-event-id": ids.at(-1)! } })).status).toBe(204);
  expect(await (await fetch(url, { headers: { "last-event-id": ids[0]! } })).text()).toContain("tool_complete");
  expect((await fetch(url, { headers: { "last-event-id": "unknown-1" } })).status).toBe(204);
});

test("HTTP+SSE, the transport of 2024-11-05, with the official client", async () => {
  const client = new Client({ name: "test", version: "1.0.0" });
  const changed: string[] = [];
  client.fallbackNotificationHandler = async ({ method }) => void changed.push(method);
  await client.connect(new SSEClientTransport(new URL("/sse", http.url)));
  expect((await client.listTools()).tools.length).toBeGreaterThan(10);
  const seen: number[] = [];
  const result: any = await client.callTool({ name: "test_tool_with_progress", arguments: {} }, undefined, {
    onprogress: ({ progress }) => seen.push(progress),
  });
  expect([result.content[0].text, seen]).toEqual(["Done.", [0, 50, 100]]);
  await client.callTool({ name: "test_trigger_tool_change", arguments: {} });
  expect(changed).toEqual(["notifications/tools/list_changed"]);
  await client.close();
  expect(
    (
      await fetch(new URL("/messages?sessionId=none", http.url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      })
    ).status,
  ).toBe(404);
});

test("a page of an allowed origin may read; its preflight says so", async () => {
  const origin = "http://localhost:5173";
  const preflight = await fetch(http.url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-headers": "content-type,mcp-method",
      "access-control-request-method": "POST",
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
  expect(preflight.headers.get("access-control-allow-headers")).toBe("content-type,mcp-method");
  const answer = await fetch(http.url, {
    method: "POST",
    headers: { origin, "content-type": "application/json" },
    body: "{}",
  });
  expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
  const refused = await fetch(http.url, { method: "OPTIONS", headers: { origin: "https://evil.example" } });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([403, null]);
});
