import { expect, test } from "vitest";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json } from "../../compiler/model/source.js";
import { literal } from "../../compiler/4-emit/code.js";
import { compiled } from "./compiled.js";
import { diagnosticsOf } from "./typescript.js";

const number = { type: "number" };
const text = { type: "string" };
const base = { $defs: { Base: { type: "object", properties: { a: text } } } };
const open = { $defs: { Open: { properties: { a: text } }, Other: { properties: { b: number } } } };
const b = { properties: { b: number }, required: ["b"] };

interface Row {
  readonly schema: JsonSchema;
  /** The type as it is printed, without line breaks. */
  readonly type: string;
  /** Of the rows' values, each is valid where its type takes it, and only there. */
  readonly takes: readonly Json[];
  readonly refuses: readonly Json[];
}

const rows: Readonly<Record<string, Row>> = {
  "properties beside a reference": {
    schema: { $ref: "#/$defs/Base", ...b, ...base },
    type: "XBase & { b: number }",
    takes: [{ b: 1 }, { a: "x", b: 1 }],
    refuses: [{}, { a: 1, b: 1 }, "x", null, []],
  },
  "`required` beside a reference": {
    schema: { type: "object", $ref: "#/$defs/Base", required: ["a"], ...base },
    type: "XBase & { a: string }",
    takes: [{ a: "x" }],
    refuses: [{}, { a: 1 }],
  },
  "`allOf` of a reference and properties": {
    schema: { allOf: [{ $ref: "#/$defs/Base" }, b], ...base },
    type: "XBase & { b: number }",
    takes: [{ b: 1 }, { a: "x", b: 1 }],
    refuses: [{}, { a: 1, b: 1 }, 5],
  },
  "`allOf` of a reference and `required`": {
    schema: { allOf: [{ $ref: "#/$defs/Base" }, { required: ["a"] }], ...base },
    type: "XBase & { a: string }",
    takes: [{ a: "x" }],
    refuses: [{}, { a: 1 }],
  },
  "`allOf` of `required`, then a reference": {
    schema: { allOf: [{ required: ["a"] }, { $ref: "#/$defs/Base" }], ...base },
    type: "{ a: string } & XBase",
    takes: [{ a: "x" }],
    refuses: [{}, { a: 1 }],
  },
  "`allOf` beside properties": {
    schema: { allOf: [{ $ref: "#/$defs/Base" }], ...b, ...base },
    type: "{ b: number } & XBase",
    takes: [{ b: 1 }],
    refuses: [{}, { a: 1, b: 1 }, 5],
  },
  "`allOf`, closed by `unevaluatedProperties`": {
    schema: { allOf: [{ $ref: "#/$defs/Base" }, b], unevaluatedProperties: false, ...base },
    type: "XBase & { b: number }",
    takes: [{ b: 1 }],
    refuses: [{}, 5, { b: 1, c: 1 }],
  },
  "a reference to what says no type, where an object is allowed": {
    schema: { type: "object", $ref: "#/$defs/Other", ...open },
    type: "{ b?: number }",
    takes: [{}, { b: 1 }],
    refuses: [{ b: "x" }, 5, null, []],
  },
  "a choice of such references": {
    schema: {
      type: "object",
      oneOf: [
        { $ref: "#/$defs/Other", required: ["b"] },
        { $ref: "#/$defs/Open", required: ["a"] },
      ],
      ...open,
    },
    type: "{ b: number } | { a: string }",
    takes: [{ b: 1 }, { a: "x" }],
    refuses: [{}, { a: 1 }, 5, []],
  },
  "such a reference below itself": {
    schema: {
      type: "object",
      $ref: "#/$defs/Node",
      $defs: { Node: { properties: { next: { type: "object", $ref: "#/$defs/Node" } } } },
    },
    type: "{ next?: { next?: XNode } }",
    takes: [{}, { next: {} }, { next: { next: { next: {} } } }],
    refuses: [5, { next: 5 }],
  },
  "a reference to a choice of types, where one is allowed": {
    schema: { type: "string", $ref: "#/$defs/Text", $defs: { Text: { type: ["string", "null"] } } },
    type: "string",
    takes: ["x"],
    refuses: [null, 5],
  },
  "properties beside a choice of other types, too": {
    schema: {
      ...b,
      anyOf: [{ $ref: "#/$defs/Base" }, { $ref: "#/$defs/Text" }],
      $defs: { ...base.$defs, Text: { enum: ["x", 1], type: "string" } },
    },
    type: "XText | ({ b: number } & XBase)",
    takes: ["x", { b: 1 }, { a: "x", b: 1 }],
    refuses: ["y", 1, {}, { a: "x" }, null],
  },
  "a list's rules beside a reference": {
    schema: { $ref: "#/$defs/List", items: { type: "string" }, $defs: { List: { type: "array" } } },
    type: "XList & string[]",
    takes: [[], ["x"]],
    refuses: [[1], {}, "x"],
  },
  "`required` of what only a reference's reference declares": {
    schema: {
      $ref: "#/$defs/More",
      required: ["a", "c"],
      $defs: { ...base.$defs, More: { allOf: [{ $ref: "#/$defs/Base" }], properties: { c: number } } },
    },
    type: "XMore & { a: string; c: number }",
    takes: [{ a: "x", c: 1 }],
    refuses: [{ a: "x" }, { c: 1 }, { a: 1, c: 1 }],
  },
  "`required` of what requires itself": {
    schema: {
      type: "object",
      properties: { next: { $ref: "#/$defs/Node", required: ["next"] } },
      $defs: { Node: { type: "object", properties: { next: { $ref: "#/$defs/Node", required: ["next"] } } } },
    },
    type: "{ next?: XNode & { next: XNode & { next: unknown } } }",
    takes: [{}],
    refuses: [{ next: {} }],
  },
  "typed properties beside declared ones": {
    schema: { type: "object", properties: { a: text }, required: ["a"], additionalProperties: number },
    type: "{ a: string; [key: string]: number | string }",
    takes: [{ a: "x" }, { a: "x", b: 1 }],
    refuses: [{ a: 1 }, { b: 1 }, { a: "x", b: true }, { a: "x", b: null }],
  },
  "typed properties beside optional ones": {
    schema: { type: "object", properties: { a: { enum: ["x", "y"] } }, additionalProperties: number },
    type: '{ a?: "x" | "y"; [key: string]: number | string | undefined }',
    takes: [{}, { a: "x" }, { b: 1 }],
    refuses: [{ a: "z" }, { b: true }],
  },
  "typed properties beside those that would be repeated": {
    schema: {
      type: "object",
      properties: { a: { type: "object", properties: { b: text } } },
      additionalProperties: number,
    },
    type: "{ a?: { b?: string }; [key: string]: unknown }",
    takes: [{}, { a: { b: "x" } }, { c: 1 }],
    refuses: [{ a: { b: 1 } }, { a: 5 }],
  },
  "patterns beside declared properties": {
    schema: {
      type: "object",
      properties: { a: text },
      patternProperties: { "^x": number },
      additionalProperties: false,
    },
    type: "{ a?: string; [key: string]: number | string | undefined }",
    takes: [{}, { a: "x", x: 1 }],
    refuses: [{ a: 1 }, { x: true }],
  },
  "typed properties of the type itself": {
    schema: { type: "object", properties: { a: text }, additionalProperties: { $ref: "#" } },
    type: "{ a?: string; [key: string]: X | string | undefined }",
    takes: [{ b: { b: { a: "x" } } }],
    refuses: [{ b: 5 }, { b: { b: true } }],
  },
  "names that are listed": {
    schema: { type: "object", propertyNames: { enum: ["a", "b"] }, additionalProperties: number },
    type: "{ a?: number; b?: number }",
    takes: [{}, { a: 1 }, { a: 1, b: 2 }],
    refuses: [{ c: 1 }, { a: "x" }],
  },
  "names that are listed elsewhere, some required": {
    schema: {
      type: "object",
      propertyNames: { $ref: "#/$defs/Name" },
      additionalProperties: number,
      required: ["b"],
      $defs: { Name: { type: "string", enum: ["a", "b"] } },
    },
    type: "{ a?: number; b: number }",
    takes: [{ b: 1 }, { a: 1, b: 2 }],
    refuses: [{}, { a: 1 }, { b: 1, c: 1 }],
  },
  "names that are listed, beside properties": {
    schema: { type: "object", propertyNames: { enum: ["a", "b"] }, properties: { a: text, c: text } },
    type: "{ a?: string; b?: unknown }",
    takes: [{}, { a: "x", b: [1] }],
    refuses: [{ a: 1 }, { c: "x" }],
  },
  "no names but those that are declared": {
    schema: { type: "object", propertyNames: { const: "b" }, additionalProperties: false },
    type: "Record<string, never>",
    takes: [{}],
    refuses: [{ b: 1 }, { c: 1 }],
  },
};

test("types say what schemas say, and take what their validators take", async () => {
  const all = Object.entries(rows);
  const { validators, types, refused } = await compiled(all.map(([, { schema }]) => schema));
  expect(refused).toEqual(new Map());
  const values = all.flatMap(([what, { takes, refuses }], index) =>
    [...takes.map((value) => ({ value, isTaken: true })), ...refuses.map((value) => ({ value, isTaken: false }))].map(
      (each) => ({ ...each, what, index }),
    ),
  );
  const lines = values.map(
    ({ value, index }, line) => `export const v${line}: t.Case${index}Output = ${literal(value)};`,
  );
  const found = diagnosticsOf({
    "types.ts": types,
    "values.ts": `import type * as t from "./types.js";\n${lines.join("\n")}\n`,
  });
  const wrong = new Map(found.filter(({ file }) => file === "values.ts").map(({ line }) => [line - 2, true]));
  const printed = (index: number): string =>
    (
      new RegExp(`^export (?:interface Case${index}Output|type Case${index}Output =)\\s*([^]*?)\\n(?:\\n|$)`, "m").exec(
        `${types}\n`,
      )?.[1] ?? ""
    )
      .replaceAll(`Case${index}Output`, "X")
      .replaceAll(/\s+/g, " ")
      .replaceAll("; }", " }")
      .replace(/;$/, "");
  expect(found.filter(({ file }) => file !== "values.ts")).toEqual([]);
  expect(Object.fromEntries(all.map(([what], index) => [what, printed(index)]))).toEqual(
    Object.fromEntries(all.map(([what, { type }]) => [what, type])),
  );
  expect(values.map(({ what, value }, line) => [what, value, !wrong.has(line)])).toEqual(
    values.map(({ what, value, isTaken }) => [what, value, isTaken]),
  );
  expect(values.map(({ what, value, index }) => [what, value, validators[index]!(value)])).toEqual(
    values.map(({ what, value, isTaken }) => [what, value, isTaken]),
  );
});
