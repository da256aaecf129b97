import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, afterAll, describe, expect, onTestFinished, test } from "vitest";
import { clients, serveHttpWith, serverOf, sourcesOf } from "./clients.js";
import { mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A service that answers with the traces that it is called with. */
const service = createServer((request, response) => {
  response.end(JSON.stringify([request.headers["traceparent"], request.headers["tracestate"]]));
});
let address: string;
beforeAll(async () => {
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  address = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

const printed = (stderr: string): any[] =>
  stderr
    .split("\n")
    .filter((line) => line.startsWith('{"span"'))
    .map((line) => JSON.parse(line));

/** Expects that the service was called on behalf of the span of the call, and that span on behalf of the client. */
function expectOneTrace(answer: string, stderr: string): void {
  const span = printed(stderr).find(({ span }) => span === "tools/call get_tide");
  expect(span).toMatchObject({ traceId, parent: "b7ad6b7169203331" });
  expect(JSON.parse(answer)).toEqual([`00-${traceId}-${span.spanId}-01`, "a=1"]);
}

describe.each(clients)("$name", ({ connect }) => {
  test("the trace of a client passes through the handler's fetch to another server", async () => {
    const server = await serveHttpWith({ TIDES: address }, serverOf("traced"));
    onTestFinished(() => server.stop());
    const client = await connect(server.url);
    const { content } = (await client.callTool({
      name: "get_tide",
      arguments: { harbor: "Brest" },
      _meta: { traceparent, tracestate: "a=1" },
    })) as { content: { text: string }[] };
    await client.close();
    await server.stop();
    expectOneTrace(content[0]!.text, server.stderr());
  });
});

test("on stdio, the trace passes on, too, and the last spans and measurements are exported before the end", async () => {
  const server = rawStdio("node", [serverOf("traced")], undefined, { TIDES: address });
  const params = { name: "get_tide", arguments: { harbor: "Brest" } };
  const answer = await server.request("tools/call", { ...params, _meta: { ...claim, traceparent, tracestate: "a=1" } });
  await server.end();
  expectOneTrace(answer.result.content[0].text, server.stderr());
  expect(server.stderr()).toContain('{"metric":"mcp.server.operation.duration","points":1}\n');
});

test("the API is no part of the bundle, which says what it misses", () => {
  const dist = dirname(serverOf("traced"));
  expect(JSON.parse(readFileSync(join(dist, "package.json"), "utf8")).dependencies).toEqual({
    "@opentelemetry/api": expect.stringMatching(/^1\.9\./),
  });
  expect(readFileSync(join(dist, "bundle.js"), "utf8")).not.toContain("opentelemetry.js.api");
  const elsewhere = mkdtempSync(join(tmpdir(), "mcpc-traced-"));
  onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
  cpSync(dist, elsewhere, { recursive: true });
  const { status, stderr } = spawnSync("node", [join(elsewhere, "server.js")], { input: "", encoding: "utf8" });
  expect([status, stderr]).toEqual([
    2,
    `the package "@opentelemetry/api" is not in the bundle and cannot be found: run "npm install --omit=dev" in ${elsewhere}\n`,
  ]);
});

test("a project without the package is told so by its build", () => {
  const folder = project({
    "a.mcp.json": { server: { name: "a", version: "1.0.0" }, runtime: { telemetry: { mode: "native" } } },
  });
  const { code, stderr } = mcpc(folder, "build");
  expect(code).toBe(1);
  expect(stderr).toContain("npm install @opentelemetry/api@~1.9.0\n");
});

test("a server without telemetry carries none of it", () => {
  const folder = project({
    "a.mcp.json": { server: { name: "a", version: "1.0.0" }, runtime: { telemetry: { mode: "off" } } },
  });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const { sources } = JSON.parse(readFileSync(join(folder, "dist", "server.js.map"), "utf8")) as { sources: string[] };
  const names = ["telemetry/", "protocol/observe", "protocol/named-entry"];
  expect(sources.filter((source) => names.some((name) => source.includes(`runtime/${name}`)))).toEqual([]);
  expect(sourcesOf("weather", "telemetry")).toEqual([]);
});
