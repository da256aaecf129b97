import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { anchorsOf, blocksOf, deadLinks, documents, root, textOf, untrue } from "./documents.js";
import { diagnosticsReference } from "./diagnostics-reference.js";
import { manifestReference } from "./manifest-reference.js";

const guides = documents.filter((path) => path.startsWith("docs/"));
const generated = "docs/manifest.md";

/** Where a block's file is: from the top of the repository, or in the project that the README's tutorial builds. */
const fileOf = (path: string): string | undefined =>
  [path, `fixtures/tutorial/${path}`].find((each) => existsSync(join(root, each)));

describe.each(documents)("%s", (document) => {
  const markdown = textOf(document);

  test("shows what is in the files it names", () => {
    for (const { path, text } of blocksOf(markdown)) {
      if (path === undefined) continue;
      const file = fileOf(path);
      expect(file, `${path} does not exist`).toBeDefined();
      if (statSync(join(root, file!)).isDirectory()) continue;
      expect(untrue(text, textOf(file!)), `not in ${path}`).toBeUndefined();
    }
  });

  const sessions = blocksOf(markdown).filter(({ language, path }) => language === "console" && path !== undefined);
  test.skipIf(sessions.length === 0)("shows what the commands say, in the folder that a block names", () => {
    for (const { path, text } of sessions) {
      for (const step of text.split(/^\$ /m).slice(1)) {
        const [command, ...expected] = step.trimEnd().split("\n");
        const { output } = spawnSync("sh", ["-c", `(${command}) 2>&1`], { cwd: join(root, path!), encoding: "utf8" });
        expect([command, output.join("").trimEnd()]).toEqual([command, expected.join("\n")]);
      }
    }
  });

  test("links to what exists", () => {
    const at = (path: string): string => (path === "" ? document : normalize(join(dirname(document), path)));
    const exists = (path: string): boolean => existsSync(join(root, at(path)));
    expect(deadLinks(markdown, exists, (path) => anchorsOf(textOf(at(path))))).toEqual([]);
  });
});

test("every guide is in the index, has an example from a file, and says in its first line what it is about", () => {
  const index = textOf("docs/README.md");
  for (const guide of guides.filter((path) => path !== "docs/README.md")) {
    expect(index.includes(`](${guide.slice("docs/".length)})`), `${guide} is not in docs/README.md`).toBe(true);
    expect(textOf(guide), guide).toMatch(/^# \S/);
    if (guide !== generated)
      expect(
        blocksOf(textOf(guide)).filter(({ path }) => path !== undefined),
        guide,
      ).not.toEqual([]);
  }
  expect(textOf("README.md").includes("](docs/README.md)")).toBe(true);
});

test("a block that differs from its file is found", () => {
  const file = "one\n  two {\n    three\n  }\n\n  four\nfive\n";
  const cases: [excerpt: string, differs: string | undefined][] = [
    ["one\n", undefined],
    ["two {\n  three\n}\n", undefined],
    ["  two {\n    three\n  }\n\n  four\n", undefined],
    ["one\n…\nfive\n", undefined],
    ["two {\n  // …\n}\n", undefined],
    ["two {\n  thre\n}\n", "two {\n  thre\n}"],
    ["two {\nthree\n", "two {\nthree"],
    ["two {\n}\n", "two {\n}"],
    ["five\n…\none\n", "one"],
    ["one\n…\nsix\n", "six"],
    ["    one\n", "    one"],
  ];
  for (const [excerpt, differs] of cases) expect([excerpt, untrue(excerpt, file)]).toEqual([excerpt, differs]);
});

test("a link that leads nowhere is found", () => {
  const markdown =
    "# A b\n[1](x.md) [2](y.md) [3](x.md#c-d) [4](x.md#e) [5](#a-b) [6](#c) [7](https://x.example)\n```md\n[8](z.md)\n```\n";
  const anchors = (path: string): string[] => anchorsOf(path === "" ? markdown : "## `C` d!\n");
  expect(deadLinks(markdown, (path) => path === "x.md", anchors)).toEqual(["y.md", "x.md#e", "#c"]);
});

test("the reference of the manifest is current, and says what the schema says of every field", async () => {
  const schema = JSON.parse(textOf("mcp.schema.json"));
  const reference = manifestReference(schema);
  await expect(reference).toMatchFileSnapshot(join(root, generated));
  const described: string[] = [];
  const visit = (node: any): void => {
    if (typeof node !== "object" || node === null) return;
    for (const property of Object.values<any>(node.properties ?? {})) {
      if (typeof property.description === "string") described.push(property.description);
    }
    Object.entries(node).forEach(([key, value]) => !["enum", "required", "const"].includes(key) && visit(value));
  };
  visit(schema);
  expect(described.length).toBeGreaterThan(100);
  const plain = reference.replaceAll("\\|", "|");
  expect(described.filter((text) => !plain.includes(text))).toEqual([]);
});

test("the page of diagnostics is current", async () => {
  await expect(diagnosticsReference()).toMatchFileSnapshot(join(root, "docs/diagnostics.md"));
});
