import { expect, test } from "vitest";
import { compileManifests } from "../../compiler/compile-manifests.js";
import { memoryHost } from "./memory-host.js";

const files = {
  "shared.json": { $defs: { Size: { type: "object", properties: { width: { minimum: 1 } } } } },
  "defs.mcp.json": { $defs: { City: { type: "string", minLength: 2 } } },
};

/** The text at each failure, and the keyword that it broke, with its file. */
function failures(inputSchema: object, value: object): string[][] {
  const tool = { name: "t", inputSchema: { type: "object", ...inputSchema }, examples: [{ arguments: value }] };
  const manifest = { server: { name: "x", version: "1.0.0" }, tools: [tool] };
  const texts = new Map(
    Object.entries({ ...files, "a.mcp.json": manifest }).map(([path, content]) => [path, JSON.stringify(content)]),
  );
  const host = memoryHost(Object.fromEntries(texts));
  const { diagnostics } = compileManifests(host);
  expect(diagnostics.map(({ code }) => code)).toEqual(diagnostics.map(() => "example/mismatch"));
  return diagnostics.map(({ span, related, help }) => {
    const [rule] = related.map((place) => place.span);
    const at = [span, rule].map((place) => place && texts.get(place.path)!.slice(place.start, place.end));
    return [...at.map(String), rule?.path ?? "", ...(help?.startsWith("did") ? [help] : [])];
  });
}

test.each<[says: string, schema: object, value: object, expected: string[][]]>([
  [
    "a part deep inside",
    { properties: { a: { items: { type: "number" } } } },
    { a: [1, "2", 3, "4"] },
    [
      ['"2"', '"type"', "a.mcp.json"],
      ['"4"', '"type"', "a.mcp.json"],
    ],
  ],
  [
    "a shared definition",
    { properties: { at: { $ref: "#/$defs/City" } } },
    { at: "A" },
    [['"A"', '"minLength"', "defs.mcp.json"]],
  ],
  [
    "a file",
    { properties: { of: { $ref: "./shared.json#/$defs/Size" } } },
    { of: { width: 0 } },
    [["0", '"minimum"', "shared.json"]],
  ],
  [
    "a recursive schema",
    {
      $defs: { Node: { properties: { next: { $ref: "#/$defs/Node" }, n: { type: "integer" } } } },
      $ref: "#/$defs/Node",
    },
    { next: { next: { n: 1.5 } } },
    [["1.5", '"type"', "a.mcp.json"]],
  ],
  [
    "a name that is not declared",
    { properties: { colour: {} }, additionalProperties: false },
    { color: 7 },
    [['"color"', '"additionalProperties"', "a.mcp.json", 'did you mean "colour"?']],
  ],
  [
    "a name of another form",
    { propertyNames: { pattern: "^[a-z]+$" } },
    { ok: 1, "not ok": 2 },
    [
      ['"not ok"', '"pattern"', "a.mcp.json"],
      ['"not ok"', '"propertyNames"', "a.mcp.json"],
    ],
  ],
  [
    "a choice, told as one",
    {
      properties: {
        a: {
          anyOf: [
            { type: "object", required: ["d"] },
            { type: "object", required: ["b"] },
          ],
        },
      },
    },
    { a: { c: 1 } },
    [['{"c":1}', '"anyOf"', "a.mcp.json"]],
  ],
  [
    "the branch of a choice that was meant",
    { properties: { a: { anyOf: [{ type: "string" }, { type: "object", required: ["b"] }] } } },
    { a: { c: 1 } },
    [['{"c":1}', '"required"', "a.mcp.json"]],
  ],
  [
    "a choice of which no branch was meant",
    { properties: { a: { anyOf: [{ type: "string" }, { type: "object", required: ["b"] }] } } },
    { a: 1 },
    [["1", '"anyOf"', "a.mcp.json"]],
  ],
  ["a property that may not be there", { properties: { a: false } }, { a: 1 }, [["1", "undefined", ""]]],
  ["what is missing", { required: ["a"] }, {}, [["{}", '"required"', "a.mcp.json"]]],
])("a failure of an example is marked where it is, and where the rule is: %s", (_, schema, value, expected) => {
  expect(failures(schema, value)).toEqual(expected);
});
