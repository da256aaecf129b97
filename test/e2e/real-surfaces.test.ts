import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mcpc, project } from "./project.js";
import { rawStdio, type RawStdio } from "./raw-stdio.js";

const require = createRequire(import.meta.url);
const lists = [
  ["tools/list", "tools"],
  ["resources/list", "resources"],
  ["resources/templates/list", "resourceTemplates"],
  ["prompts/list", "prompts"],
] as const;

/** What a server lists, as JSON text: equal text is equal values in equal order. */
async function surface(server: RawStdio): Promise<Record<string, string>> {
  const { result } = await server.initialize();
  const found: Record<string, string> = {};
  for (const [method, member] of lists) {
    if (result.capabilities[method.split("/")[0]!] === undefined) continue;
    const entries: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await server.request(method, cursor === undefined ? {} : { cursor });
      if (page.error) break;
      entries.push(...page.result[member]);
      cursor = page.result.nextCursor;
    } while (cursor !== undefined);
    if (entries.length > 0) found[member] = JSON.stringify(entries);
  }
  // Not every server ends with its input.
  process.kill(server.pid);
  await server.exited;
  return found;
}

/** The folder of an installed package; some do not export their package.json. */
function packageFolder(name: string): string {
  const paths = require.resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => present(join(path, "package.json")));
  expect(found, `${name} is installed`).toBeDefined();
  return found!;
}

function present(file: string): boolean {
  try {
    return readFileSync(file).length > 0;
  } catch {
    return false;
  }
}

/** Well-known servers as their packages ship them, started without credentials that would be valid anywhere. */
test.each<[name: string, options: { args?: string[]; env?: Record<string, string> }]>([
  ["@modelcontextprotocol/server-everything", { args: ["stdio"] }],
  ["@modelcontextprotocol/server-filesystem", { args: [tmpdir()] }],
  ["@modelcontextprotocol/server-memory", {}],
  ["@modelcontextprotocol/server-sequential-thinking", {}],
  ["@notionhq/notion-mcp-server", { env: { NOTION_TOKEN: "none" } }],
  ["@brave/brave-search-mcp-server", { env: { BRAVE_API_KEY: "none" } }],
  ["@playwright/mcp", {}],
  ["chrome-devtools-mcp", { args: ["--no-usage-statistics"], env: { CHROME_DEVTOOLS_MCP_NO_UPDATE_CHECKS: "1" } }],
  ["tavily-mcp", { env: { TAVILY_API_KEY: "none" } }],
  ["@antv/mcp-server-chart", {}],
])("the surface of %s comes out as it went in, with types that are as reviewed", async (name, { args = [], env }) => {
  const folder = packageFolder(name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { bin: string | object };
  const [program] = typeof bin === "string" ? [bin] : (Object.values(bin) as string[]);
  const real = await surface(rawStdio("node", [join(folder, program!), ...args], tmpdir(), env));
  expect(real["tools"]).toBeDefined();
  const built = project({});
  const command = ["node", join(folder, program!), ...args].map((word) => JSON.stringify(word)).join(" ");
  const variables = Object.entries(env ?? {}).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  expect(mcpc(built, "import", `stdio:${command}`, "--out", "imported.mcp.json", ...variables)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^imported.mcp.json: \d+ added, 0 changed, 0 gone upstream\n/),
    stderr: expect.not.stringContaining("is left out"),
  });
  const build = mcpc(built, "build");
  expect(build.stderr).not.toContain("error");
  expect(build.code).toBe(0);
  expect(await surface(rawStdio("node", [join(built, "dist", "server.js")]))).toEqual(real);
  const snapshot = join(
    import.meta.dirname,
    "real-surfaces",
    `${name.replaceAll(/[@/]+/g, "-").replace(/^-/, "")}.d.ts`,
  );
  await expect(readFileSync(join(built, "generated", "types.ts"), "utf8")).toMatchFileSnapshot(snapshot);
});

const listed = join(import.meta.dirname, "listed-surfaces");

test.each(readdirSync(listed))("the lists in listed-surfaces/%s come out as they went in", async (file) => {
  const { name, version, ...surfaces } = JSON.parse(readFileSync(join(listed, file), "utf8"));
  const built = project({});
  expect(mcpc(built, "import", join(listed, file), "--out", "imported.mcp.json")).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining("is left out"),
  });
  const build = mcpc(built, "build");
  expect(build.stderr).not.toContain("error");
  expect(build.code).toBe(0);
  const server = rawStdio("node", [join(built, "dist", "server.js")]);
  const expected = Object.entries(surfaces).map(([section, entries]) => [section, JSON.stringify(entries)]);
  expect(await surface(server)).toEqual(Object.fromEntries(expected));
});
