import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import { expect, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { emitCode } from "../../compiler/4-emit/generated.js";
import type { JsonObject } from "../../compiler/model/source.js";
import { wrapOutputSchema } from "../../runtime/protocol/revisions/wrap-output.js";
import { memoryHost } from "./memory-host.js";

const draft07 = "http://json-schema.org/draft-07/schema#";

/** A project of one tool with this input schema, taken through the phases that judge, list and type it. */
function project(inputSchema: JsonObject, $defs: JsonObject = {}, files: Record<string, JsonObject> = {}) {
  const manifest = { server: { name: "t", version: "1.0.0" }, $defs, tools: [{ name: "t", inputSchema }] };
  const texts = Object.entries({ "a.mcp.json": manifest, ...files }).map(([path, value]) => [
    path,
    JSON.stringify(value),
  ]);
  const host = memoryHost(Object.fromEntries(texts) as Record<string, string>);
  const sources = read(host);
  const checked = check(sources.value!, host);
  const found = [...sources.diagnostics, ...checked.diagnostics].map(({ code, severity, span }) => ({
    code,
    severity,
    span,
  }));
  if (found.some(({ severity }) => severity === "error")) return { found };
  const server = lower(checked.value!);
  const types = emitCode(server)
    .find(({ path }) => path === "generated/types.ts")!
    .content() as string;
  return { found, types, listed: server.tools[0]!.listing["inputSchema"] as JsonObject };
}

const around = (schema: JsonObject): JsonObject => ({ type: "object", properties: { v: schema } });
const embedded = (id: string, definitions = "$defs"): JsonObject =>
  around({
    $id: id,
    type: "object",
    properties: { q: { $ref: `#/${definitions}/x` } },
    [definitions]: { x: { type: "string" } },
  });

/** Schemas in order, and what their types say. */
const sound: readonly [says: string, schema: JsonObject, type: RegExp][] = [
  ["an embedded resource with an absolute $id", embedded("https://e.example/x"), /q\?: TInputX\b.*= string/s],
  ["an embedded resource with a URN", embedded("urn:example:x"), /q\?: TInputX\b.*= string/s],
  [
    "an embedded resource of draft-07",
    { $schema: draft07, ...embedded("https://e.example/x", "definitions") },
    /q\?: TInputX\b.*= string/s,
  ],
  [
    "a relative $id of the root",
    { $id: "api.json", ...around({ $ref: "api.json#/$defs/B" }), $defs: { B: { type: "string" } } },
    /v\?: TInputB\b.*= string/s,
  ],
  ["the root by its $id", { $id: "api.json", ...around({ $ref: "api.json" }) }, /v\?: TInput\b/],
  [
    "an anchor by the root's $id",
    { $id: "api.json", ...around({ $ref: "api.json#b" }), $defs: { B: { $anchor: "b", type: "string" } } },
    /v\?: TInputB\b.*= string/s,
  ],
  [
    "a path as $id, and one below it",
    {
      $id: "/schemas/root",
      ...around({ $ref: "sub#/$defs/a" }),
      $defs: { S: { $id: "sub", $defs: { a: { type: "string" } } } },
    },
    /v\?: TInputA\b.*= string/s,
  ],
  ["a path as $id, named", { $id: "/path/x.json", ...around({ $ref: "/path/x.json" }) }, /v\?: TInput\b/],
  [
    "two definitions of one name, in two resources",
    {
      $id: "https://e.example/tree",
      ...around({ $ref: "node" }),
      $defs: {
        leaf: { type: "number" },
        node: {
          $id: "node",
          type: "object",
          properties: { n: { $ref: "#/$defs/leaf", type: "string" } },
          $defs: { leaf: { type: "string" } },
        },
      },
    },
    /n\?: string & TInputLeaf\b|n\?: TInputLeaf\b/,
  ],
  [
    "no circle through two resources",
    {
      $id: "https://e.example/ring",
      ...around({ $ref: "#/$defs/a" }),
      $defs: {
        a: { $ref: "node" },
        node: { $id: "node", allOf: [{ $ref: "#/$defs/a" }], $defs: { a: { type: "object" } } },
      },
    },
    /v\?: TInputA\b/,
  ],
  [
    "a resource that refers to itself by its $id",
    around({ $id: "https://e.example/z", $ref: "https://e.example/z#/$defs/B", $defs: { B: { type: "string" } } }),
    /v\?: TInputB\b.*= string/s,
  ],
  [
    "draft-07: an $id beside $ref",
    {
      $schema: draft07,
      ...around({ $ref: "#/definitions/B", $id: "https://e.example/z" }),
      definitions: { B: { type: "string" } },
    },
    /v\?: TInputB\b.*= string/s,
  ],
  [
    "draft-07: a type beside $ref",
    {
      $schema: draft07,
      ...around({ $ref: "#/definitions/S", type: "number" }),
      definitions: { S: { type: "string" } },
    },
    /v\?: TInputS;/,
  ],
  [
    "a dynamic anchor below an $id",
    around({ $id: "https://e.example/z", $dynamicRef: "#n", $defs: { B: { $dynamicAnchor: "n", type: "string" } } }),
    /v\?: TInputN\b.*= string/s,
  ],
];

test.each(sound)("in order, typed and listed as written: %s", (_says, schema, type) => {
  const { found, types, listed } = project(schema);
  expect(found).toEqual([]);
  expect(types).toMatch(type);
  expect(listed).toEqual(schema);
});

test("what only the root has is reported where an embedded resource refers to it", () => {
  const schema = {
    ...around({ $id: "https://e.example/x", $ref: "#/$defs/leaf" }),
    $defs: { leaf: { type: "string" } },
  };
  const [found] = project(schema).found;
  expect(found!.code).toBe("reference/unresolved");
  expect(found!.span!.end - found!.span!.start).toBe('"#/$defs/leaf"'.length);
});

test("under 2020-12, dependencies are reported", () => {
  expect(project({ ...around({}), dependencies: { v: ["w"] } }).found).toMatchObject([
    { code: "schema/unknown-keyword" },
  ]);
  expect(project({ $schema: draft07, ...around({}), dependencies: { v: ["w"] } }).found).toEqual([]);
});

test("shared definitions and files are reached by their absolute $id", () => {
  const City = { $id: "https://e.example/city", type: "string" };
  const shared = project(around({ $ref: "https://e.example/city" }), { City });
  expect([shared.found, shared.types]).toEqual([[], expect.stringMatching(/v\?: City;/)]);
  const files = {
    "schemas/a.json": { $id: "https://e.example/a.json", properties: { b: { $ref: "https://e.example/b.json" } } },
    "schemas/b.json": { $id: "https://e.example/b.json", type: "number" },
  };
  const filed = project(around({ $ref: "./schemas/a.json" }), {}, files);
  expect([filed.found, filed.types]).toEqual([[], expect.stringMatching(/b\?: TInputB\b.*= number/s)]);
  const known = project(
    { type: "object", properties: { v: { $ref: "./schemas/b.json" }, w: { $ref: "https://e.example/b.json" } } },
    {},
    files,
  );
  expect([known.found, Object.keys(known.listed!["$defs"] as JsonObject)]).toEqual([[], ["b"]]);
});

test("a definition is listed once, however it is reached", () => {
  const files = {
    "f.json": { $defs: { A: { $anchor: "a", properties: { n: { type: "number" } } } }, $ref: "#/$defs/A" },
  };
  const refs = [
    "f.json#/$defs/A",
    "f.json#a",
    "f.json",
    "f.json#/$defs/A/properties/n",
    "a.mcp.json#/$defs/City",
    "#/$defs/City",
  ];
  const properties = Object.fromEntries(refs.map(($ref, index) => [`p${index}`, { $ref }]));
  const { found, listed } = project({ type: "object", properties }, { City: { type: "string" } }, files);
  expect(found).toEqual([]);
  expect(listed!["$defs"]).toEqual({
    A: { properties: { n: { type: "number" } } },
    f: { $ref: "#/$defs/A" },
    City: { type: "string" },
  });
});

test("where resources meet, what is listed stands for itself", () => {
  const City = { $id: "https://e.example/city", $dynamicAnchor: "part", properties: { in: { $dynamicRef: "#part" } } };
  const { found, listed } = project(around({ $id: "https://e.example/x", $ref: "city" }), { City });
  expect(found).toEqual([]);
  expect(listed).toEqual({
    ...around({ $ref: "#/$defs/City" }),
    $defs: { City: { properties: { in: { $ref: "#/$defs/City" } } } },
  });
});

test.each<[schema: JsonObject, value: unknown]>([
  [
    {
      type: "array",
      items: { $ref: "https://e.example/r" },
      $defs: { R: { $id: "https://e.example/r", type: "object", properties: { s: { $ref: "#" } } } },
    },
    [{ s: { s: {} } }],
  ],
  [{ type: "array", items: { $ref: "#" } }, [[[]]]],
  [
    { $ref: "#/definitions/a", definitions: { a: { $id: "#a", type: "array", items: { $ref: "#/definitions/a" } } } },
    [[]],
  ],
])("older clients read %j below a property", (schema, value) => {
  const validate = new AjvJsonSchemaValidator().getValidator(wrapOutputSchema(schema));
  expect(validate({ result: value }).valid).toBe(true);
  expect(validate({ result: [1] }).valid).toBe(false);
});
