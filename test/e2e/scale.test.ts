import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { withHeader } from "../../compiler/generated-header.js";
import { kept, mcpc, project } from "./project.js";
import { rawStdio, type RawStdio } from "./raw-stdio.js";

test("a large surface keeps its validators beside the bundle, and works the same", async () => {
  const tools = Array.from({ length: 120 }, (_, index) => ({
    name: `tool_${index}`,
    description: `Does number ${index}.`,
    inputSchema: { type: "object", properties: { [`p${index}`]: { $ref: "#/$defs/Size" } }, required: [`p${index}`] },
  }));
  const folder = project({
    "a.mcp.json": {
      server: { name: "large", version: "1.0.0" },
      build: { lint: { profiles: [] } },
      $defs: { Size: { type: "integer", minimum: 1 } },
      tools,
    },
  });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(join(folder, "dist", "chunks"), { recursive: true }).length).toBeGreaterThan(120);
  const server = rawStdio("node", [join(folder, "dist", "server.js")]);
  await server.initialize();
  const { result } = await server.request("tools/list");
  expect(result.tools.map(({ name }: { name: string }) => name)).toEqual(tools.map(({ name }) => name));
  for (const index of [0, 60, 119]) {
    const call = (value: number) =>
      server.request("tools/call", { name: `tool_${index}`, arguments: { [`p${index}`]: value } });
    expect((await call(0)).result.content[0].text).toBe(`invalid arguments: "p${index}" must be >= 1, got 0`);
    expect((await call(1)).result.content[0].text).toContain("is not implemented yet");
  }
  expect(await server.end()).toBe(0);
});

describe.each([
  ["whole", undefined],
  ["in pages", 25],
])("the lists of a large surface, %s", (_name, pageSize) => {
  const versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
  const keys = {
    MCPC_ACCESS_TOKEN: "reader-0123456789abcdef",
    LARGE_KEYS: '[{"key":"reader-0123456789abcdef","scopes":["read"]}]',
  };
  const tools = Array.from({ length: 70 }, (_, index) => ({
    name: `tool_${index}`,
    title: `Tool ${index} "é🚀\u2028"`,
    description: "é🚀".repeat(index),
    inputSchema: { type: "object", properties: { n: { type: "integer" } } },
    annotations: { readOnlyHint: index % 2 === 0 },
    ...(index % 7 === 0 ? { scopes: ["write"] } : index % 11 === 0 && { scopes: ["read"] }),
    handler: `./src/handlers.ts#tool${index % 5}`,
  }));
  const resources = [{ uri: "large://one", name: "one", text: "One." }];
  const folder = kept({
    "a.mcp.json": {
      server: { name: "large", version: "1.0.0" },
      build: { lint: { profiles: [] } },
      tools,
      resources,
      runtime: {
        transports: { stdio: {} },
        auth: { bearer: { env: "LARGE_KEYS" } },
        ...(pageSize !== undefined && { limits: { pageSize } }),
      },
    },
    "src/handlers.ts": [0, 1, 2, 3, 4]
      .map((index) => `export const tool${index} = () => "handler ${index}";\n`)
      .join(""),
  });
  const bundle = join(folder, "dist", "server.js");
  beforeAll(() => {
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  });

  /** As `version` is told of it. */
  const told = (version: string) => (tool: (typeof tools)[number]) => ({
    name: tool.name,
    ...(version >= "2025-06-18" && { title: tool.title }),
    description: tool.description,
    inputSchema: tool.inputSchema,
    ...(version >= "2025-03-26" && { annotations: tool.annotations }),
  });

  async function listed(server: RawStdio, method: string, member: string): Promise<unknown[]> {
    const pages: unknown[][] = [];
    let cursor: string | undefined;
    do {
      const { result } = await server.request(method, { cursor });
      pages.push(result[member]);
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    for (const page of pages.slice(0, -1)) expect(page).toHaveLength(pageSize ?? Infinity);
    return pages.flat();
  }

  test.each(versions)("say what %s knows, and to each caller what is for him", async (version) => {
    for (const [environment, seen] of [
      [{}, tools],
      [keys, tools.filter(({ scopes }) => scopes?.[0] !== "write")],
    ] as const) {
      const server = rawStdio("node", [bundle], undefined, environment);
      await server.initialize(version);
      expect(await listed(server, "tools/list", "tools")).toEqual(seen.map(told(version)));
      expect(await listed(server, "tools/list", "tools")).toEqual(seen.map(told(version)));
      expect(await listed(server, "resources/list", "resources")).toMatchObject([{ uri: "large://one" }]);
      expect(await listed(server, "resources/templates/list", "resourceTemplates")).toEqual([]);
      expect((await server.request("prompts/list")).error).toMatchObject({ code: -32601 });
      expect(await server.end()).toBe(0);
    }
  });

  test("are of tools that each have their handler", async () => {
    const server = rawStdio("node", [bundle]);
    await server.initialize();
    for (const index of [0, 33, 69])
      expect((await server.request("tools/call", { name: `tool_${index}`, arguments: {} })).result.content).toEqual([
        { type: "text", text: `handler ${index % 5}` },
      ]);
    expect(await server.end()).toBe(0);
  });

  test("are the file's, whatever version control makes of the ends of its lines; one that is cut off is an error", async () => {
    const file = join(folder, "dist", "chunks", "listings", "tools.newest.json");
    const text = readFileSync(file, "utf8");
    onTestFinished(() => writeFileSync(file, text));
    writeFileSync(file, text.replaceAll("\n", "\r\n"));
    const server = rawStdio("node", [bundle]);
    await server.initialize();
    expect(await listed(server, "tools/list", "tools")).toHaveLength(tools.length);
    expect(await server.end()).toBe(0);
    writeFileSync(file, text.slice(0, 100));
    const other = rawStdio("node", [bundle]);
    await other.initialize();
    expect((await other.request("tools/list")).error).toMatchObject({ code: -32603 });
    expect((await other.request("ping")).result).toEqual({});
    expect(await other.end()).toBe(0);
  });

  test("are not taken from the files of a later build", async () => {
    const file = join(folder, "dist", "chunks", "listings", "tools.newest.json");
    const text = readFileSync(file, "utf8");
    onTestFinished(() => writeFileSync(file, text));
    const server = rawStdio("node", [bundle]);
    await server.initialize();
    writeFileSync(file, withHeader(text.slice(text.indexOf("\n") + 1).replaceAll("Tool", "The tool")));
    expect((await server.request("tools/list")).error).toMatchObject({ code: -32603 });
    writeFileSync(file, text);
    expect(await listed(server, "tools/list", "tools")).toHaveLength(tools.length);
    expect(await server.end()).toBe(0);
  });
});
