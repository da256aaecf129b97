import { describe, expect, test } from "vitest";
import { parseDocument } from "../../compiler/import/openapi/document.js";
import { toolsOf, type Api } from "../../compiler/import/openapi/operations.js";
import { rulesFor, rulesIn, type ImportRule } from "../../compiler/import/rules.js";
import type { Json } from "../../compiler/model/source.js";

const ok = { 200: { description: "ok" } };
/** Imports operations by rules. */
function read(paths: object, rules: readonly ImportRule[]): Api {
  const text = JSON.stringify({ openapi: "3.1.0", info: {}, servers: [{ url: "https://a.example" }], paths });
  return toolsOf(parseDocument(text, "api")!, { rules, server: "pets", prefix: "" });
}

describe("rules of import.json", () => {
  const pets = { method: "DELETE", path: "/admin/pets/{id}", tags: ["admin", "pets"], operationId: "deletePet" };
  test.each<[rule: object, matches: boolean]>([
    [{}, true],
    [{ method: "delete" }, true],
    [{ method: ["GET", "PUT"] }, false],
    [{ path: "/admin/**" }, true],
    [{ path: "/admin/*" }, false],
    [{ path: "/admin/*/{id}" }, true],
    [{ path: "/**/p*s/**" }, true],
    [{ path: "**" }, true],
    [{ path: "/**/**/{id}" }, true],
    [{ path: "/admin/*e*s/{*}" }, true],
    [{ path: "/admin/p*t*t*s/*" }, false],
    [{ tag: "admin" }, true],
    [{ tag: "admin", method: "GET" }, false],
    [{ operationId: ["deletePet"] }, true],
    [{ operationId: "delete*" }, false],
  ])("%j", (rule, matches) => {
    expect(rulesFor(rulesIn([{ ...rule, exclude: true } as Json]), pets)).toHaveLength(matches ? 1 : 0);
  });

  test.each<[pattern: string, path: string]>([
    [`${"**a".repeat(2000)}b`, `/${"a".repeat(20_000)}`],
    [`${"/**/a".repeat(500)}/b`, "/a".repeat(2000)],
  ])("a pattern of many stars is matched fast", (path, long) => {
    const start = process.cpuUsage();
    expect(rulesFor(rulesIn([{ path, exclude: true }]), { ...pets, path: long })).toEqual([]);
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
  });

  test("the first match wins", () => {
    const rules = rulesIn([
      { operationId: "b", name: "beta", description: "Mine.", readOnlyHint: true },
      { method: "POST", exclude: true },
    ]);
    const paths = Object.fromEntries(
      ["a", "b", "c"].map((id) => [`/${id}`, { post: { operationId: id, responses: ok } }]),
    );
    const { tools, departed, notes } = read(paths, rules);
    expect(tools.map(({ tool }) => tool)).toMatchObject([
      { name: "beta", description: "Mine.", annotations: { readOnlyHint: true } },
    ]);
    expect([...departed]).toEqual([
      ["a", "is excluded by rules[1]"],
      ["b", "is renamed to beta by rules[0]"],
      ["c", "is excluded by rules[1]"],
    ]);
    expect(notes).toEqual([]);
  });

  test.each<[what: string, rules: Json, notes: string[]]>([
    ["matches nothing", [{ tag: "admni", exclude: true }], ["import.json: rules[0] matches no operation"]],
    [
      "comes too late",
      [{ exclude: true }, { operationId: "a", name: "b" }],
      ["import.json: rules[1] never applies: earlier rules match the same"],
    ],
    [
      "gives a name that no client takes",
      [{ operationId: "a", name: "read it!" }],
      ['import.json: rules[0] names GET /a "read it!", which becomes read_it'],
    ],
    [
      "gives a name twice",
      [{ name: "x" }],
      [expect.stringMatching(/^import\.json: rules\[0\] names GET \/b "x", which becomes x_\w+$/) as string],
    ],
  ])("a rule that %s has a note", (_, rules, notes) => {
    const paths = Object.fromEntries(["a", "b"].map((id) => [`/${id}`, { get: { operationId: id, responses: ok } }]));
    expect(read(paths, rulesIn(rules)).notes).toEqual(notes);
  });

  test.each<[rules: Json, message: string]>([
    [{}, '"rules" of "import.json" must be a list'],
    [[1], "rules[0] must be an object"],
    [[{ exclude: "yes" }], "rules[0].exclude must be a boolean"],
    [[{ tag: 1, exclude: true }], "rules[0].tag must be a text, or a list of texts"],
    [[{ tags: "a", exclude: true }], 'rules[0] has the unknown field "tags"'],
    [[{ tag: "a" }], "rules[0] does nothing"],
    [[{ method: ["get", "DELET"], exclude: true }], 'rules[0].method: "DELET" is no HTTP method'],
  ])("%j are refused", (rules, message) => expect(() => rulesIn(rules)).toThrow(message));
});
