import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compile, HostError, nodeHost, type Host } from "../../../compiler/dist/index.js";
import { processes } from "../project.js";
import { five, manifest, notText, tool } from "./cases.js";

const root = join(import.meta.dirname, "..", "..", "..");

describe("the compiler as a library, with a host of one's own", () => {
  const handler = `\uFEFFimport { five } from "../five.js";\nexport const say = () => five;\nconst wrong: string = 5;\n`;
  const texts = {
    "a.mcp.json": JSON.stringify(manifest(tool("say"))),
    "src/tools/say.ts": handler,
    "src/five.ts": five,
    "tsconfig.json": '{ "extends": "./base.json" }',
    "base.json": JSON.stringify({ compilerOptions: { strict: true, noUnusedLocals: true } }),
  };
  function host(refused?: string): Host {
    const files = new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
    return {
      root: "/nowhere/at/all",
      manifestSchema: nodeHost(root).manifestSchema,
      find: (patterns) => (patterns.some((pattern) => pattern.includes("mcp.json")) ? ["a.mcp.json"] : []),
      read: (path) => {
        if (path === refused) throw new HostError(`there is no reading of ${path}`);
        return files.get(path);
      },
      size: (path) => files.get(path)?.length ?? 0,
      contains: () => true,
      commit: () => {},
    };
  }

  test("checks what that reads", async () => {
    const { diagnostics } = await compile(host(), { mode: "build" });
    const lines = diagnostics.map(({ span, message }) => [handler.slice(span?.start, span?.end), message]);
    expect(lines).toEqual([
      ["say", expect.stringContaining("does not fit")],
      ["wrong", notText],
      ["wrong", "'wrong' is declared but its value is never read (TS6133)"],
    ]);
    expect(processes("/nowhere/at/all")).toEqual([]);
  });

  test("is refused what that refuses", async () => {
    await expect(compile(host("src/five.ts"), { mode: "build" })).rejects.toThrow(
      new HostError("there is no reading of src/five.ts"),
    );
    expect(processes("/nowhere/at/all")).toEqual([]);
  });
});
