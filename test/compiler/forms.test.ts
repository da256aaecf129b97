import { expect, test } from "vitest";
import { compile } from "../../compiler/index.js";
import { memoryHost } from "./memory-host.js";

/** What is reported of a question whose form has one field. */
async function reported(field: unknown): Promise<string[]> {
  const requestedSchema = { type: "object", properties: { field }, required: ["field"] };
  const elicitations = { question: { message: "?", requestedSchema } };
  const tool = { name: "t", description: "Asks.", inputSchema: { type: "object", properties: {} }, elicitations };
  const manifest = { server: { name: "x", version: "1.0.0" }, tools: [tool] };
  const { diagnostics } = await compile(memoryHost({ "x.mcp.json": JSON.stringify(manifest) }), { mode: "check" });
  return diagnostics
    .filter(({ code }) => !code.startsWith("output/"))
    .map(({ code, message }) => `${code}: ${message}`);
}

const named = { title: "F", description: "A field." };

// 2025-11-25, elicitation: forms are flat, so that every client can show them.
test.each([
  { type: "string", ...named, minLength: 1, maxLength: 5, default: "a" },
  { type: "string", format: "email" },
  { type: "string", format: "date-time" },
  { type: "number", ...named, minimum: 0.5, maximum: 2, default: 1 },
  { type: "integer", minimum: 1 },
  { type: "boolean", default: true },
  { type: "string", enum: ["a", "b"], default: "a" },
  { type: "string", enum: ["a"], enumNames: ["A"] },
  { type: "string", oneOf: [{ const: "a", title: "A" }] },
  { type: "array", items: { type: "string", enum: ["a"] }, minItems: 1, maxItems: 2, default: ["a"] },
  { type: "array", items: { anyOf: [{ const: "a", title: "A" }] } },
])("%j is a field of a form", async (field) => {
  expect(await reported(field)).toEqual([]);
});

test.each<[unknown, ...string[]]>([
  [
    { type: "object" },
    'manifest/invalid-value: "type" must be "string", "number", "integer", "boolean" or "array", not "object"',
  ],
  [{ title: "F" }, 'manifest/missing-property: "field" needs "type"'],
  [{ type: "string", pattern: "a" }, 'manifest/unknown-property: "field" has no field "pattern"'],
  [
    { type: "string", format: "hostname" },
    'manifest/invalid-value: "format" must be "email", "uri", "date" or "date-time", not "hostname"',
  ],
  [{ type: "string", enum: [1] }, 'manifest/wrong-type: an entry of "enum" must be a string, not a number'],
  [{ type: "string", oneOf: [{ const: "a" }] }, 'manifest/missing-property: an entry of "oneOf" needs "title"'],
  [{ type: "array", items: { type: "number" } }, 'manifest/invalid-value: "type" must be "string", not "number"'],
  [
    { type: "array", items: { type: "string", properties: {} } },
    'manifest/unknown-property: "items" has no field "properties"',
  ],
  [
    { type: "string", default: {} },
    'manifest/wrong-type: "default" must be a string or a number or a boolean or an array, not an object',
  ],
])("%j is none: %s", async (field, ...expected) => {
  expect((await reported(field)).sort()).toEqual(expected.sort());
});
