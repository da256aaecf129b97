import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, parseByEntries } from "../../compiler/1-read/parse.js";
import { read } from "../../compiler/1-read/index.js";
import { absoluteSpan } from "../../compiler/diagnostics/absolute.js";
import type { Located, SourceFile } from "../../compiler/model/source.js";
import { memoryHost } from "./memory-host.js";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const codes = (result: { readonly diagnostics: readonly { readonly code: string }[] }): string[] =>
  result.diagnostics.map(({ code }) => code);

test("the value is what JSON.parse gives, for any JSON", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const parsed = parse("x.json", encode(text));
      expect(JSON.stringify(parsed.file?.root.value)).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("each span cuts its own value out of the text", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, 2, "\t"), (value, indent) => {
      const text = `\uFEFF // first\r\n${JSON.stringify(value, undefined, indent)}`;
      const { file } = parse("x.json", encode(text));
      const visit = (node: Located): void => {
        expect(JSON.parse(text.slice(node.span.start, node.span.end))).toEqual(JSON.parse(JSON.stringify(node.value)));
        if (node.kind === "array") node.items.forEach(visit);
        if (node.kind !== "object") return;
        for (const member of node.members) {
          expect(JSON.parse(text.slice(member.keySpan.start, member.keySpan.end))).toBe(member.key);
          visit(member.node);
        }
      };
      if (file) visit(file.root);
      expect(file).toBeDefined();
    }),
  );
});

test("no bytes make it throw, and what it rejects it explains", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const parsed = parse("x.json", bytes);
      expect(parsed.file !== undefined).toBe(parsed.diagnostics.length === 0);
    }),
  );
  const fragments = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    '"a"',
    "1",
    "-",
    "tru",
    "null",
    "//",
    "/*",
    "*/",
    "\n",
    "\\",
    "\0",
    "'",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...fragments), { maxLength: 30 }), (parts) => {
      const parsed = parse("x.json", encode(parts.join("")));
      expect(parsed.file !== undefined).toBe(parsed.diagnostics.length === 0);
    }),
    { numRuns: 500 },
  );
});

/** A manifest as people write them, at whose start, end and between whose entries something stands. */
const written = fc
  .tuple(
    fc.constantFrom("", "\uFEFF", "// {\n", '/* "[{" */ ', " "),
    fc.array(fc.record({ name: fc.string(), more: fc.jsonValue({ maxDepth: 3 }) }), { maxLength: 4 }),
    fc.constantFrom("", ", // ]}\n", "/* { */", ",,"),
    fc.constantFrom(undefined, 2, "\t"),
    fc.constantFrom("tools", "$defs", "\\u0074ools"),
  )
  .map(
    ([start, entries, end, indent, key]) =>
      `${start}{ "a": [[{}], { "b": 1 }], "${key}": [${entries.map((entry) => JSON.stringify(entry, undefined, indent)).join(", ")}${end}], "c": {} }`,
  );
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  gone: fc.integer({ min: 0, max: 3 }),
  instead: fc.constantFrom("", "{", "}", "]", '"', "/", "\\", "//", "\n", "-", ",", '"name": 1,'),
});

/** The same tree, with spans that count from the beginning of the file. */
function absoluteTree(node: Located, file: SourceFile): unknown {
  const span = absoluteSpan(node.span, new Map([[file.path, file.entries ?? new Map<string, number>()]]));
  if (node.kind === "array")
    return { span, value: node.value, items: node.items.map((item) => absoluteTree(item, file)) };
  if (node.kind === "scalar") return { span, value: node.value };
  const offsets = new Map([[file.path, file.entries ?? new Map<string, number>()]]);
  const members = node.members.map(({ key, keySpan, node: held }) => [
    key,
    absoluteSpan(keySpan, offsets),
    absoluteTree(held, file),
  ]);
  return { span, value: node.value, members };
}

test("what is parsed entry by entry is what is parsed as a whole", () => {
  fc.assert(
    fc.property(written, fc.option(damage), (text, damaged) => {
      const { at = 0, gone = 0, instead = "" } = damaged ?? {};
      const from = Math.floor(at * text.length);
      const bytes = encode(text.slice(0, from) + instead + text.slice(from + gone));
      const [entries, whole] = [parseByEntries("x.json", bytes), parse("x.json", bytes)];
      expect(entries.diagnostics).toEqual(whole.diagnostics);
      expect(entries.file && absoluteTree(entries.file.root, entries.file)).toEqual(
        whole.file && absoluteTree(whole.file.root, whole.file),
      );
    }),
    { numRuns: 2000 },
  );
});

test("spans of an entry stay the same wherever it stands, and two entries of one text are told apart", () => {
  const spansOf = (text: string): unknown[] => {
    const { root } = parseByEntries("x.json", encode(text)).file!;
    const tools = root.kind === "object" && root.members[0]!.node;
    return tools && tools.kind === "array"
      ? tools.items.map((item) => (item.kind === "object" ? item.members : []))
      : [];
  };
  const [, second] = spansOf('{ "tools": [{ "name": "a" }, { "name": "b", "more": [{}] }] }');
  const moved = spansOf(
    '// Another.\n{ "tools": [{ "name": "c" }, { "name": "b", "more": [{}] }, { "name": "b", "more": [{}] }] }',
  );
  expect(moved[1]).toEqual(second);
  expect(moved[2]).not.toEqual(second);
});

test("`__proto__` is a key like any other", () => {
  const root = parse("x.json", encode('{"__proto__": {"a": 1}, "b": {"__proto__": 2}}')).file?.root;
  expect(JSON.stringify(root?.value)).toBe('{"__proto__":{"a":1},"b":{"__proto__":2}}');
  expect(Object.getPrototypeOf(root?.value)).toBe(Object.prototype);
});

test("a key written twice is an error that shows both places", () => {
  const text = '{"a": 1, "b": {"a": 2}, "a": 3, "__proto__": 1, "__proto__": 2}';
  const { diagnostics } = parse("x.json", encode(text));
  expect(diagnostics.map(({ code, span, related }) => [code, span?.start, related[0]?.span.start])).toEqual([
    ["file/duplicate-key", text.lastIndexOf('"a"'), text.indexOf('"a"')],
    ["file/duplicate-key", text.lastIndexOf('"__proto__"'), text.indexOf('"__proto__"')],
  ]);
});

test.each(["[", '{"a":', '[{"a":'])("nesting without end is a diagnostic: %s", (opening) => {
  expect(codes(parse("x.json", encode(opening.repeat(100_000))))).toEqual(["file/too-deep"]);
});

test("a manifest that is too large is not opened", () => {
  const host = memoryHost({ "a.mcp.json": `{}${" ".repeat(16 * 2 ** 20)}`, "b.mcp.json": "{}" });
  const { value, diagnostics } = read(host);
  expect(diagnostics.map(({ code, span }) => [code, span?.path])).toEqual([["file/too-large", "a.mcp.json"]]);
  expect(value?.manifests.map(({ path }) => path)).toEqual(["b.mcp.json"]);
  expect(host.opened).toEqual(["b.mcp.json", "src/hooks.ts"]);
});

test.each([
  ["an empty file", ""],
  ["only a comment", "// nothing"],
  ["single quotes", "{'a': 1}"],
  ["a bare word", "{a: 1}"],
  ["a missing comma", '{"a": 1 "b": 2}'],
  ["two commas", "[1,,2]"],
  ["a missing colon", '{"a" 1}'],
  ["a string that is not closed", '{"a": "x\n}'],
  ["the end is missing", '{"a": [1'],
  ["something after the end", "{} {}"],
  ["a comment that is not closed", "{} /*"],
  ["a raw tab in a string", '{"a": "\t"}'],
  ["a bad escape", '{"a": "\\q"}'],
  ["NaN", '{"a": NaN}'],
  ["a number too large to keep", '{"a": 1e999}'],
  ["half of a surrogate pair in a text", '{"a": "\\ud800"}'],
  ["half of a surrogate pair in a key", '{"\\udc00": 1}'],
  ["a leading zero", '{"a": 01}'],
])("what is no JSON is said at its place: %s", (_, text) => {
  const found = parse("x.json", encode(text)).diagnostics;
  expect(found.length).toBeGreaterThan(0);
  expect(new Set(found.map(({ code }) => code))).toEqual(new Set(["file/invalid-json"]));
});

test("mistakes on different lines are all reported, and a file of nothing but mistakes ends quickly", () => {
  const text = '{\n  "a": tru,\n  "b": 1\n  "c": 2\n}';
  const lines = parse("x.json", encode(text)).diagnostics.map(
    ({ span }) => text.slice(0, span?.start).split("\n").length,
  );
  expect(lines).toEqual([2, 4]);
  expect(parse("x.json", encode("x\n".repeat(300_000))).diagnostics.length).toBeLessThan(50);
});

test("bytes that are no UTF-8 are no JSON", () => {
  expect(codes(parse("x.json", Uint8Array.of(0xff, 0xfe, 0x7b, 0x00)))).toEqual(["file/invalid-json"]);
});

test("manifests are found everywhere but where they are copies", () => {
  const { value } = read(
    memoryHost({
      "b.mcp.json": "{}",
      "a/x.mcp.json": "{}",
      "node_modules/p/x.mcp.json": "{}",
      "a/node_modules/p/x.mcp.json": "{}",
      "dist/x.mcp.json": "{}",
      "generated/x.mcp.json": "{}",
      ".mcp.json": '{"mcpServers": {}}',
      "a/.mcp.json": '{"mcpServers": {}}',
      "mcp.json": "{}",
    }),
  );
  expect(value?.manifests.map(({ path }) => path)).toEqual(["a/x.mcp.json", "b.mcp.json"]);
});

test.each([
  ["nothing", {}, "manifest/none"],
  ["only a client's configuration", { ".mcp.json": '{"mcpServers": {}}' }, "manifest/client-configuration"],
])("a folder with %s is an error", (_, files, expected) => {
  expect(codes(read(memoryHost(files)))).toEqual([expected]);
});

test("files that schemas and members name are loaded, also through each other; never from outside", () => {
  const host = memoryHost(
    {
      "m/a.mcp.json": JSON.stringify({
        server: { name: "a", version: "1", instructions: { file: "../doc/intro.md" } },
        tools: [
          { name: "t", inputSchema: { type: "object", properties: { x: { $ref: "./types.json#/$defs/X" } } } },
          { name: "u", inputSchema: { type: "object", properties: { x: { $ref: "../../etc/passwd" } } } },
          { name: "v", inputSchema: { type: "object", properties: { x: { $ref: "link.json" } } } },
          { name: "w", inputSchema: { type: "object", properties: { x: { $ref: "https://example.com/x.json" } } } },
        ],
        resources: [
          { uri: "a:b", name: "b", file: "./data.bin" },
          { uri: "a:c", name: "c", file: "/etc/passwd" },
          { uri: "a:d", name: "d", file: "C:\\secret" },
          { uri: "a:e", name: "e", file: "nul\0.txt" },
          { uri: "a:f", name: "f", file: "absent.txt" },
        ],
      }),
      "m/types.json": '{"$defs": {"X": {"$ref": "more.json"}}}',
      "m/more.json": '{"items": {"$ref": "types.json#/$defs/X"}}',
      "m/link.json": "{}",
      "m/data.bin": Uint8Array.of(0, 255),
      "doc/intro.md": "hello",
    },
    ["m/link.json"],
  );
  const { value } = read(host);
  expect([...(value?.schemas.keys() ?? [])].sort()).toEqual(["m/more.json", "m/types.json"]);
  expect([...(value?.contents.keys() ?? [])].sort()).toEqual(["doc/intro.md", "m/data.bin"]);
  expect(host.opened.filter((path) => /passwd|link|secret|nul|https/.test(path))).toEqual([]);
});

test("a `$ref` that is data opens no file", () => {
  const host = memoryHost({
    "a.mcp.json": JSON.stringify({
      server: { name: "a", version: "1" },
      resources: [{ uri: "a:b", name: "b", json: { $ref: "broken.json" }, _meta: { $ref: "broken.json" } }],
      tools: [{ name: "t", inputSchema: { type: "object", default: { $ref: "broken.json" } } }],
    }),
    "broken.json": "{",
  });
  expect(codes(read(host))).toEqual([]);
});
