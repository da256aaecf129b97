import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { importedNames, importsOf, syntaxFault } from "./document-code.js";
import {
  anchorsOf,
  blocksOf,
  blocksTestedBy,
  deadLinks,
  documents,
  originOf,
  root,
  textOf,
  untrue,
} from "./documents.js";
import { diagnosticsReference } from "./diagnostics-reference.js";
import { lintReference } from "./lint-reference.js";
import { manifestReference } from "./manifest-reference.js";

const guides = documents.filter((path) => path.startsWith("docs/"));
const generated = "docs/manifest.md";

/** Every test, by its path. */
const tests = new Map(
  readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${path.replaceAll("\\", "/")}`)
    .map((path) => [path, textOf(path)] as const),
);

/** Files that tests build, run or read, so that what is shown of them is true. */
function isTested(path: string): boolean {
  const [top, project] = path.split("/");
  if (tests.has(path)) return true;
  // What benchmarks measure is no example.
  if (path.startsWith("test/bench/")) return true;
  if (top !== "fixtures") return [...tests.values()].some((text) => text.includes(`"${basename(path)}"`));
  return basename(path) === "expected.txt" || existsSync(join(root, "fixtures", project!, "mcpc.lock.json"));
}

describe.each(documents)("%s", (document) => {
  const markdown = textOf(document);
  const blocks = blocksOf(markdown).map((block) => ({ ...block, at: `${document}:${block.line}` }));

  test("has no code outside of fences, and no block that does not say what makes it true", () => {
    const prose = markdown.replace(/^```[\s\S]*?^```$/gm, "");
    expect(prose.match(/^(?: {4}|\t).*|<pre\b.*/gm)).toBeNull();
    const faults = blocks.flatMap((block) => {
      const origin = originOf(block);
      return typeof origin === "string" ? [`${block.at}: ${origin} (CONTRIBUTING.md, "A new guide")`] : [];
    });
    expect(faults).toEqual([]);
  });

  const excerpts = blocks.flatMap((block) => {
    const origin = originOf(block);
    return typeof origin === "object" && origin.kind === "excerpt" ? [{ ...block, path: origin.path }] : [];
  });

  test("shows what is in the files it names, which are tested", () => {
    for (const { path, text, at } of excerpts) {
      expect(untrue(text, textOf(path)), `${at} is not in ${path}`).toBeUndefined();
      expect(isTested(path), `${at}: no test uses ${path}`).toBe(true);
    }
  });

  test("leaves to its tests only what they look at", () => {
    for (const block of blocks) {
      const origin = originOf(block);
      if (typeof origin === "object" && origin.kind === "tested")
        expect(tests.get(origin.by), `${block.at}: ${origin.by} does not read it`).toContain(`"${document}"`);
    }
  });

  test("has only blocks that parse", () => {
    const faults = blocks.map(({ language, text, at }) => [at, syntaxFault(language, text)]);
    expect(faults.filter(([, fault]) => fault !== undefined)).toEqual([]);
  });

  test("shows where the names in its examples come from", () => {
    const shown = new Set<string>();
    const missing = excerpts
      .filter(({ language }) => /^[jt]sx?$/.test(language))
      .flatMap(({ text, path, at }) => {
        for (const name of importsOf(text).keys()) shown.add(name);
        return importedNames(text, textOf(path)).flatMap((name) => (shown.has(name) ? [] : [`${at}: ${name}`]));
      });
    expect(missing).toEqual([]);
  });

  test("links to what exists", () => {
    const at = (path: string): string => (path === "" ? document : normalize(join(dirname(document), path)));
    const exists = (path: string): boolean => existsSync(join(root, at(path)));
    expect(deadLinks(markdown, exists, (path) => anchorsOf(textOf(at(path))))).toEqual([]);
  });
});

test.each(["README.md", "CONTRIBUTING.md"])("the commands for contributors in %s name what there is", (document) => {
  const { scripts } = JSON.parse(textOf("package.json"));
  const lines = blocksTestedBy(document, "test/house/documents.test.ts").flatMap(({ text }) => text.trim().split("\n"));
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) {
    const [command, ...words] = line.replace(/ +#.*/, "").split(" ");
    expect(["npm", "npx"]).toContain(command);
    if (command === "npm") expect(Object.keys(scripts)).toContain(words.find((word) => word !== "run"));
    const paths = words.filter((word) => word.includes("/"));
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  }
});

test("every guide is in the index, has a tested example, and says in its first line what it is about", () => {
  const index = textOf("docs/README.md");
  for (const guide of guides.filter((path) => path !== "docs/README.md")) {
    expect(index.includes(`](${guide.slice("docs/".length)})`), `${guide} is not in docs/README.md`).toBe(true);
    expect(textOf(guide), guide).toMatch(/^# \S/);
    // Decisions name tests instead.
    if (guide !== generated && guide !== "docs/protocol-decisions.md")
      expect(blocksOf(textOf(guide)).map(originOf), guide).toContainEqual(
        expect.objectContaining({ kind: expect.stringMatching(/excerpt|commands/) }),
      );
  }
  expect(textOf("README.md").includes("](docs/README.md)")).toBe(true);
});

test("a block that does not say what makes it true, or says it wrongly, is found", () => {
  const cases: [fence: string, origin: unknown][] = [
    ["```", expect.stringContaining("does not say")],
    ["```ts", expect.stringContaining("does not say")],
    ["  ```ts", expect.stringContaining("does not say")],
    ["~~~ts", expect.stringContaining("does not say")],
    ["````json", expect.stringContaining("does not say")],
    ["```ts nowhere.ts", "nowhere.ts does not exist"],
    ["```ts fixtures/weather", expect.stringContaining("only console and sh")],
    ["```console README.md", "README.md is no folder"],
    ["```sh tested by README.md", "README.md is no test"],
    ["```ts figure", expect.stringContaining("text figure")],
    ["```text figure", { kind: "figure" }],
    ["``` json package.json", { kind: "excerpt", path: "package.json" }],
    ["```text package.json", 'the language of package.json is "json"'],
    ["```console fixtures/weather", { kind: "commands", folder: "fixtures/weather" }],
    ["```sh tested by test/house/documents.test.ts", { kind: "tested", by: "test/house/documents.test.ts" }],
  ];
  for (const [fence, origin] of cases) {
    const blocks = blocksOf(`a\n\n${fence}\n{}\n${/[`~]+/.exec(fence)![0]}\n\nb\n`);
    expect([fence, blocks.map(originOf)]).toEqual([fence, [origin]]);
    expect(blocks[0]).toMatchObject({ text: "{}\n", line: 3 });
  }
});

test("a block that its language's parser refuses is found, and names that nothing shows", () => {
  const cases: [language: string, text: string, parses: boolean][] = [
    ["json", '"a": { "b": [1] },\n', true],
    ["json", '{ "a": 1,\n  …\n}\n', true],
    ["json", '{ "name": "x" },\n', true],
    ["json", '{ "a": { "b": 1 },\n', false],
    ["json", '{"a":1}\n{"a":2}\n', false],
    ["jsonl", '{"a":1}\n{"a":2}\n', true],
    ["jsonl", '{"a":1}\n{"a":\n', false],
    ["ts", "const a: A = () => {\n  …\n};\n", true],
    ["ts", "for (const a of b) {\n", false],
    ["js", "const a = {\n", false],
  ];
  for (const [language, text, parses] of cases)
    expect([text, syntaxFault(language, text) === undefined]).toEqual([text, parses]);
  const file = 'import a, { b, type C } from "m";\nimport * as d from "n";\nconst x: C = { a: b, b: d.b };\n';
  expect([...importsOf(file)]).toEqual([
    ["a", "m"],
    ["b", "m"],
    ["C", "m"],
    ["d", "n"],
  ]);
  expect(importedNames("const x: C = { a: 1, b: d.b };\n", file)).toEqual(["C", "d"]);
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
    // What JSON Schema's own keywords mean is for editors.
    const skipped = ["enum", "required", "const", "keywords"];
    Object.entries(node).forEach(([key, value]) => !skipped.includes(key) && visit(value));
  };
  visit(schema);
  expect(described.length).toBeGreaterThan(100);
  const plain = reference.replaceAll("\\|", "|");
  expect(described.filter((text) => !plain.includes(text))).toEqual([]);
});

test("the tables of lint profiles and rules are current", async () => {
  await expect(lintReference()).toMatchFileSnapshot(join(root, "docs/lint.md"));
});

test("the page of diagnostics is current", async () => {
  await expect(diagnosticsReference()).toMatchFileSnapshot(join(root, "docs/diagnostics.md"));
});
