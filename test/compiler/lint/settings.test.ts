import { expect, test } from "vitest";
import { openCache } from "../../../compiler/cache/cache.js";
import { cachedManifests } from "../../../compiler/compile-manifests.js";
import { blocksTestedBy } from "../../house/documents.js";
import { memoryHost } from "../memory-host.js";
import { bare, codesOf, lintTools, union, waiver } from "./lint.js";

test("the settings in the documents work", () => {
  const [text] = blocksTestedBy("docs/lint.md", "test/compiler/lint/settings.test.ts").map((block) => block.text);
  const { build } = JSON.parse(text!) as { build: object };
  expect(codesOf(lintTools([union], build))).toEqual([]);
  expect(codesOf(lintTools([{ ...bare, description: "x".repeat(3000) }], build))).toEqual([
    "warning lint/unused-waiver",
    "error size/description",
  ]);
});

test.each<[what: string, build: object | undefined, expected: string[]]>([
  ["without settings: portable, as warnings", undefined, ["warning root/properties"]],
  ["a named profile: the rule's own severity", { lint: { profiles: ["openai"] } }, ["error root/properties"]],
  ["no profile: no rule", { lint: { profiles: [] } }, []],
  ["another profile: not its rule", { lint: { profiles: ["bedrock"] } }, []],
  ["off", { rules: { "root/properties": "off" } }, []],
  ["raised without profiles", { rules: { "root/properties": "error" } }, ["error root/properties"]],
  [
    "a rule of no chosen profile",
    { lint: { profiles: [] }, rules: { "root/properties": "warning" } },
    ["warning root/properties"],
  ],
  ["a misspelt rule", { lint: { profiles: [] }, rules: { "root/propertys": "off" } }, ["error lint/unknown-rule"]],
  [
    "an error of the language",
    { lint: { profiles: [] }, rules: { "name/duplicate": "off" } },
    ["error lint/fixed-severity"],
  ],
  ["a waiver", { waivers: [waiver] }, []],
  ["a waiver at the place", { waivers: [{ ...waiver, at: "/inputSchema" }] }, []],
  ["a waiver of everything in the entry", { waivers: [{ ...waiver, at: "" }] }, []],
  [
    "a waiver at another place",
    { waivers: [{ ...waiver, at: "/outputSchema" }] },
    ["warning lint/unused-waiver", "warning root/properties"],
  ],
  [
    "a waiver of another entry",
    { waivers: [{ ...waiver, entry: "tools/serch" }] },
    ["warning lint/unused-waiver", "warning root/properties"],
  ],
  [
    "a waiver of another section",
    { waivers: [{ ...waiver, entry: "prompts/search" }] },
    ["warning lint/unused-waiver", "warning root/properties"],
  ],
  [
    "a waiver of a rule that is off",
    { rules: { "root/properties": "off" }, waivers: [waiver] },
    ["warning lint/unused-waiver"],
  ],
  [
    "unused waivers may be errors",
    { rules: { "lint/unused-waiver": "error" }, waivers: [waiver, { ...waiver, at: "/name" }] },
    ["error lint/unused-waiver"],
  ],
  [
    "a waiver of an unknown rule",
    { rules: { "root/properties": "off" }, waivers: [{ ...waiver, rule: "root/property" }] },
    ["error lint/unknown-rule"],
  ],
  [
    "a waiver of a diagnostic that is no rule",
    { rules: { "root/properties": "off" }, waivers: [{ ...waiver, rule: "name/duplicate" }] },
    ["error lint/unknown-rule"],
  ],
  [
    "no day of the calendar",
    { rules: { "root/properties": "off" }, waivers: [{ ...waiver, until: "2027-02-29" }] },
    ["error manifest/invalid-value"],
  ],
  [
    "an expired waiver",
    { waivers: [{ ...waiver, until: "2026-12-31" }] },
    ["error lint/expired-waiver", "warning root/properties"],
  ],
  [
    "a waiver with two mistakes",
    { rules: { "root/properties": "off" }, waivers: [{ ...waiver, rule: "root/property", until: "2026-12-31" }] },
    ["error lint/unknown-rule", "error lint/expired-waiver"],
  ],
  [
    "a rule of mcpc diff",
    { rules: { "root/properties": "off", "entry/removed": "warning" } },
    ["error lint/unknown-rule"],
  ],
  [
    "a budget beside another error",
    { rules: { "root/properties": "error" }, budgets: { tokens: { perTool: 1 } } },
    ["error root/properties", "error budget/tool"],
  ],
  ["no reason", { waivers: [{ ...waiver, reason: " " }] }, ["error manifest/invalid-value"]],
  [
    "no date",
    { waivers: [{ rule: waiver.rule, entry: waiver.entry, reason: "x" }] },
    ["error manifest/missing-property"],
  ],
  ["an unknown profile", { lint: { profiles: ["portabel"] } }, ["error manifest/invalid-value"]],
  ["an unknown severity", { rules: { "root/properties": "info" } }, ["error manifest/invalid-value"]],
])("settings: %s", (_what, build, expected) => {
  expect(codesOf(lintTools([bare], build, { isPast: (day) => day < "2027-01-15" }))).toEqual(expected);
});

test("a rule of mcpc diff is named as one", () => {
  const [{ message, help } = { message: "", help: "" }] = lintTools([union], { rules: { "entry/removed": "off" } });
  expect(message).toBe('"entry/removed" is a rule of mcpc diff, whose levels are fixed');
  expect(help).toContain("raise the version");
});

test("a cached result does not outlive the last day of a waiver", async () => {
  let today = "2027-02-28";
  const manifest = { server: { name: "shop", version: "1.0.0" }, build: { waivers: [waiver] }, tools: [bare] };
  const host = { ...memoryHost({ "shop.mcp.json": JSON.stringify(manifest) }), isPast: (day: string) => day < today };
  const stored = new Map<string, Uint8Array>();
  const files = (name: string) => ({
    read: () => stored.get(name),
    write: (bytes: Uint8Array) => void stored.set(name, bytes),
  });
  const cache = openCache({ files: files as never, compiler: "this" });
  const codes = async (): Promise<string[]> => {
    cache.begin();
    return codesOf((await cachedManifests(host, () => {}, cache)).diagnostics);
  };
  expect(await codes()).toEqual([]);
  today = "2027-03-01";
  expect(await codes()).toEqual([]);
  today = "2027-03-02";
  expect(await codes()).toEqual(["error lint/expired-waiver", "warning root/properties"]);
  today = "2027-03-01";
  expect(await codes()).toEqual([]);
});

test("build.rules changes warnings of the language, too", () => {
  const format = {
    ...bare,
    inputSchema: { type: "object", properties: { a: { type: "string", format: "odd" } } },
  };
  expect(codesOf(lintTools([format]))).toEqual(["warning schema/unknown-format"]);
  expect(codesOf(lintTools([format], { rules: { "schema/unknown-format": "off" } }))).toEqual([]);
  expect(codesOf(lintTools([format], { rules: { "schema/unknown-format": "error" } }))).toEqual([
    "error schema/unknown-format",
  ]);
});
