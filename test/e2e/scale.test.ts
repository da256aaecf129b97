import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

test("a large surface keeps its validators beside the bundle, and works the same", async () => {
  const tools = Array.from({ length: 120 }, (_, index) => ({
    name: `tool_${index}`,
    inputSchema: { type: "object", properties: { [`p${index}`]: { $ref: "#/$defs/Size" } }, required: [`p${index}`] },
  }));
  const folder = project({
    "a.mcp.json": {
      server: { name: "large", version: "1.0.0" },
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
