import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { diagnosticsOf, ruleCodes } from "./lint.js";

const surfaces = join(import.meta.dirname, "..", "..", "e2e", "real-surfaces");
const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "lint.md"), "utf8");

interface Stored {
  readonly name: string;
  readonly version: string;
  readonly serverInfo: { readonly name: string };
  readonly instructions?: string;
  readonly tools: readonly {
    readonly inputSchema: { readonly properties?: Readonly<Record<string, { readonly description?: string }>> };
  }[];
}

const servers = readdirSync(surfaces)
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(surfaces, file), "utf8")) as Stored);

/** Returns the rows of the table of real servers: name and version, tools, findings. */
function documentedServers(): string[][] {
  const rows = page.split("\n").filter((line) => /^\| `[^`]+` \d/.test(line));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, 4)
      .map((cell) => cell.trim()),
  );
}

test("portable finds in ten public servers what the documents say", { timeout: 120_000 }, () => {
  const found = servers.map(({ name, version, serverInfo, instructions, tools }) => {
    const server = { name: serverInfo.name, version: "1.0.0", ...(instructions && { instructions }) };
    const files = { "shop.mcp.json": JSON.stringify({ server, tools }) };
    const counts = new Map<string, number>();
    for (const { code } of diagnosticsOf(files)) if (ruleCodes.has(code)) counts.set(code, (counts.get(code) ?? 0) + 1);
    const findings = [...counts].sort().map(([code, count]) => `\`${code}\` ${count}`);
    return [`\`${name}\` ${version}`, String(tools.length), findings.join(", ") || "none"];
  });
  expect(found).toHaveLength(10);
  expect(documentedServers()).toEqual(found);
});

test("as many tools and arguments of these servers have descriptions as the documents say", () => {
  const tools = servers.flatMap((server) => server.tools);
  const listed = tools.flatMap(({ inputSchema }) => Object.values(inputSchema.properties ?? {}));
  const bare = listed.filter(({ description }) => description === undefined);
  expect(page).toContain(`each of the ${tools.length} tools has a description`);
  expect(page).toContain(`${bare.length} of the ${listed.length} arguments of the servers below have none`);
});
