import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { expect, test } from "vitest";
import { mcpc, project } from "./project.js";

const modules = join(import.meta.dirname, "..", "..", "node_modules");

/** Lists a server and makes calls, as JSON text: equal text is equal values in equal order. */
async function answers(script: string, calls: readonly Call[]): Promise<string[]> {
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: "node", args: [script] }));
  const found = [
    client.getServerVersion(),
    (await client.listTools()).tools,
    (await client.listResources()).resources,
    (await client.listPrompts()).prompts,
  ];
  for (const [method, params] of calls)
    found.push(await (client[method] as (params: object) => Promise<never>)(params));
  await client.close();
  // Servers that mcpc builds add the code of an error, and the description of a prompt.
  return found.map((each) => JSON.stringify({ ...each, _meta: undefined, description: undefined }));
}

type Call = readonly [method: "callTool" | "readResource" | "getPrompt", params: object];

test.each<[name: string, manifest: string, calls: readonly Call[]]>([
  [
    "library",
    "library.mcp.json",
    [
      ["callTool", { name: "find_books", arguments: { text: "MO" } }],
      ["callTool", { name: "find_books", arguments: { text: "m", limit: 1 } }],
      ["callTool", { name: "lend_book", arguments: { title: "Moby-Dick", reader: "Ada" } }],
      ["callTool", { name: "lend_book", arguments: { title: "Emma", reader: "Ada" } }],
      ["readResource", { uri: "library://hours" }],
      ["getPrompt", { name: "recommend", arguments: { taste: "whales" } }],
    ],
  ],
])("fixtures/%s answers as before after its migration", async (name, manifest, calls) => {
  const folder = join(import.meta.dirname, "..", "..", "fixtures", name);
  const before = join(folder, "original", "server.mjs");
  const source = `stdio:node ${JSON.stringify(before)}`;
  const fresh = project({});
  expect(mcpc(fresh, "import", source)).toMatchObject({ code: 0, stderr: "" });
  expect(mcpc(fresh, "build")).toMatchObject({ code: 0 });

  const after = project({});
  cpSync(folder, after, { recursive: true });
  symlinkSync(modules, join(after, "node_modules"));
  const written = readFileSync(join(after, manifest), "utf8");
  expect(mcpc(after, "import", source)).toMatchObject({
    code: 0,
    stdout: `${manifest}: 0 added, 0 changed, 0 gone upstream\n`,
  });
  expect(readFileSync(join(after, manifest), "utf8")).toBe(written);
  expect(mcpc(after, "build", "--strict").stderr).not.toContain("error");
  expect(await answers(join(after, "dist/server.js"), calls)).toEqual(await answers(before, calls));
});
