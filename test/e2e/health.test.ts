import { readFileSync } from "node:fs";
import { createServer, request, type Server as HttpServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import express from "express";
import { describe, expect, onTestFinished, test } from "vitest";
import { fetch as handle, listener } from "../../fixtures/monitored/generated/server.js";
import { clients, serveHttp, serverOf, sourcesOf } from "./clients.js";
import { mcpc, project } from "./project.js";

interface Answer {
  readonly status: number;
  readonly body: any;
}

/** What a platform does: it calls by address, and its Host says so. */
function probe(url: URL, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { method, headers: { host: "10.0.0.7:3000", ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode!, body: text === "" ? undefined : JSON.parse(text) }),
      );
    });
    sent.on("error", reject).end();
  });
}

async function until(path: string, url: URL, status: number): Promise<Answer> {
  for (;;) {
    const answer = await probe(url, path);
    if (answer.status === status) return answer;
    await setTimeout(50);
  }
}

test("the probes of the guide ask where the server answers, at its own port", async () => {
  const probes = readFileSync(join(import.meta.dirname, "deployment", "probes.yaml"), "utf8");
  const http = await serveHttp(serverOf("monitored"));
  onTestFinished(() => http.stop());
  const asked = [
    ...probes.matchAll(/^(\w+): \{ httpGet: \{ path: (\S+), port: (\d+) \}(?:, timeoutSeconds: (\d+))? \}$/gm),
  ];
  expect(asked.map(([, name]) => name)).toEqual(["livenessProbe", "readinessProbe"]);
  for (const [, , path, port] of asked) {
    expect(port).toBe("3000");
    expect((await probe(http.url, path!)).status).toBe(200);
  }
});

test("ready until something it needs fails, and again when that is over; the log says when", async () => {
  const http = await serveHttp(serverOf("monitored"));
  onTestFinished(() => http.stop());
  const pay = async (account: string): Promise<void> => {
    const client = await clients[0]!.connect(http.url);
    await client.callTool({ name: "pay_bill", arguments: { account, amount: 1 } });
    await client.close();
  };
  expect(await probe(http.url, "/healthz")).toEqual({ status: 200, body: { status: "ok" } });
  const bank = { status: "ok", durationMs: expect.any(Number) };
  expect(await probe(http.url, "/readyz")).toEqual({ status: 200, body: { status: "ok", checks: { bank } } });
  await pay("XX99");
  const failing = await until("/readyz", http.url, 503);
  expect(failing.body).toEqual({ status: "failing", checks: { bank: { ...bank, status: "failed" } } });
  expect((await probe(http.url, "/healthz")).status).toBe(200);
  await pay("DE02");
  await until("/readyz", http.url, 200);
  expect(await probe(http.url, "/healthz", {}, "HEAD")).toEqual({ status: 200, body: undefined });
  expect((await probe(http.url, "/healthz", {}, "DELETE")).status).toBe(405);
  expect((await probe(http.url, "/healthz", { origin: "http://localhost:5173" })).status).toBe(403);
  // Only probes may come under any name.
  expect((await probe(http.url, "/mcp", { "content-type": "application/json" }, "POST")).status).toBe(403);
  await http.stop();
  const changes = http
    .stderr()
    .split("\n")
    .filter((line) => line.includes("health check"));
  expect(
    changes.map((line) => JSON.parse(line)).map(({ level, message, error }) => [level, message, error?.split("\n")[0]]),
  ).toEqual([
    ["warning", 'the health check "bank" failed', "Error: the bank does not answer"],
    ["info", 'the health check "bank" succeeds again', undefined],
  ]);
});

test("a server that stops is not ready, on connections that are still open", async () => {
  const http = await serveHttp(serverOf("monitored"));
  onTestFinished(() => http.stop());
  const socket = connect(Number(http.url.port), "127.0.0.1");
  socket.write("GET /readyz HTTP/1.1\r\nHost: x\r\n");
  await probe(http.url, "/readyz");
  const stopped = http.stop();
  // Refused connections tell that it is stopping.
  await (async () => {
    for (;;) await probe(http.url, "/healthz");
  })().catch(() => {});
  socket.write("\r\n");
  let text = "";
  for await (const chunk of socket) text += chunk;
  expect(text).toMatch(/^HTTP\/1\.1 503 [^]*\r\n\r\n\{"status":"draining"\}$/);
  await stopped;
});

describe.each(clients)("the tool, for $name", ({ connect: open }) => {
  test.each(["stdio", "http"])("over %s", async (transport) => {
    const http = transport === "http" ? await serveHttp(serverOf("monitored")) : undefined;
    if (http) onTestFinished(() => http.stop());
    const client = await open(http?.url ?? serverOf("monitored"));
    onTestFinished(() => client.close());
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["pay_bill", "health_check"]);
    const { structuredContent } = (await client.callTool({ name: "health_check", arguments: {} })) as any;
    expect(structuredContent).toEqual({ status: "ok", time: expect.any(String), version: "1.0.0" });
    expect(Date.now() - Date.parse(structuredContent.time)).toBeLessThan(60_000);
  });
});

test("inside an application: wherever the paths lead to the listener, and in the fetch handler", async () => {
  const app = express();
  app.get(["/healthz", "/readyz"], listener);
  app.all("/mcp", listener);
  const server: HttpServer = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect((await probe(url, "/healthz")).status).toBe(200);
  expect((await probe(url, "/readyz")).body.status).toBe("ok");
  const answer = await handle(new Request("http://10.0.0.7:3000/readyz"));
  expect([answer.status, ((await answer.json()) as any).status]).toEqual([200, "ok"]);
});

test("what would answer twice is a mistake, at its place", () => {
  const tool = {
    name: "health_check",
    description: "Checks the health of a service.",
    inputSchema: { type: "object", properties: {} },
  };
  const manifest = {
    server: { name: "x", version: "1.0.0" },
    tools: [tool],
    runtime: { transports: { http: {}, sse: {} }, health: { liveness: "/mcp", readiness: "/sse", tool: true } },
  };
  const { code, stdout, stderr } = mcpc(project({ "a.mcp.json": manifest }), "check", "--format", "json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout || stderr).diagnostics.map(({ code, message }: any) => `${code}: ${message}`)).toEqual([
    expect.stringMatching(/^name\/duplicate: two tools are named "health_check"/),
    expect.stringMatching(/^manifest\/invalid-value: .*"liveness" cannot be "\/mcp": the MCP endpoint answers there/),
    expect.stringMatching(/^manifest\/invalid-value: .*"readiness" cannot be "\/sse": HTTP\+SSE answers there/),
  ]);
});

test("a server whose manifest says nothing of health carries none of it", () => {
  expect(sourcesOf("monitored", "health")).toContain("@mcpc/runtime/health/checks.ts");
  expect(sourcesOf("weather", "health")).toEqual([]);
});
