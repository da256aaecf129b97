import { expect, test } from "vitest";
import { compareSurfaces } from "../../../compiler/diff/entries.js";
import type { Lists } from "../../../compiler/diff/client.js";
import { surfaceOf, surfaceOfLock } from "../../../compiler/diff/lists-side.js";
import { rules, type Rule } from "../../../compiler/diff/rules.js";
import { isSufficient, raised } from "../../../compiler/diff/version.js";
import { explanation } from "../../../compiler/diagnostics/explain.js";
import type { Json, JsonObject } from "../../../compiler/model/source.js";
import { accessChanges, changes } from "./manifest-changes.js";

const text = { type: "string" };
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties, ...more });
const tool = (more: JsonObject = {}): Lists => ({ tools: [{ name: "t", inputSchema: object({}), ...more }] });
const input = (schema: JsonObject): Lists => tool({ inputSchema: schema });
const output = (schema: JsonObject): Lists => tool({ outputSchema: schema });
const hints = (annotations: JsonObject): Lists => tool({ annotations });
const resource = (more: JsonObject = {}): Lists => ({ resources: [{ uri: "config://app", name: "app", ...more }] });
const prompt = (...args: readonly Json[]): Lists => ({ prompts: [{ name: "p", arguments: args }] });

/** Old lists, new lists, and the rules that the change comes under, each with its place. */
const cases: readonly (readonly [name: string, old: Lists, now: Lists, ...expected: readonly string[]])[] = [
  ["nothing", tool(), tool()],
  ["a tool is added", {}, tool(), "entry/added tools/t"],
  ["a tool is removed", tool(), {}, "entry/removed tools/t"],
  [
    "a tool is renamed",
    tool(),
    { tools: [{ name: "u", title: "U", inputSchema: object({}) }] },
    "entry/renamed tools/t",
  ],
  [
    "a resource moves",
    resource(),
    { resources: [{ uri: "config://b", name: "app" }] },
    "entry/renamed resources/config://app",
  ],
  [
    "a template is replaced by another",
    { resourceTemplates: [{ uriTemplate: "a://{id}", name: "a", mimeType: "text/plain" }] },
    { resourceTemplates: [{ uriTemplate: "b://{id}", name: "b" }] },
    "entry/removed resourceTemplates/a://{id}",
    "entry/added resourceTemplates/b://{id}",
  ],
  ["a description", tool({ description: "A." }), tool({ description: "B." }), "text/changed tools/t description"],
  ["an icon is added", tool(), tool({ icons: [{ src: "a.png" }] }), "text/changed tools/t icons"],
  [
    "an argument is narrowed",
    input(object({ a: text })),
    input(object({ a: { type: "string", maxLength: 3 } })),
    "input/narrowed tools/t inputSchema properties a maxLength",
  ],
  [
    "an argument is required",
    input(object({ a: text })),
    input(object({ a: text }, { required: ["a"] })),
    "input/narrowed tools/t inputSchema required",
  ],
  [
    "an argument is widened",
    input(object({ a: { type: "string", maxLength: 3 } })),
    input(object({ a: text })),
    "input/widened tools/t inputSchema properties a maxLength",
  ],
  [
    "an optional argument is added",
    input(object({})),
    input(object({ a: text })),
    "input/argument-added tools/t inputSchema properties a",
  ],
  [
    "an optional argument is added that cannot be compiled",
    input(object({})),
    input(object({ a: { type: "string", pattern: "(" } })),
    "input/undecided tools/t inputSchema properties a",
  ],
  [
    "a default",
    input(object({ a: { type: "string", default: "x" } })),
    input(object({ a: { type: "string", default: "y" } })),
    "input/default-changed tools/t inputSchema properties a default",
  ],
  [
    "formats that nobody can compare",
    input(object({ a: { type: "string", format: "uuid" } })),
    input(object({ a: { type: "string", format: "uri-reference" } })),
    "input/undecided tools/t inputSchema properties a format",
  ],
  [
    "a schema that refers to nothing",
    input({ $ref: "#/$defs/A" }),
    input({ $ref: "#/$defs/B" }),
    "input/undecided tools/t inputSchema $ref",
  ],
  [
    "a result field is gone",
    output(object({ a: text }, { required: ["a"] })),
    output(object({})),
    "output/widened tools/t outputSchema properties a",
    "output/widened tools/t outputSchema required",
  ],
  ["a result is promised", tool(), output(object({ a: text })), "output/narrowed tools/t outputSchema"],
  ["a result is no longer promised", output(object({ a: text })), tool(), "output/widened tools/t outputSchema"],
  [
    "results that nobody can compare",
    output({ type: "string", format: "uri-reference" }),
    output({ type: "string", format: "uuid" }),
    "output/undecided tools/t outputSchema format",
  ],
  [
    "other words for a schema",
    input({ type: "object" }),
    input({ type: ["object"] }),
    "schema/rewritten tools/t inputSchema type",
  ],
  [
    "a definition of draft-07",
    input({
      $schema: "http://json-schema.org/draft-07/schema#",
      ...object({ a: { $ref: "#/definitions/A" } }),
      definitions: { A: text },
    }),
    input({
      $schema: "http://json-schema.org/draft-07/schema#",
      ...object({ a: { $ref: "#/definitions/A" } }),
      definitions: { A: { type: "string", minLength: 2 } },
    }),
    "input/narrowed tools/t inputSchema definitions A minLength",
  ],
  ["no longer read-only", hints({ readOnlyHint: true }), hints({}), "hint/weakened tools/t annotations readOnlyHint"],
  [
    "destructive",
    hints({ destructiveHint: false }),
    hints({ destructiveHint: true }),
    "hint/weakened tools/t annotations destructiveHint",
  ],
  ["read-only", hints({}), hints({ readOnlyHint: true }), "hint/changed tools/t annotations readOnlyHint"],
  ["another scope", tool({ scopes: ["a"] }), tool({ scopes: ["a", "b"] }), "scope/added tools/t scopes"],
  ["one scope less", tool({ scopes: ["a"] }), tool(), "scope/removed tools/t scopes"],
  ["a new error", tool(), tool({ errors: { gone: "Gone." } }), "error/changed tools/t errors gone"],
  [
    "another message of an error",
    tool({ errors: { gone: "Gone." } }),
    tool({ errors: { gone: "Away." } }),
    "text/changed tools/t errors gone",
  ],
  [
    "a header",
    input(object({ a: text })),
    input(object({ a: { type: "string", "x-mcp-header": "A" } })),
    "header/changed tools/t inputSchema properties a x-mcp-header",
  ],
  [
    "another type of contents",
    resource({ mimeType: "text/plain" }),
    resource({ mimeType: "text/html" }),
    "mime-type/changed resources/config://app mimeType",
  ],
  [
    "only as a task",
    tool(),
    tool({ execution: { taskSupport: "required" } }),
    "task/required tools/t execution taskSupport",
  ],
  [
    "perhaps as a task",
    tool(),
    tool({ execution: { taskSupport: "optional" } }),
    "task/changed tools/t execution taskSupport",
  ],
  ["a prompt's argument is added", prompt(), prompt({ name: "a" }), "input/argument-added prompts/p arguments 0"],
  [
    "a prompt's argument is required",
    prompt({ name: "a" }),
    prompt({ name: "a", required: true }),
    "input/narrowed prompts/p arguments 0 required",
  ],
  [
    "a prompt's argument has other words",
    prompt({ name: "a" }),
    prompt({ name: "a", description: "A." }),
    "text/changed prompts/p arguments 0 description",
  ],
  ["a prompt's argument is gone", prompt({ name: "a", required: true }), prompt(), "input/widened prompts/p arguments"],
];

const surface = (lists: Lists) => surfaceOfLock(lists as JsonObject, { name: "s", version: "1.0.0" });

const described = cases.map(([name, old, now, ...expected]) => ({ name, old, now, expected }));

test.each(described)("$name", ({ old, now, expected }) => {
  const changes = compareSurfaces(surface(old), surface(now));
  expect(changes.map(({ rule, entry, at }) => [rule, entry, ...at].join(" "))).toEqual(expected);
  for (const { rule, verdict, witness } of changes)
    if (verdict === "breaking" && /^(input|output)\//.test(rule)) expect(witness).toBeDefined();
});

test("every rule has a case, and mcpc explain knows it", () => {
  const lines = [
    ...[...cases, ...changes].flatMap(([, , , ...expected]) => expected),
    ...accessChanges.flatMap(([, , , expected]) => expected),
  ];
  const shown = new Set(lines.map((line) => line.split(" ")[0]!));
  expect([...shown].sort()).toEqual(Object.keys(rules).sort());
  for (const rule of Object.keys(rules)) expect(explanation(rule)).toContain(rules[rule as Rule].explain);
});

test("a server under another name, with other instructions", () => {
  const [old, now] = [surfaceOf({}, { name: "a" }, "A."), surfaceOf({}, { name: "b" }, "B.")];
  expect(compareSurfaces(old, now).map(({ rule, entry }) => `${rule} ${entry}`)).toEqual([
    "server/renamed server",
    "text/changed server",
  ]);
});

test.each([
  ["1.2.3", "1.2.3", "none", true, "1.2.3"],
  ["1.2.3", "1.2.3", "patch", false, "1.2.4"],
  ["1.2.3", "1.2.4", "patch", true, "1.2.4"],
  ["1.2.3", "1.2.4", "minor", false, "1.3.0"],
  ["1.2.3", "1.3.0", "minor", true, "1.3.0"],
  ["1.2.3", "1.3.0", "major", false, "2.0.0"],
  ["1.2.3", "2.0.0", "major", true, "2.0.0"],
  ["1.2.3", "2.0.0-beta.1", "major", true, "2.0.0"],
  ["2.0.0", "1.9.0", "patch", false, "2.0.1"],
  ["0.3.1", "0.3.2", "major", false, "0.4.0"],
  ["0.3.1", "0.4.0", "major", true, "0.4.0"],
  ["0.3.1", "0.3.2", "minor", true, "0.3.2"],
  ["1.2", "1.3", "patch", false, undefined],
  [undefined, "1.0.0", "patch", false, undefined],
] as const)("from %s to %s, for a %s change: %s", (old, now, level, expected, wanted) => {
  expect(isSufficient(old, now, level)).toBe(expected);
  expect(old === undefined ? undefined : raised(old, level)).toBe(wanted);
});
