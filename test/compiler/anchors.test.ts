import { expect, test } from "vitest";
import { compileManifests } from "../../compiler/compile-manifests.js";
import { memoryHost } from "./memory-host.js";

const a = { $anchor: "a" };
const dynamic = { $dynamicAnchor: "a" };
const old = { $schema: "http://json-schema.org/draft-07/schema#" };
const named = { $id: "#a", type: "string" };

/** Schemas of arguments, and how many anchors in them have the name of another one; beside them shared schemas and files. */
const cases: readonly [
  what: string,
  schema: object,
  found: number,
  more?: { readonly $defs?: object; readonly files?: Readonly<Record<string, object>> },
][] = [
  ["two of one name", { properties: { x: a, y: a } }, 1],
  ["three of one name", { properties: { x: a, y: a }, anyOf: [a] }, 2],
  ["two dynamic ones", { properties: { x: dynamic, y: dynamic } }, 1],
  ["one of each kind", { properties: { x: a, y: dynamic } }, 1],
  ["one of each kind at one schema", { properties: { x: { ...a, ...dynamic } } }, 0],
  ["two names", { properties: { x: a, y: { $anchor: "b" } } }, 0],
  ["deep below others", { allOf: [{ items: { not: a } }], $defs: { B: { if: a } } }, 1],
  ["in a schema with an address of its own", { properties: { x: a, y: { $id: "y", ...a } } }, 0],
  ["in two such", { properties: { x: { $id: "x", ...a }, y: { $id: "y", ...a } } }, 0],
  ["twice in one such", { properties: { x: a, y: { $id: "y", anyOf: [a, a] } } }, 1],
  ["the name of a property", { properties: { $anchor: a, $dynamicAnchor: { type: "string" } } }, 0],
  ["in values", { properties: { x: a }, default: a, examples: [a, a] }, 0],
  ["draft-07: fragments of $id", { ...old, properties: { x: named, y: named } }, 1],
  [
    "draft-07: beside a reference, where nothing counts",
    { ...old, properties: { x: named, y: { $ref: "#", ...named } } },
    0,
  ],
  ["in two shared schemas", { properties: { x: { $ref: "#/$defs/A" } } }, 0, { $defs: { A: a, B: a } }],
  ["twice in a shared schema", {}, 1, { $defs: { A: { anyOf: [a, a] } } }],
  ["twice in a file", { properties: { x: { $ref: "./f.json" } } }, 1, { files: { "f.json": { anyOf: [a, a] } } }],
  ["in two files", { anyOf: [{ $ref: "./f.json" }, { $ref: "./g.json" }] }, 0, { files: { "f.json": a, "g.json": a } }],
  [
    "in two shared schemas of a manifest that is named as a file",
    { properties: { x: { $ref: "./a.mcp.json#/$defs/A" } } },
    0,
    { $defs: { A: a, B: a } },
  ],
];

test.each(cases)("anchors: %s", (_, schema, found, { $defs = {}, files = {} } = {}) => {
  const manifest = {
    server: { name: "a", version: "1" },
    $defs,
    tools: [{ name: "t", inputSchema: { type: "object", ...schema } }],
  };
  const texts = Object.entries({ "a.mcp.json": manifest, ...files }).map(([path, file]) => [
    path,
    JSON.stringify(file),
  ]);
  const host = memoryHost(Object.fromEntries(texts));
  const { diagnostics } = compileManifests(host);
  const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code);
  expect(errors).toEqual(Array.from({ length: found }, () => "schema/duplicate-anchor"));
});
