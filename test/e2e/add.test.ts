import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { blocksTestedBy } from "../house/documents.js";
import { contents, mcpc, project } from "./project.js";

const server = { name: "words", version: "1.0.0" };
const text = (folder: string, path: string): string => fs.readFileSync(join(folder, path), "utf8");

describe("mcpc add", () => {
  test.each<[kind: string, args: string[], entry: Record<string, unknown>, stub: string]>([
    [
      "tool",
      ["find_words", "--description", "Finds words."],
      { name: "find_words", description: "Finds words." },
      "src/tools/find_words.ts",
    ],
    ["resource", ["stats"], { uri: "words://stats", name: "stats" }, "src/resources/stats.ts"],
    ["resource", ["stats", "--uri", "file:///stats"], { uri: "file:///stats" }, "src/resources/stats.ts"],
    ["template", ["word"], { uriTemplate: "words://word/{id}" }, "src/resource-templates/word.ts"],
    ["prompt", ["explain"], { name: "explain", arguments: [] }, "src/prompts/explain.ts"],
  ])("adds a %s, with its stub: %j", (kind, args, entry, stub) => {
    const folder = project({ "a.mcp.json": `{\n  // kept\n  "server": ${JSON.stringify(server)},\n}\n` });
    const [name] = args;
    const section = { tool: "tools", resource: "resources", template: "resourceTemplates", prompt: "prompts" }[kind]!;
    const { code, stdout, stderr } = mcpc(folder, "add", kind, ...args);
    expect([code, stdout]).toEqual([
      0,
      `${section}/${name} is in a.mcp.json, line 4\nstub for you to fill in: ${stub}\n`,
    ]);
    expect(stderr).not.toContain("error");
    expect(text(folder, "a.mcp.json")).toContain("// kept");
    expect(text(folder, stub)).toContain("notImplemented(");
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stdout: expect.stringContaining(stub) });
    const lock = JSON.parse(text(folder, "mcpc.lock.json"));
    expect(lock[section]).toMatchObject([entry]);
  });

  test.each<[what: string, files: Record<string, unknown>, args: string[], code: number, message: RegExp]>([
    [
      "a name that is there",
      {
        "a.mcp.json": { server, tools: [{ name: "x", description: "Does nothing.", inputSchema: { type: "object" } }] },
      },
      ["tool", "x"],
      1,
      /name\/duplicate.*\n[^]*tools\/x was not added: nothing was written\n$/,
    ],
    ["a manifest with an error", { "a.mcp.json": { server, tools: 7 } }, ["tool", "x"], 1, /tools\/x was not added/],
    [
      "a URI that is none",
      { "a.mcp.json": { server } },
      ["resource", "x", "--uri", "x"],
      1,
      /resources\/x was not added/,
    ],
    [
      "a name that clients refuse",
      { "a.mcp.json": { server } },
      ["tool", "a/b"],
      2,
      /^error: "a\/b" is no name that every client takes: .*only letters, digits, "_" and "-", at most 64\n$/,
    ],
    ["a folder without a manifest", {}, ["tool", "x"], 2, /^error: "\." has no readable manifest: mcpc init/],
    [
      "a choice of manifests",
      { "a.mcp.json": { tools: [] }, "b.mcp.json": { tools: [] } },
      ["tool", "x"],
      2,
      /name one of them with --file \(a\.mcp\.json, b\.mcp\.json\)/,
    ],
    [
      "a manifest that is none",
      { "a.mcp.json": { server } },
      ["tool", "x", "--file", "../a.mcp.json"],
      2,
      /is not a readable manifest of the project/,
    ],
    [
      "an unknown kind",
      { "a.mcp.json": { server } },
      ["tols", "x"],
      2,
      /Allowed choices are tool, resource, template, prompt\./,
    ],
  ])("refuses %s, and writes nothing", (_, files, args, code, message) => {
    const folder = project(files);
    const before = contents(folder);
    expect(mcpc(folder, "add", ...args)).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
    expect(contents(folder)).toEqual(before);
  });

  test("edits the manifest that holds such entries, or the named one", () => {
    const folder = project({ "a.mcp.json": { server }, "sub/b.mcp.json": { tools: [] } });
    expect(mcpc(folder, "add", "tool", "x").stdout).toContain("tools/x is in sub/b.mcp.json, line 3");
    expect(mcpc(folder, "add", "tool", "y", "--file", "a.mcp.json").stdout).toContain("tools/y is in a.mcp.json");
    expect(mcpc(join(folder, "sub"), "add", "prompt", "z", "--folder", "..").stdout).toContain("is in ../a.mcp.json");
  });

  test("adds what its guide adds", () => {
    const [block] = blocksTestedBy("docs/project.md", "test/e2e/add.test.ts");
    const [, ...args] = block!.text
      .trim()
      .match(/"[^"]*"|\S+/g)!
      .map((word) => word.replaceAll('"', ""));
    const folder = project({ "a.mcp.json": { server } });
    expect(mcpc(folder, ...args.slice(1)).stdout).toContain("tools/find_words is in a.mcp.json");
  });

  test("shows warnings about the new entry", () => {
    const folder = project({ "a.mcp.json": { server } });
    expect(mcpc(folder, "add", "tool", "run_tool")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("name/vague"),
    });
  });
});
