import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mcpc, project, write } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

const manifest = (tools: readonly string[]) => ({
  server: { name: "bundled", version: "1.0.0" },
  tools: tools.map((name) => ({
    name,
    description: `Runs ${name}.`,
    inputSchema: { type: "object", properties: { n: { type: "integer" } } },
  })),
});

/** Handlers of a tool `say`, each with what can be in a bundle of its kind only. */
const cases: { what: string; type: "commonjs" | "module"; files: Record<string, string>; said: string }[] = [
  {
    what: "a plain handler",
    type: "commonjs",
    said: "undefined",
    files: {
      "src/tools/say.ts":
        "function self(this: unknown) { return typeof this; }\nexport async function say() { return self(); }\n",
    },
  },
  {
    what: "await at the top of a handler's file",
    type: "module",
    said: "42",
    files: {
      "src/tools/say.ts": "const n = await Promise.resolve(42);\nexport async function say() { return `${n}`; }\n",
    },
  },
  {
    what: "import.meta",
    type: "module",
    said: "file: true",
    files: {
      "src/tools/say.ts":
        'export async function say() { return `${import.meta.url.slice(0, 5)} ${import.meta.url.endsWith("/dist/server.js")}`; }\n',
    },
  },
  {
    what: "a CommonJS package that requires and knows its folder",
    type: "commonjs",
    said: "posix:true",
    files: {
      "node_modules/old/index.js":
        'const path = require("path");\nmodule.exports = () => `${path.posix === path ? "posix" : "other"}:${typeof __dirname === "string"}`;\n',
      "node_modules/old/package.json": '{ "name": "old", "version": "1.0.0" }',
      "node_modules/old/index.d.ts": "declare function old(): string;\nexport = old;\n",
      "src/tools/say.ts": 'import old from "old";\nexport async function say() { return old(); }\n',
    },
  },
  {
    what: "a CommonJS package beside await at the top",
    type: "module",
    said: "true:true",
    files: {
      "node_modules/old/index.js":
        'const path = require("path");\nmodule.exports = () => `${path.isAbsolute(__filename)}:${typeof __dirname === "string"}`;\n',
      "node_modules/old/package.json": '{ "name": "old", "version": "1.0.0" }',
      "node_modules/old/index.d.ts": "declare function old(): string;\nexport = old;\n",
      "src/tools/say.ts":
        'import old from "old";\nconst text = await Promise.resolve(old());\nexport async function say() { return text; }\n',
    },
  },
];

const large = Array.from({ length: 60 }, (_, index) => `more_${index}`);

describe.each([
  ["one file", [] as string[]],
  ["a file and chunks", large],
])("a bundle of %s", (_name, more) => {
  test.each(cases)("holds $what, as $type", async ({ type, files, said }) => {
    const folder = project({ "a.mcp.json": manifest(["say", ...more]), ...files });
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(readFileSync(join(folder, "dist", "package.json"), "utf8"))).toEqual({ type });
    expect(existsSync(join(folder, "dist", "chunks"))).toBe(more.length > 0);
    const server = rawStdio("node", [join(folder, "dist", "server.js")]);
    await server.initialize();
    const call = (n: unknown) => server.request("tools/call", { name: "say", arguments: { n } });
    expect((await call(1)).result).toMatchObject({ content: [{ type: "text", text: said }] });
    expect((await call("x")).result).toMatchObject({ isError: true });
    expect((await server.request("tools/list")).result.tools).toHaveLength(1 + more.length);
    expect(await server.end()).toBe(0);
  });
});

test("chunks of tools that are gone go, what the user put beside them stays", () => {
  const folder = project({ "a.mcp.json": manifest(large), "dist/chunks/mine.js": "// mine\n" });
  expect(mcpc(folder, "build").code).toBe(0);
  const chunks = () =>
    readdirSync(join(folder, "dist", "chunks"), { recursive: true })
      .map(String)
      .sort();
  expect(chunks()).toContain(join("validators", "More59.js"));
  write(folder, { "a.mcp.json": manifest(large.slice(0, -1)) });
  expect(mcpc(folder, "build").code).toBe(0);
  expect(chunks()).not.toContain(join("validators", "More59.js"));
  expect(chunks()).toContain(join("validators", "More58.js"));
  write(folder, { "a.mcp.json": manifest(large.slice(0, 2)) });
  expect(mcpc(folder, "build").code).toBe(0);
  expect(chunks().filter((path) => path.endsWith(".js"))).toEqual(["mine.js"]);
});

test("a failure is logged with the lines of the sources; the user's functions keep their names", async () => {
  const folder = project({
    "a.mcp.json": manifest(["say"]),
    "src/tools/say.ts":
      'class Unlucky extends Error {}\nfunction fails(): never {\n  throw new Unlucky("no luck");\n}\nexport function say() {\n  return fails();\n}\n',
  });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  const calls = [initialize, { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "say" } }];
  const { stderr } = spawnSync("node", [join(folder, "dist", "server.js")], {
    input: calls.map((message) => `${JSON.stringify(message)}\n`).join(""),
    encoding: "utf8",
  });
  const trace = (JSON.parse(stderr) as { error: string }).error;
  expect(trace).toMatch(
    /no luck\n +at fails \(.*\/src\/tools\/say\.ts:3:9\)\n +at say \(.*\/src\/tools\/say\.ts:6:10\)/,
  );
  expect(trace).toMatch(/@mcpc\/runtime\/(?:dist\/)?protocol\/methods\/tools\.[jt]s:\d+:\d+/);
  const map = JSON.parse(readFileSync(join(folder, "dist", "server.js.map"), "utf8")) as { sources: string[] };
  expect(map.sources.filter((source) => !/^(\.\.\/(src|generated)|@mcpc\/runtime)\//.test(source))).toEqual([]);
});

const context = "{ sample }: { sample: (params: any) => Promise<any> }";
/** Handlers that ask the client's model, which no manifest says. */
const asking: { what: string; files: Record<string, string> }[] = [
  {
    what: "a handler",
    files: {
      "src/tools/say.ts": `export async function say(_input: unknown, ${context}) { return String(await sample({ messages: [], maxTokens: 1 })); }\n`,
    },
  },
  {
    what: "a package that a handler hands its context to",
    files: {
      "node_modules/asks/index.js": "module.exports = (context) => context.sample({ messages: [], maxTokens: 1 });\n",
      "node_modules/asks/package.json": '{ "name": "asks", "version": "1.0.0" }',
      "node_modules/asks/index.d.ts": "declare function asks(context: unknown): Promise<string>;\nexport = asks;\n",
      "src/tools/say.ts":
        'import asks from "asks";\nexport const say = (_input: unknown, context: unknown) => asks(context);\n',
    },
  },
];

test.each(asking)("$what that asks the client finds what it needs in the bundle", async ({ files }) => {
  const folder = project({ "a.mcp.json": manifest(["say"]), ...files });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  const server = rawStdio("node", [join(folder, "dist", "server.js")]);
  await server.initialize();
  const { result } = await server.request("tools/call", { name: "say" });
  expect(result).toEqual({
    content: [{ type: "text", text: "this needs a client that supports sampling" }],
    isError: true,
  });
  expect(await server.end()).toBe(0);
});

test("a server that never asks answers all that it can be asked for, without what asking needs", async () => {
  const folder = project({
    "a.mcp.json": manifest(["say"]),
    "src/tools/say.ts":
      'import { McpError } from "@mcpc/runtime";\nconst taken = "sam" + "ple";\nexport function say({ n }: { n?: number }, context: unknown) {\n  if (n === 1) throw new McpError(-1, "as thrown");\n  return n === 2 ? String((context as any)[taken]()) : "said";\n}\n',
  });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  const bundle = readFileSync(join(folder, "dist", "server.js"), "utf8");
  expect(bundle).toContain("tools/call");
  expect(bundle).not.toMatch(/sampling\/createMessage|has expired; send the request anew/);
  const server = rawStdio("node", [join(folder, "dist", "server.js")]);
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const call = (more: object) => server.request("tools/call", { name: "say", _meta, ...more });
  expect((await call({})).result.content[0].text).toBe("said");
  expect((await call({ inputResponses: {} })).result.content[0].text).toBe("said");
  expect((await call({ requestState: "abc" })).error).toMatchObject({
    code: -32602,
    message: '"requestState" is not one that this server gave for this request',
  });
  expect((await call({ arguments: { n: 1 } })).error).toMatchObject({ code: -1, message: "as thrown" });
  // The log says why: the name stands nowhere in the code.
  expect((await call({ arguments: { n: 2 } })).result).toMatchObject({ isError: true });
  expect((await server.request("tools/list", { _meta })).result.tools).toHaveLength(1);
  expect(await server.end()).toBe(0);
});

const versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const told = (index: number) => ({
  name: `tool_${index}`,
  description: `Zählt – ${index}.`,
  inputSchema: { type: "object", properties: { any: true } },
  ...(index % 2 === 0 && { title: `Tool ${index}`, annotations: { readOnlyHint: true } }),
  ...(index % 3 === 0 && { outputSchema: { type: "array" }, icons: [{ src: "https://example.com/i.png" }] }),
});

test.each([undefined, 7])(
  "the lists of a large server are those of a small one, to every revision; pages of %j",
  async (pageSize) => {
    const lists = async (count: number): Promise<unknown[]> => {
      const tools = Array.from({ length: count }, (_, index) => told(index));
      const limits = pageSize === undefined ? {} : { runtime: { limits: { pageSize } } };
      const folder = project({ "a.mcp.json": { server: { name: "told", version: "1.0.0" }, tools, ...limits } });
      expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
      expect(existsSync(join(folder, "dist", "chunks", "listings", "tools.newest.json"))).toBe(count > 50);
      const listed: unknown[] = [];
      for (const version of [...versions, "2026-07-28"]) {
        const server = rawStdio("node", [join(folder, "dist", "server.js")]);
        if (versions.includes(version)) await server.initialize(version);
        const _meta = {
          "io.modelcontextprotocol/protocolVersion": version,
          "io.modelcontextprotocol/clientCapabilities": {},
        };
        let cursor: unknown;
        const all: unknown[] = [];
        do {
          const { result } = await server.request("tools/list", { ...(cursor !== undefined && { cursor }), _meta });
          all.push(...result.tools);
          cursor = result.nextCursor;
        } while (cursor !== undefined);
        expect(all).toHaveLength(count);
        listed.push(all.slice(0, 40));
        expect(await server.end()).toBe(0);
      }
      return listed;
    };
    const [large, small] = [await lists(60), await lists(40)];
    expect(large).toEqual(small);
    expect(new Set(small.map((list) => JSON.stringify(list))).size).toBe(5);
  },
);
