import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { main } from "../../compiler/command-line.js";

vi.setConfig({ testTimeout: 400_000 });

const root = join(import.meta.dirname, "..", "..");
const weather = join(root, "fixtures", "weather", "dist", "server.js");
const everything = join(root, "fixtures", "everything", "dist", "server.js");
const memory = join(root, "node_modules", "@modelcontextprotocol", "server-memory", "dist", "index.js");

async function diff(...args: readonly string[]) {
  const written = { stdout: "", stderr: "" };
  const terminal = (stream: keyof typeof written) => ({ write: (text: string) => ((written[stream] += text), true) });
  const surroundings = { cwd: root, env: {}, stdout: terminal("stdout"), stderr: terminal("stderr") };
  const code = await main(["diff", ...args], surroundings as never);
  return { code, ...written };
}

/** The URL of a built server. */
async function served(path: string): Promise<string> {
  const server = spawn(process.execPath, [path, "--transport", "http", "--port", "0"], { cwd: join(path, "..", "..") });
  onTestFinished(() => void server.kill("SIGKILL"));
  let log = "";
  for await (const chunk of server.stderr.setEncoding("utf8")) {
    log += chunk as string;
    const url = /listening on (\S+)/.exec(log)?.[1];
    if (url) return url;
  }
  throw new Error(`the server does not listen: ${log}`);
}

test("a running server lists what its manifests say, over stdio and over HTTP", async () => {
  for (const side of [`stdio:node ${weather}`, await served(weather)])
    expect(await diff(side, "fixtures/weather")).toMatchObject({ code: 0, stdout: "no changes\n" });
});

test("a server of another make, of an older revision of the protocol", async () => {
  const { code, stdout } = await diff(`stdio:node "${memory}"`, `stdio:node '${everything}'`, "--format", "json");
  const { old, changes } = JSON.parse(stdout);
  expect(code).toBeLessThan(2);
  expect(old.name).toBe("memory-server");
  expect(changes).toContainEqual(expect.objectContaining({ entry: "tools/create_entities", rule: "entry/removed" }));
});

test("all pages are compared, with the headers that are asked for", async () => {
  const pages = [["a"], ["b", "c"], ["d"]];
  const seen: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
    const { id, method, params } = JSON.parse(body);
    seen.push(request.headers.authorization);
    const page = Number(params.cursor ?? 0);
    const result =
      method === "server/discover"
        ? { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: { tools: {} } }
        : {
            tools: pages[page]!.map((name) => ({ name, inputSchema: { type: "object", properties: {} } })),
            ...(page + 1 < pages.length && { nextCursor: String(page + 1) }),
          };
    response.setHeader("content-type", "text/event-stream");
    response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const { stdout } = await diff(
    `stdio:node ${weather}`,
    url,
    "--header",
    "Authorization: Bearer key",
    "--format",
    "json",
  );
  const added = JSON.parse(stdout).changes.filter(({ rule }: { rule: string }) => rule === "entry/added");
  expect(added.map(({ entry }: { entry: string }) => entry)).toEqual(
    ["a", "b", "c", "d"].map((name) => `tools/${name}`),
  );
  expect(new Set(seen)).toEqual(new Set(["Bearer key"]));
});

test.each([
  ["a command that is not there", "stdio:no-such-command"],
  ["a command that ends", `stdio:"${process.execPath}" -e 0`],
  ["a port that nobody listens on", "http://127.0.0.1:9/mcp"],
])("%s: there is no comparison", async (_name, side) => {
  const { code, stdout, stderr } = await diff(side, "fixtures/weather");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^error: /m);
});
