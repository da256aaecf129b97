import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { main } from "../../compiler/command-line.js";
import { blocksTestedBy } from "../house/documents.js";
import { serveHttpWith, serverOf } from "./clients.js";

const root = join(import.meta.dirname, "..", "..");
const top = mkdtempSync(join(tmpdir(), "mcpc-verify-"));
afterAll(() => rmSync(top, { recursive: true, force: true }));

let folder: string;
let number = 0;
beforeEach(() => mkdirSync((folder = join(top, String(++number)))));

async function verify(cwd: string, ...args: readonly string[]) {
  const written = { stdout: "", stderr: "" };
  const terminal = (stream: keyof typeof written) => ({ write: (text: string) => ((written[stream] += text), true) });
  const surroundings = { cwd, env: {}, stdout: terminal("stdout"), stderr: terminal("stderr") };
  const code = await main(["verify", ...args], surroundings as never);
  return { code, stdout: written.stdout, stderr: written.stderr.replace(/^waiting for the server .*\n/, "") };
}

function write(path: string, content: string | object): string {
  writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  return join(folder, path);
}

/** A server of the official SDK, which describes itself as `tool`. */
function officialServer(tool: string): string {
  return `
    import { McpServer } from ${JSON.stringify(join(root, "node_modules/@modelcontextprotocol/sdk/dist/esm/server/mcp.js"))};
    import { StdioServerTransport } from ${JSON.stringify(join(root, "node_modules/@modelcontextprotocol/sdk/dist/esm/server/stdio.js"))};
    import { z } from ${JSON.stringify(join(root, "node_modules/zod/index.js"))};
    const server = new McpServer({ name: "stations", version: process.env.SERVER_VERSION ?? "1.0.0" });
    ${tool}
    await server.connect(new StdioServerTransport());
  `;
}

const stations = (more: object = {}) => ({
  server: { name: "stations", version: "1.0.0" },
  tools: [
    {
      name: "find_station",
      description: "Finds a station.",
      inputSchema: {
        $schema: "http://json-schema.org/draft-07/schema#",
        type: "object",
        properties: { name: { type: "string", minLength: 1 } },
        required: ["name"],
      },
      annotations: { readOnlyHint: true },
      ...more,
    },
  ],
});

const findStation = (schema: string) => `server.registerTool(
  "find_station",
  { description: "Finds a station.", inputSchema: { name: ${schema} }, annotations: { readOnlyHint: true } },
  ({ name }) => name === "Atlantis"
    ? { isError: true, content: [{ type: "text", text: "No such station: Atlantis" }] }
    : { content: [{ type: "text", text: name.toUpperCase() }] },
);`;

test("a built server lists what its manifests say, and answers as its examples say", async () => {
  const cwd = join(root, "fixtures", "weather");
  expect(await verify(cwd, `stdio:node ${serverOf("weather")}`, "--calls")).toEqual({
    code: 0,
    stderr: "",
    stdout: "weather: the target lists what the manifest says (2 tools); examples: 2 called\n",
  });
  const lock = await verify(cwd, "mcpc.lock.json", "--format", "json");
  expect(lock).toEqual({ code: 0, stderr: "", stdout: '{\n  "diagnostics": []\n}\n' });
});

test("over HTTP, a header says as whom, and a missing entry which scope its caller needs", async () => {
  const cwd = join(root, "fixtures", "secure");
  const keyOf = (scope: string) => `key-of-${scope.replace(":", "-")}-0123456789`;
  const keys = ["notes:admin", "notes:write"].map((scope) => ({ key: keyOf(scope), scopes: [scope] }));
  const server = await serveHttpWith({ NOTES_API_KEYS: JSON.stringify(keys) }, serverOf("secure"));
  onTestFinished(() => server.stop());
  const [block] = blocksTestedBy("docs/verify.md", "test/e2e/verify.test.ts");
  const [, url, option, header] = /^npx mcpc verify (\S+) (--header) "(.*)"\n$/.exec(block!.text)!;
  expect(url).toMatch(/^https:/);
  const as = (scope: string) =>
    verify(cwd, server.url.href, option!, header!.replace("$MCPC_TOKEN", keyOf(scope)), "--format", "json");
  expect(await as("notes:admin")).toMatchObject({ code: 0, stderr: "" });
  const { code, stdout } = await as("notes:write");
  expect(code).toBe(1);
  const [missing] = JSON.parse(stdout).diagnostics;
  expect(missing).toMatchObject({ code: "drift/missing", message: expect.stringContaining("list_notes") });
  expect(missing.help).toContain('"notes:read"');
  expect((await verify(cwd, server.url.href)).code).toBe(2);
});

test("a server of the official SDK is what the manifest says", async () => {
  write("server.mjs", officialServer(findStation("z.string().min(1)")));
  const examples = [
    { arguments: { name: "Oslo" }, result: "OSLO" },
    { arguments: { name: "Atlantis" }, error: "unknownStation" },
  ];
  write(
    "stations.mcp.json",
    stations({ errors: { unknownStation: { message: "No such station: {name}" } }, examples }),
  );
  const { code, stdout, stderr } = await verify(folder, "stdio:node server.mjs", "--calls");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("examples: 2 called");
});

test("drift of a server of the official SDK is reported at the lines of the manifest", async () => {
  const more = `server.registerTool("delete_station", {}, () => ({ content: [] }));`;
  write("server.mjs", officialServer(findStation("z.string().min(3)") + more));
  write(
    "stations.mcp.json",
    stations({ description: "Finds stations.", examples: [{ arguments: { name: "Oslo" }, result: "Oslo" }] }),
  );
  const args = ["stdio:node server.mjs", "--calls", "--env", "SERVER_VERSION=0.9.0", "--format", "json"];
  const outputs = ["sarif", "junit", "markdown", "github", "pretty"].map((format) => [
    "--output",
    `${format}=report.${format}`,
  ]);
  const { code, stdout } = await verify(folder, ...args, ...outputs.flat());
  expect(code).toBe(1);
  const lines = readFileSync(join(folder, "stations.mcp.json"), "utf8").split("\n");
  const found = JSON.parse(stdout).diagnostics.map(({ code, line }: { code: string; line: number }) => [
    code,
    lines[line - 1]!.trim().split(":")[0],
  ]);
  expect(found).toEqual([
    ["drift/undeclared", '"server"'],
    ["drift/different", '"version"'],
    ["drift/different", '"description"'],
    ["drift/different", '"minLength"'],
    ["drift/result", "{"],
  ]);
  for (const [, path] of outputs) {
    const text = readFileSync(join(folder, path!.split("=")[1]!), "utf8");
    expect(text).toMatch(/delete_station|delete\\_station/);
  }
});

test("a call is made only of a tool with readOnlyHint", async () => {
  write(
    "server.mjs",
    officialServer(findStation("z.string().min(1)").replace(", annotations: { readOnlyHint: true }", "")),
  );
  const examples = [{ arguments: { name: "Oslo" }, result: "never compared" }];
  write("stations.mcp.json", stations({ annotations: undefined, examples }));
  const { code, stdout } = await verify(folder, "stdio:node server.mjs", "--calls");
  expect(code).toBe(0);
  expect(stdout).toContain("examples: 0 called, 1 not called: their tools are not marked readOnlyHint");
});

/** A server that records the methods of each of its processes, and answers by `respond`. */
const recordingServer = (respond: string) => `
  import { appendFileSync, existsSync } from "node:fs";
  import { createInterface } from "node:readline";
  const record = (text) => appendFileSync("methods.txt", text);
  const send = (id, answer) => console.log(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
  const tools = { tools: [{ name: "find_station", inputSchema: { type: "object" } }] };
  const initialized = { protocolVersion: "2025-11-25", serverInfo: { name: "stations", version: "1.0.0" }, capabilities: { tools: {} } };
  const discovered = { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } };
  const held = [];
  const isSecondProcess = existsSync("methods.txt");
  record("start ");
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method } = JSON.parse(line);
    record(method + " ");
    ${respond}
  }
`;

test.each([
  [
    "says nothing before it is initialized",
    `if (method === "initialize") send(id, { result: initialized });
     if (method === "tools/list") send(id, { result: tools });`,
    "start server/discover initialize notifications/initialized tools/list ",
  ],
  [
    "refuses what it does not know",
    `if (method === "server/discover") send(id, { error: { code: -32601, message: "unknown" } });
     if (method === "initialize") send(id, { result: initialized });
     if (method === "tools/list") send(id, { result: tools });`,
    "start server/discover initialize notifications/initialized tools/list ",
  ],
  [
    "ends at a request that it does not know",
    `if (method === "server/discover") process.exit(1);
     if (method === "initialize") send(id, { result: initialized });
     if (method === "tools/list") send(id, { result: tools });`,
    "start server/discover start initialize notifications/initialized tools/list ",
  ],
  [
    "answers late, and knows the newest revision",
    `if (method === "server/discover") held.push(id);
     if (method === "initialize") { send(held[0], { result: discovered }); send(id, { result: initialized }); }
     if (method === "tools/list") send(id, { result: tools });
     if (method === "server/discover" && isSecondProcess) send(id, { result: discovered });`,
    "start server/discover initialize (notifications/initialized )?start server/discover tools/list ",
  ],
])("a server that %s is listed without delay", async (_name, respond, methods) => {
  write("server.mjs", recordingServer(respond));
  const tools = [{ name: "find_station", inputSchema: { type: "object" } }];
  write("stations.mcp.json", { server: { name: "stations", version: "1.0.0" }, tools });
  const { code, stderr } = await verify(folder, "stdio:node server.mjs");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(readFileSync(join(folder, "methods.txt"), "utf8")).toMatch(new RegExp(`^${methods}$`));
});

test("--timeout limits the time of every answer", async () => {
  write("stations.mcp.json", stations());
  write("silent.mjs", "setInterval(() => {}, 1000);");
  const { code, stderr } = await verify(folder, "stdio:node silent.mjs", "--timeout", "200");
  expect(code).toBe(2);
  expect(stderr).toBe("error: the server does not answer initialize within 0.2 seconds\n");
});

test.each([
  ["a target that is not there", ["stdio:no-such-command"], 2, /no-such-command/],
  ["a target that is no server, with --calls", ["listed.json", "--calls"], 2, /--calls needs a running server/],
  ["a manifest with mistakes", ["listed.json"], 1, /manifest\//],
])("%s", async (name, args, exit, message) => {
  write("stations.mcp.json", name.startsWith("a manifest") ? { server: {} } : stations());
  write("listed.json", { tools: [] });
  const { code, stdout, stderr } = await verify(folder, ...args);
  expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
  expect(stderr).toMatch(message);
});
