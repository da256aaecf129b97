import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { diagnosticsOf, ruleCodes } from "./lint.js";

const surfaces = join(import.meta.dirname, "..", "..", "e2e", "real-surfaces");

/** Returns the rows of the table of real servers: name and version, tools, findings. */
function documentedServers(): string[][] {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "lint.md"), "utf8");
  const rows = page.split("\n").filter((line) => /^\| `[^`]+` \d/.test(line));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, 4)
      .map((cell) => cell.trim()),
  );
}

test("portable finds in ten public servers what the documents say", { timeout: 120_000 }, () => {
  const found = readdirSync(surfaces)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => {
      const stored = JSON.parse(readFileSync(join(surfaces, file), "utf8"));
      const { name, version, serverInfo, instructions, tools } = stored;
      const server = { name: serverInfo.name, version: "1.0.0", ...(instructions && { instructions }) };
      const files = { "shop.mcp.json": JSON.stringify({ server, tools }) };
      const counts = new Map<string, number>();
      for (const { code } of diagnosticsOf(files))
        if (ruleCodes.has(code)) counts.set(code, (counts.get(code) ?? 0) + 1);
      const findings = [...counts].sort().map(([code, count]) => `\`${code}\` ${count}`);
      return [`\`${name}\` ${version}`, String(tools.length), findings.join(", ") || "none"];
    });
  expect(found).toHaveLength(10);
  expect(documentedServers()).toEqual(found);
});
