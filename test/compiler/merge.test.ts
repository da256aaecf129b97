import fc from "fast-check";
import { expect, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { handlers } from "../../compiler/4-emit/handlers.js";
import { parseModule, exportedNames } from "../../compiler/4-emit/module-names.js";
import { plan } from "../../compiler/5-write/index.js";
import { applyInsertions, type Insertions } from "../../compiler/model/output.js";
import { memoryHost } from "./memory-host.js";

const path = "src/all.ts";
const tools = ["first", "second"].map((name) => ({
  name,
  inputSchema: { type: "object" },
  handler: `./${path}#${name}`,
}));
const manifest = JSON.stringify({ server: { name: "merged", version: "1.0.0" }, tools });
const host = memoryHost({ "a.mcp.json": manifest });
const server = lower(check(read(host).value!, host).value!);

/** Statements and comments of a user's file, as unlike each other as can be. */
const pieces = [
  'import type { First } from "../generated/types.js";',
  'import type { First as Second } from "../generated/types.js"; // another name',
  'import { notImplemented } from "@mcpc/runtime";',
  'import "./effects.js" /* no semicolon */',
  'import fs, { readFileSync } from "node:fs"; // stays with its import',
  "export const first = () => `a ${'`'} b`;",
  "export async function first() {}",
  "const first = 1;",
  "function second() { return 2; }\nexport { second };",
  "export { second as first };\nconst second = 2;",
  "export default () => 1;",
  "export default class {}",
  "interface Second { readonly a: 1 }",
  "type First = { a: '\u2028' };",
  'export * as everything from "./other.js";',
  "/* 日本 😀 // not the end */",
  "// } { ( \" ' `",
  "const text = `\n  export const first = 1;\n`;",
  'const pattern = /[/"`]+/g;',
  "label: for (;;) break label;",
  "",
  "\t",
];
const file = fc
  .record({
    mark: fc.constantFrom("", "\uFEFF"),
    bang: fc.constantFrom("", "#!/usr/bin/env node\n"),
    preamble: fc.constantFrom(
      "",
      "// @ts-nocheck\n",
      "/* A licence.\n */\n\n",
      "'use strict'; // strictly\n",
      "/** On what follows. */\n",
    ),
    parts: fc.uniqueArray(fc.constantFrom(...pieces), { maxLength: 8 }),
    between: fc.constantFrom("\n", "\n\n", "\r\n"),
    end: fc.constantFrom("", "\n", "\r\n", "// no line end", " ", "\n\n\n"),
  })
  .map(
    ({ mark, bang, preamble, parts, between, end }) =>
      mark + (bang + preamble).replaceAll("\n", between) + parts.join(between) + end,
  );

/** The text with what was inserted taken out again, first to last: each stands where the user's file had its place. */
function without(grown: string, { insert }: Insertions): string {
  return insert
    .toSorted((a, b) => a.at - b.at)
    .reduce((text, { at, text: inserted }) => {
      expect(text.slice(at, at + inserted.length)).toBe(inserted);
      return text.slice(0, at) + text.slice(at + inserted.length);
    }, grown);
}

test("what was inserted into a handlers' file, removed, gives back the user's bytes; the result parses and is complete", () => {
  let merged = 0;
  fc.assert(
    fc.property(file, (text) => {
      const { value: files = [], diagnostics } = handlers(server, new Map([[path, text]]), new Map());
      const parsed = parseModule(path, text);
      if (parsed.error) {
        expect(diagnostics.map(({ code }) => code)).toEqual(
          files.length === 0 && diagnostics.length === 0 ? [] : ["handler/unparsable"],
        );
        expect(files).toEqual([]);
        return;
      }
      expect(diagnostics).toEqual([]);
      if (files.length === 0) return;
      merged += 1;
      const insertions = files[0]!.content() as Insertions;
      const grown = applyInsertions(text, insertions.insert);
      expect(without(grown, insertions)).toBe(text);
      const after = parseModule(path, grown);
      expect(after.error, grown).toBeUndefined();
      expect(exportedNames(after)).not.toEqual(exportedNames(parsed));
      expect(handlers(server, new Map([[path, grown]]), new Map()).value).toEqual([]);
      // The same in bytes, as it is written.
      const disk = memoryHost({ [path]: text });
      const [change] = plan(files, disk, {
        sweep: [],
        force: false,
        isUpToDate: () => false,
        isUnmodified: () => false,
      }).value!.changes;
      expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(change!.bytes)).toBe(grown);
      if (text.includes("\r\n") && !/(?<!\r)\n/.test(text)) expect(grown).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
    }),
    { numRuns: 400 },
  );
  expect(merged).toBeGreaterThan(50);
});

const byConvention = JSON.stringify({
  server: { name: "named", version: "1.0.0" },
  tools: [{ name: "sum_up", inputSchema: { type: "object" } }],
});
const byName = JSON.stringify({
  server: { name: "named", version: "1.0.0" },
  tools: [{ name: "sum_up", inputSchema: { type: "object" }, handler: "./src/tools/sum_up.ts#sumUp" }],
});
test.each([
  ["a default export", "export default () => 1;\n", false, false],
  ["a default function", "export default function sumUp() {}\n", false, false],
  ["a default export by name", "const sum = () => 1;\nexport default sum;\n", false, false],
  ["another spelling", "export const sum_up = () => 1;\n", false, false],
  ["an export list", "const f = () => 1;\nexport { f as sumup };\n", false, false],
  ["the result of a call", "export const sumUpp = wrap(() => 1);\n", false, false],
  ["quite another name", "export function handler() {}\n", false, true],
  ["nothing but data", "export const limit = 10;\nexport const names = ['a'];\n", true, true],
  ["nothing but types", "export type SumUp = () => string;\nexport interface Options {}\n", true, true],
  ["nothing", "const sum = 1;\n", true, true],
])("a stub joins a file with %s: %s, or where the manifest names the file", (_, text, alone, named) => {
  for (const [manifest, isAdded] of [
    [byConvention, alone],
    [byName, named],
  ] as const) {
    const host = memoryHost({ "a.mcp.json": manifest });
    const server = lower(check(read(host).value!, host).value!);
    const made = handlers(server, new Map([["src/tools/sum_up.ts", text]]), new Map());
    expect([made.diagnostics, made.value!.length], text).toEqual([[], isAdded ? 1 : 0]);
  }
});

const imports =
  'import { notImplemented } from "@mcpc/runtime";\nimport type { First } from "../generated/types.js";\n';
const rest = "export const second = () => 2;\n";
test.each([
  ["nothing", "", ""],
  ["a comment on the first statement", "", "/** On the second. */\n"],
  ["a licence", "/*\n * A licence.\n */\n", ""],
  ["a licence, and a comment on the first statement", "// A licence.\n", "// On the second.\n"],
  ["@ts-nocheck right above the code", "// @ts-nocheck\n", ""],
  ["a JSX pragma", "/** @jsxImportSource preact */\n", ""],
  ["a reference", '/// <reference types="node" />\n', ""],
  ["#!", "#!/usr/bin/env node\n", ""],
  ["#! and a licence", "#!/usr/bin/env node\n// A licence.\n", ""],
  ["a directive", '"use strict";\n', ""],
  [
    "a licence, directives and a comment",
    "// A licence.\n'use strict'; // strictly\n\"use client\";\n",
    "// On the second.\n",
  ],
])("imports of a new stub stand below %s", (_, preamble, comment) => {
  for (const gap of preamble === "" ? [""] : ["", "\n"]) {
    for (const end of ["\n", "\r\n"]) {
      const text = `${preamble}${gap}${comment}${rest}`.replaceAll("\n", end);
      const [made] = handlers(server, new Map([[path, text]]), new Map()).value!;
      const grown = applyInsertions(text, (made!.content() as Insertions).insert);
      const above = preamble === "" ? "" : `${preamble}\n`;
      expect(grown.startsWith(`${above}${imports}\n${comment}${rest}`.replaceAll("\n", end)), grown).toBe(true);
    }
  }
});

test("an import joins those of a file with CRLF", () => {
  const text =
    'import type { Second } from "../generated/types.js";\r\n\r\nexport const second: Second = () => "";\r\n';
  const [made] = handlers(server, new Map([[path, text]]), new Map()).value!;
  const grown = applyInsertions(text, (made!.content() as Insertions).insert);
  expect(grown.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
});

const renamed = JSON.stringify({
  server: { name: "renamed", version: "1.0.0" },
  tools: [{ name: "getUser", inputSchema: { type: "object" } }],
});
test.each([
  ["tells case apart", []],
  ["does not", [["src/tools/getUser.ts", "export const getuser = () => 1;\n"]]],
] as const)("a file that differs in case alone gets no stub beside it, on a file system that %s", (_, existing) => {
  const host = memoryHost({ "a.mcp.json": renamed });
  const server = lower(check(read(host).value!, host).value!);
  const made = handlers(server, new Map(existing), new Map(), ["src/tools/getuser.ts"]);
  expect(made.value).toEqual([]);
  expect(made.diagnostics).toMatchObject([
    { code: "handler/other-case", help: "mcpc build --rename getuser=getUser lets the handler follow" },
  ]);
  const both = handlers(server, new Map([["src/tools/getUser.ts", ""]]), new Map(), [
    "src/tools/getUser.ts",
    "src/tools/getuser.ts",
  ]);
  expect(both.diagnostics).toEqual([]);
});
