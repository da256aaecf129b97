import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { blocksTestedBy } from "../house/documents.js";
import { serveHttpWith, sourcesOf } from "./clients.js";
import { mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const root = join(import.meta.dirname, "..", "..");
const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const call = { name: "t", _meta: claim };
const [onPort, onHttp] = blocksTestedBy("docs/metrics.md", "test/e2e/metrics.test.ts").map(
  ({ text }) => JSON.parse(`{${text}}`) as { metrics: object },
);

/** A server of one tool with these metrics, built. */
function built(runtime: object): string {
  const tools = [{ name: "t", description: "Does nothing.", inputSchema: { type: "object", properties: {} } }];
  const folder = project({
    "a.mcp.json": { server: { name: "measured", version: "1.0.0" }, tools, runtime },
    "src/tools/t.ts": 'export const t = async () => "done";\n',
  });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  return folder;
}

const counted = 'mcp_requests_total{method="tools/call",name="t",outcome="ok"} 1\n';

test("a server on stdio has metrics on a port of their own, and ends without waiting for scrapers", async () => {
  // Any free port, since tests run at once.
  const folder = built({ metrics: { ...onPort!.metrics, port: 0 }, transports: { stdio: {} } });
  const server = rawStdio("node", [join(folder, "dist/server.js")]);
  await server.request("tools/call", call);
  const address = await expect
    .poll(() => /"message":"metrics are served","host":"127.0.0.1","port":(\d+)/.exec(server.stderr())?.[1])
    .toBeDefined()
    .then(() => /"port":(\d+)/.exec(server.stderr())![1]);
  const text = await (await fetch(`http://127.0.0.1:${address}/metrics`)).text();
  expect(text).toContain(counted);
  expect(await server.end()).toBe(0);
  expect(readFileSync(join(folder, "dist/server.js"), "utf8")).not.toContain("mcp_store");
});

test("over HTTP, scrapers send the token, which the log never shows", async () => {
  const folder = built({ ...onHttp!, transports: { http: {}, stdio: {} }, logging: { level: "debug" } });
  const token = "s3cret-0123456789";
  const server = await serveHttpWith({ METRICS_TOKEN: token }, join(folder, "dist/server.js"));
  onTestFinished(() => server.stop());
  const metrics = new URL("/metrics", server.url);
  const headers = { "content-type": "application/json", "mcp-protocol-version": "2026-07-28" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: call });
  const named = { ...headers, "mcp-method": "tools/call", "mcp-name": "t" };
  expect((await fetch(server.url, { method: "POST", headers: named, body })).status).toBe(200);
  expect((await fetch(metrics)).status).toBe(401);
  const response = await fetch(metrics, { headers: { authorization: `Bearer ${token}` } });
  expect(await response.text()).toContain(counted);
  await server.stop();
  expect(server.stderr()).not.toContain("s3cret");
  // On standard streams nothing is served, so there is no token to ask for.
  const onStdio = rawStdio("node", [join(folder, "dist/server.js"), "--transport", "stdio"]);
  expect(await onStdio.request("tools/call", call)).toMatchObject({ result: { content: [{ text: "done" }] } });
  expect(await onStdio.end()).toBe(0);
});

test("a server without metrics carries none of them", () => {
  const folder = built({ transports: { stdio: {} } });
  const { sources } = JSON.parse(readFileSync(join(folder, "dist", "server.js.map"), "utf8")) as { sources: string[] };
  const names = ["metrics/", "node/metrics-server", "node/process-metrics", "transports/http/scrapes"];
  expect(sources.filter((source) => names.some((name) => source.includes(`runtime/${name}`)))).toEqual([]);
  expect(sourcesOf("weather", "metrics")).toEqual([]);
});
