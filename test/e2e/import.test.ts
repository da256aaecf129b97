import * as fs from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { blocksTestedBy } from "../house/documents.js";
import { serveHttp, serverOf } from "./clients.js";
import { contents, kept, mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const text = (folder: string, path: string): string => fs.readFileSync(join(folder, path), "utf8");
const methods = {
  tools: "tools/list",
  resources: "resources/list",
  resourceTemplates: "resources/templates/list",
  prompts: "prompts/list",
} as const;

/** Returns what a built server lists, as JSON text: equal text is equal values in equal order. */
async function listsOf(script: string): Promise<Record<string, string>> {
  const server = rawStdio("node", [script]);
  const { result } = await server.initialize();
  const lists: Record<string, string> = { server: JSON.stringify(result.serverInfo), text: result.instructions ?? "" };
  for (const [section, method] of Object.entries(methods)) {
    const { result } = await server.request(method, {});
    if (result) lists[section] = JSON.stringify(result[section]);
  }
  process.kill(server.pid);
  await server.exited;
  return lists;
}

describe("an imported server lists what the original lists", () => {
  test.each(["weather", "code-review", "app-config", "everything"])("fixtures/%s", async (fixture) => {
    const original = serverOf(fixture);
    const folder = project({});
    const { code, stdout } = mcpc(folder, "import", `stdio:node ${JSON.stringify(original)}`);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^\S+\.mcp\.json: \d+ added, 0 changed, 0 gone upstream\n/),
    ]);
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
    expect(await listsOf(join(folder, "dist/server.js"))).toEqual(await listsOf(original));
  });

  test("fixtures/weather, over HTTP", async () => {
    const server = await serveHttp(serverOf("weather"));
    const folder = project({});
    expect(mcpc(folder, "import", server.url.href, "--out", "mine.mcp.json")).toMatchObject({ code: 0 });
    await server.stop();
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
    expect(await listsOf(join(folder, "dist/server.js"))).toEqual(await listsOf(serverOf("weather")));
  });
});

const schema = { type: "object", properties: { a: { type: "string" } } };
const lists = {
  server: { name: "Some Server!", version: "3", title: "Some" },
  tools: [{ name: "one", description: "First.", inputSchema: schema, annotations: { readOnlyHint: true } }],
  prompts: [{ name: "ask", arguments: [{ name: "x", required: true }] }],
};

test("the guide imports from each kind of source", () => {
  const [block] = blocksTestedBy("docs/project.md", "test/e2e/import.test.ts");
  const folder = project({ "lists.json": { tools: [{ name: "t", inputSchema: { type: "object" } }] } });
  for (const [, source] of block!.text.matchAll(/^npx mcpc import "?([^"\n]+?)"?(?: --.*)?$/gm)) {
    // Nothing listens on this port: a test asks no other machine.
    const reachable = source!.replace("https://mcp.example.com", "http://127.0.0.1:1");
    const { code, stderr } = mcpc(folder, "import", reachable, "--out", "a.mcp.json");
    expect([source, code, stderr]).toEqual([source, source === "lists.json" ? 0 : 2, expect.any(String)]);
  }
});

describe("a file of lists", () => {
  let folder: string;
  beforeAll(() => {
    folder = kept({ "lists.json": lists });
    expect(mcpc(folder, "import", "lists.json")).toMatchObject({
      code: 0,
      stdout:
        "some-server.mcp.json: 2 added, 0 changed, 0 gone upstream\nnext: mcpc build writes a stub of each new handler\n",
      stderr: "",
    });
  });

  test("becomes a manifest", () => {
    const { $schema, ...manifest } = JSON.parse(text(folder, "some-server.mcp.json"));
    expect($schema).toBe("./node_modules/mcpc/mcp.schema.json");
    expect(manifest).toEqual(lists);
  });

  test("is merged on the next import: what the user wrote stays", () => {
    const edited = text(folder, "some-server.mcp.json").replace(
      '"First."',
      '"Mine.", // by me\n      "timeoutMs": 500',
    );
    fs.writeFileSync(join(folder, "some-server.mcp.json"), edited);
    const [one] = lists.tools;
    const next = {
      ...lists,
      tools: [
        { ...one, title: "One" },
        { ...one, name: "two" },
      ],
      prompts: [],
    };
    fs.writeFileSync(join(folder, "lists.json"), JSON.stringify(next));
    expect(mcpc(folder, "import", "lists.json")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("some-server.mcp.json: 1 added, 1 changed, 1 gone upstream\n"),
      stderr: "note: prompts/ask is gone upstream, and stays in the manifest\n",
    });
    const merged = text(folder, "some-server.mcp.json");
    expect(merged).toContain("// by me");
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
    const { tools } = JSON.parse(text(folder, "mcpc.lock.json"));
    expect(tools).toMatchObject([{ name: "one", title: "One", description: "Mine." }, { name: "two" }]);
  });
});

describe("a hostile server", () => {
  const tool = (more: object): object => ({ name: "t", inputSchema: schema, ...more });
  test.each<[what: string, lists: object, note: RegExp, manifest: object]>([
    [
      "sets fields of the manifest language",
      { tools: [tool({ handler: "../../x.ts#y", errors: {} })] },
      /"handler" is no field of the protocol/,
      { tools: [tool({})] },
    ],
    [
      "names a file as a text",
      { resources: [{ uri: "a://b", name: "b", file: "/etc/passwd" }] },
      /"file" is no field/,
      { resources: [{ uri: "a://b", name: "b" }] },
    ],
    [
      "names a file as instructions",
      { server: { name: "x", version: "1" }, instructions: { file: "/etc/passwd" }, tools: [tool({})] },
      /^$/,
      { tools: [tool({})] },
    ],
    [
      "names a file as a version",
      { server: { name: "x", version: { file: "/etc/passwd" } }, tools: [tool({})] },
      /^$/,
      { server: { name: "x", version: "0.0.0" } },
    ],
    [
      "refers to a file",
      { tools: [tool({ inputSchema: { ...schema, $defs: { a: { $ref: "./secret.json" } } } })] },
      /tools\/t is left out: its schema refers to ".\/secret.json"/,
      {},
    ],
    [
      "refers to a network",
      { tools: [tool({ inputSchema: { ...schema, allOf: [{ $ref: "https://example.com/a" }] } })] },
      /outside itself/,
      {},
    ],
    [
      "lists a name twice",
      { tools: [tool({}), tool({ title: "second" })] },
      /tools\/1 has the "name" of tools\/0, "t", and is left out/,
      { tools: [tool({})] },
    ],
    [
      "lists no names",
      { tools: [{ name: 1, inputSchema: schema }, null, tool({})] },
      /^note: tools\/0 has no "name", and is left out\nnote: tools\/1 has no "name", and is left out\n$/,
      { tools: [{ name: "t" }] },
    ],
    ["lists no schema", { tools: [{ name: "u" }, tool({})] }, /tools\/u is left out/, { tools: [tool({})] }],
    [
      "hides prototypes",
      { tools: [JSON.parse('{"name":"t","inputSchema":{"type":"object"},"__proto__":{"handler":"x"}}')] },
      /"__proto__" is no field/,
      { tools: [{ name: "t" }] },
    ],
    [
      "completes arguments",
      { prompts: [{ name: "p", arguments: [{ name: "a", complete: "./x.ts#y" }] }] },
      /"arguments.complete" is no field/,
      { prompts: [{ name: "p", arguments: [{ name: "a" }] }] },
    ],
    ["prints escapes", { tools: [tool({ "\u001b[2J": 1 })] }, /^[^\u001b]*$/, {}],
  ])("that %s", (_, listed, note, manifest) => {
    const folder = project({ "lists.json": listed, "secret.json": { type: "string" } });
    const { code, stderr } = mcpc(folder, "import", "lists.json", "--out", "m.mcp.json");
    expect([code, stderr]).toEqual([0, expect.stringMatching(note)]);
    expect(JSON.parse(text(folder, "m.mcp.json"))).toMatchObject(manifest);
    expect(text(folder, "m.mcp.json")).not.toMatch(/passwd|secret|x\.ts/);
    expect(mcpc(folder, "build").stderr).not.toContain("error");
  });
});

test("a running server may list an entry without a name, which mcpc diff refuses", () => {
  const script = `
    const results = {
      initialize: { protocolVersion: "2025-11-25", serverInfo: { name: "odd", version: "1" }, capabilities: { tools: {} } },
      "tools/list": { tools: [{ name: 1 }, { name: "t", inputSchema: { type: "object" } }] },
    };
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const { id, method } = JSON.parse(line);
      if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, ...(results[method] ? { result: results[method] } : { error: { code: -32601, message: "no" } }) }));
    });`;
  const folder = project({ "odd.cjs": script });
  expect(mcpc(folder, "import", "stdio:node odd.cjs")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("odd.mcp.json: 1 added"),
    stderr: 'note: tools/0 has no "name", and is left out\n',
  });
  expect(mcpc(folder, "diff", ".", "stdio:node odd.cjs")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('tools/0 has no "name"'),
  });
});

test.each<[what: string, files: Record<string, unknown>, args: string[], message: RegExp]>([
  ["a server that does not start", {}, ["stdio:node none.mjs"], /error: .*(ended|exit)/],
  ["a file that is not there", {}, ["none.json"], /there is no file or folder "none.json"/],
  ["a file without lists", { "a.json": {} }, ["a.json"], /neither a lock file nor holds lists/],
  [
    "a place outside the project",
    { "a.json": lists },
    ["a.json", "--out", "../b.mcp.json"],
    /must be a file of the project/,
  ],
  ["a file that is no manifest", { "a.json": lists }, ["a.json", "--out", "b.json"], /whose name ends in .mcp.json/],
  [
    "a manifest with errors",
    { "a.json": lists, "b.mcp.json": "{" },
    ["a.json", "--out", "b.mcp.json"],
    /is not a well-formed manifest/,
  ],
  [
    "a record of another make",
    { "a.json": lists, "import.json": "[]" },
    ["a.json"],
    /import.json must be an object with "rules" and "imports". Correct the file; its rules are yours\n/,
  ],
  [
    "a record with an error of syntax",
    { "a.json": lists, "import.json": '{\n  "rules": [}\n}' },
    ["a.json"],
    /import.json:2:13: this is not valid JSON: .*\. Correct the file; its rules are yours\n/,
  ],
  [
    "a record with a field of its own",
    { "a.json": lists, "import.json": { rule: [] } },
    ["a.json"],
    /import.json has the unknown field "rule": it holds "rules" and "imports"/,
  ],
])("%s is refused, and nothing is written", (_, files, args, message) => {
  const folder = project(files);
  const before = contents(folder);
  expect(mcpc(folder, "import", ...args)).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(message),
  });
  expect(contents(folder)).toEqual(before);
});
