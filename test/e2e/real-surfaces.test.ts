import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
  await server.end();
  return found;
}

test.each([
  ["server-everything", ["stdio"]],
  ["server-filesystem", [tmpdir()]],
  ["server-memory", []],
])("the surface of %s comes out as it went in", async (name, args) => {
  const manifestOf = require.resolve(`@modelcontextprotocol/${name}/package.json`);
  const [bin] = Object.values((require(manifestOf) as { bin: Record<string, string> }).bin);
  const real = await surface(rawStdio("node", [join(dirname(manifestOf), bin!), ...args], tmpdir()));
  expect(real["tools"]).toBeDefined();
  const sections = Object.fromEntries(Object.entries(real).map(([member, text]) => [member, JSON.parse(text)]));
  const folder = project({ "imported.mcp.json": { server: { name, version: "1.0.0" }, ...sections } });
  const build = mcpc(folder, "build");
  expect(build.stderr).not.toContain("error");
  expect(build.code).toBe(0);
  const built = await surface(rawStdio("node", [join(folder, "dist", "server.js")]));
  expect(built).toEqual(real);
});
