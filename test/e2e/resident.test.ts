import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { residentCompiler, type ResidentCompiler } from "../../compiler/dist/resident.js";
import { contents, mcpc, project, write } from "./project.js";

const tool = (name: string, more: object = {}) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  ...more,
});
const manifest = (...tools: object[]) => ({ server: { name: "stays", version: "1.0.0" }, tools });

function resident(folder: string): ResidentCompiler {
  const compiler = residentCompiler(folder);
  onTestFinished(() => compiler.end());
  return compiler;
}

test("a compiler that stays builds what has changed, and says what it looked at", async () => {
  const folder = project({ "a.mcp.json": manifest(tool("first"), tool("second")) });
  const compiler = resident(folder);
  const first = await compiler.build();
  expect(first).toMatchObject({ diagnostics: [], summary: { tools: 2 } });
  expect(first.changed).toContain("dist/server.js");
  expect(first.inputs).toEqual(expect.arrayContaining(["a.mcp.json", "src/tools/first.ts", "tsconfig.json"]));
  expect(await compiler.build()).toMatchObject({ diagnostics: [], changed: [], summary: { tools: 2 } });

  const handler = join(folder, "src/tools/first.ts");
  const text = readFileSync(handler, "utf8");
  writeFileSync(
    handler,
    'import type { First } from "../../generated/types.js";\nexport const first: First = () => 5;\n',
  );
  const wrong = await compiler.build(new Set(["src/tools/first.ts"]));
  expect(wrong).toMatchObject({ diagnostics: [{ code: "handler/type-error" }], changed: [] });
  expect(wrong.inputs).toEqual(expect.arrayContaining(["a.mcp.json", "src/tools/first.ts"]));
  writeFileSync(handler, text.replace("notImplemented", "/* none */ notImplemented"));
  expect((await compiler.build(new Set(["src/tools/first.ts"]))).diagnostics).toEqual([]);
  rmSync(join(folder, "generated/types.ts"));
  expect((await compiler.build()).changed).toEqual(["generated/types.ts"]);

  write(folder, { "a.mcp.json": manifest(tool("first", { title: "First" })) });
  const changed = await compiler.build(new Set(["a.mcp.json"]));
  expect(changed).toMatchObject({ diagnostics: [{ code: "handler/orphaned" }], summary: { tools: 1 } });
  expect(mcpc(folder, "build").stdout).toContain("nothing to do");
  expect(mcpc(folder, "build", "--force").stdout).toContain("nothing to do");
  expect(contents(folder)["generated/validators/Second.ts"]).toBeUndefined();
});
