import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema, ProgressNotificationSchema, ResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, test } from "vitest";
import { mcpc, project } from "./project.js";

const root = join(import.meta.dirname, "..", "..");

type Call = readonly [method: string, params: object];
/** A server's lists, and its results of calls. */
interface Answers {
  readonly server: unknown;
  readonly tools: unknown;
  readonly resources: unknown;
  readonly resourceTemplates: unknown;
  readonly prompts: unknown;
  readonly results: readonly unknown[];
}

/** Starts a server, lists it and makes calls. The user accepts every question. */
async function answers(command: string, script: string, calls: readonly Call[]): Promise<Answers> {
  const client = new Client({ name: "test", version: "1.0.0" }, { capabilities: { elicitation: {} } });
  const questions: unknown[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    const { message, requestedSchema } = params as { message: string; requestedSchema: { properties: object } };
    questions.push({ message, properties: requestedSchema.properties });
    return { action: "accept", content: { isSure: true } };
  });
  await client.connect(new StdioClientTransport({ command, args: [script], stderr: "ignore" }));
  let progress: unknown[] = [];
  client.setNotificationHandler(ProgressNotificationSchema, ({ params }) => {
    progress.push([params.progress, params.total]);
  });
  const list = async (method: string, member: string): Promise<unknown> =>
    client.request({ method }, ResultSchema).then(
      (result) => result[member],
      () => [],
    );
  const lists = {
    server: client.getServerVersion(),
    tools: await list("tools/list", "tools"),
    resources: await list("resources/list", "resources"),
    resourceTemplates: await list("resources/templates/list", "resourceTemplates"),
    prompts: await list("prompts/list", "prompts"),
  };
  const results: unknown[] = [];
  for (const [method, params] of calls) {
    progress = [];
    const result = await client.request({ method, params: { ...params, _meta: { progressToken: 1 } } }, ResultSchema);
    results.push({ ...withoutAdditions(result), progress, questions: questions.splice(0) });
  }
  await client.close();
  return { ...lists, results };
}

/**
 * Removes what docs/migrating.md calls additions: of mcpc, the code of an error, the description of a prompt and the
 * number of completions; of FastMCP, `_meta`, an `isError` that is false, the name of a resource's contents and white
 * space in JSON.
 */
function withoutAdditions(result: Record<string, unknown>): Record<string, unknown> {
  const { _meta, description, isError, ...rest } = structuredClone(result);
  for (const contents of (rest["contents"] ?? []) as { name?: string; mimeType: string; text: string }[]) {
    delete contents.name;
    if (contents.mimeType === "application/json") contents.text = JSON.parse(contents.text);
  }
  const { completion } = rest as { completion?: { total?: number; hasMore?: boolean } };
  delete completion?.total;
  delete completion?.hasMore;
  return isError === true ? { isError, ...rest } : rest;
}

/** JSON text: equal text is equal values in equal order. */
const textOf = (value: unknown): string => JSON.stringify(value, null, 2);

const tool = (name: string, args: object): Call => ["tools/call", { name, arguments: args }];
const read = (uri: string): Call => ["resources/read", { uri }];
const prompt = (name: string, args: object): Call => ["prompts/get", { name, arguments: args }];

test.each<[name: string, script: string, calls: readonly Call[]]>([
  [
    "library",
    "server.mjs",
    [
      tool("find_books", { text: "MO" }),
      tool("find_books", { text: "m", limit: 1 }),
      tool("lend_book", { title: "Moby-Dick", reader: "Ada" }),
      tool("lend_book", { title: "Emma", reader: "Ada" }),
      read("library://hours"),
      prompt("recommend", { taste: "whales" }),
    ],
  ],
  [
    "kitchen",
    "server.mjs",
    [
      tool("scale_recipe", { recipe: "bread", servings: 2 }),
      tool("scale_recipe", { recipe: "soup", servings: 2 }),
      read("recipe://pancakes"),
      tool("discard_recipe", { recipe: "bread" }),
      tool("scale_recipe", { recipe: "bread", servings: 2 }),
      prompt("menu", { guests: "six" }),
    ],
  ],
  [
    "garden",
    "server.mjs",
    [
      tool("water", { plants: ["fern", "tomato"] }),
      tool("water", { plants: ["rose"] }),
      read("garden://plants"),
      read("garden://plants/tomato"),
      [
        "completion/complete",
        {
          ref: { type: "ref/resource", uri: "garden://plants/{name}" },
          argument: { name: "name", value: "to" },
        },
      ],
      prompt("plan", { weather: "rain" }),
    ],
  ],
  [
    "harbor",
    "server.py",
    [
      tool("find_berth", { ship: "Aurora" }),
      tool("find_berth", { ship: "Beagle", spare: 0 }),
      tool("find_berth", { ship: "Cutty Sark" }),
      tool("unload", { ship: "Beagle", crates: 3 }),
      read("harbor://tides"),
      read("harbor://ships/Aurora"),
      prompt("report", { day: "Monday" }),
    ],
  ],
])("fixtures/%s answers as before after its migration", async (name, script, calls) => {
  const folder = join(root, "fixtures", name);
  const before = join(folder, "before", script);
  const { source, expected } = await original(before, calls);
  const fresh = project({});
  expect(mcpc(fresh, "import", source, "--out", `${name}.mcp.json`)).toMatchObject({ code: 0 });
  expect(mcpc(fresh, "build")).toMatchObject({ code: 0 });

  const after = project({});
  cpSync(folder, after, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(after, "node_modules"));
  const manifest = readFileSync(join(after, `${name}.mcp.json`), "utf8");
  expect(mcpc(after, "import", source, "--out", join(after, `${name}.mcp.json`))).toMatchObject({
    code: 0,
    stdout: `${name}.mcp.json: 0 added, 0 changed, 0 gone upstream\n`,
  });
  expect(readFileSync(join(after, `${name}.mcp.json`), "utf8")).toBe(manifest);
  expect(mcpc(after, "build", "--strict").stderr).not.toContain("error");
  const { results, ...lists } = await answers("node", join(after, "dist", "server.js"), calls);
  const { results: expectedResults, ...expectedLists } = expected;
  expect(textOf(lists)).toBe(textOf(expectedLists));
  expect(results).toEqual(expectedResults);
});

interface Original {
  /** The source of an import. */
  readonly source: string;
  readonly expected: Answers;
}

/** FastMCP for Python is no package of npm, so its answers are recorded, and compared where it is installed. */
async function original(script: string, calls: readonly Call[]): Promise<Original> {
  if (!script.endsWith(".py")) {
    const source = `stdio:node ${JSON.stringify(script)}`;
    return { source, expected: await answers("node", script, calls) };
  }
  const python = process.env["MCPC_PYTHON"] ?? "python3";
  const recorded = join(script, "..", "recorded.json");
  if (spawnSync(python, ["-c", "import fastmcp"]).status === 0)
    await expect(`${textOf(await answers(python, script, calls))}\n`).toMatchFileSnapshot(recorded);
  else console.log(`${python} has no fastmcp: its recorded answers are taken`);
  return { source: recorded, expected: JSON.parse(readFileSync(recorded, "utf8")) as Answers };
}

/** Starts the service of fixtures/workshop, which takes one key. */
async function startService(key: string): Promise<{ readonly url: string; stop(): void }> {
  const script = join(root, "fixtures", "workshop", "before", "service.mjs");
  const service = spawn("node", [script], { env: { ...process.env, PORT: "0", WORKSHOP_KEY: key } });
  const [line] = (await once(createInterface({ input: service.stdout }), "line")) as [string];
  return { url: line.replace("listening on ", ""), stop: () => service.kill() };
}

test("fixtures/workshop answers as the service that it calls", async () => {
  const folder = project({});
  cpSync(join(root, "fixtures", "workshop"), folder, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const manifest = readFileSync(join(folder, "workshop.mcp.json"), "utf8");
  expect(mcpc(folder, "import", "before/openapi.yaml")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("workshop.mcp.json: 0 added, 0 changed, 0 gone upstream\n"),
  });
  expect(readFileSync(join(folder, "workshop.mcp.json"), "utf8")).toBe(manifest);
  expect(mcpc(folder, "build", "--strict")).toMatchObject({ code: 0, stderr: "" });

  const { url, stop } = await startService("k1");
  const direct = async (path: string, init: object = {}): Promise<unknown> => {
    const headers = { "x-key": "k1", "content-type": "application/json" };
    return (await fetch(url + path, { headers, ...init })).json();
  };
  const env = { PATH: process.env["PATH"]!, WORKSHOP_BASE_URL: url, WORKSHOP_KEY: "k1" };
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: "node", args: [join(folder, "dist", "server.js")], env }));
  const call = (name: string, args: object) => client.callTool({ name, arguments: { ...args } });
  const body = { bicycle: "Pashley", fault: "a lost bell" };
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
    "listRepairs",
    "take_in_bicycle",
    "getRepair",
  ]);
  expect((await call("take_in_bicycle", { body })).structuredContent).toEqual(await direct("/repairs/3"));
  expect(await direct("/repairs/3")).toEqual({ id: 3, state: "waiting", ...body });
  expect((await call("listRepairs", { state: ["running", "done"] })).structuredContent).toEqual(
    await direct("/repairs?state=running&state=done"),
  );
  expect(await call("getRepair", { id: 9 })).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining("There is no repair 9.") }],
  });
  await client.close();
  stop();
});
