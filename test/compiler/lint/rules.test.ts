import { parse } from "jsonc-parser";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Diagnostic } from "../../../compiler/diagnostics/diagnostic.js";
import { explanation } from "../../../compiler/diagnostics/explain.js";
import { formatPretty } from "../../../compiler/diagnostics/render.js";
import { fixed } from "../../../compiler/fixes.js";
import { nodeHost } from "../../../compiler/host-node/index.js";
import { profileNames } from "../../../compiler/lint/profiles.js";
import { ruleTable } from "../../../compiler/lint/rules.js";
import { expectWellFormed } from "../every-report.js";
import { profiles as projections } from "../../../compiler/projections/profiles.js";
import { memoryHost } from "../memory-host.js";
import { bare, codes, codesOf, diagnosticsAt, diagnosticsOf, lintTools, ruleCodes } from "./lint.js";

const folder = join(import.meta.dirname, "..", "..", "..", "fixtures", "lint");

/** Returns the files of a fixture: one of its manifests, and whatever it refers to. */
function filesOf(code: string, manifest: string): Record<string, string> {
  const paths = readdirSync(join(folder, code)).filter(
    (path) => path === manifest || !/(\.mcp\.json|expected\.txt)$/.test(path),
  );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, code, path), "utf8")]));
}

test("every rule has its fixture, and every fixture its rule", () => {
  const found = readdirSync(folder).flatMap((area) => readdirSync(join(folder, area)).map((name) => `${area}/${name}`));
  expect(found.sort()).toEqual([...codes].sort());
});

test.each(codes)("%s fires on its violation, and is silent on the twin", async (code) => {
  const files = filesOf(code, "broken.mcp.json");
  const broken = diagnosticsOf(files);
  const report = { diagnostics: broken, textOf: (path: string) => files[path], prefix: "" };
  await expect(formatPretty(report, { color: false })).toMatchFileSnapshot(join(folder, code, "expected.txt"));
  expectWellFormed([report]);
  expect([...new Set(broken.map((each) => each.code))]).toEqual([code]);
  expect(diagnosticsOf(filesOf(code, "clean.mcp.json"))).toEqual([]);
  // A rule with a repair comes clean by it.
  const { changes } = fixed(broken, memoryHost(files));
  const repaired = { ...files };
  for (const { path, bytes } of changes) repaired[path] = new TextDecoder().decode(bytes);
  const rule = ruleTable.get(code)!;
  expect(changes.length > 0).toBe(rule.repair !== undefined);
  if (rule.repair !== undefined) expect(diagnosticsOf(repaired)).toEqual([]);
});

/** The profiles of rules that say what a projection does, as far as these have one. */
const mended = [...ruleTable].flatMap(([code, { projection, profiles }]) =>
  projection === undefined
    ? []
    : profiles.filter((each) => Object.hasOwn(projections, each)).map((each) => [code, each]),
);

test.each(mended)("the violation of %s is none with the projection for %s", (code, profile) => {
  const files = filesOf(code!, "broken.mcp.json");
  const find = (build: object): string[] => {
    const manifest = { ...(parse(files["broken.mcp.json"]!) as object), build };
    const found = diagnosticsOf({ ...files, "broken.mcp.json": JSON.stringify(manifest) });
    return found.filter((each) => each.code === code).map(({ message }) => message);
  };
  const lint = { profiles: [profile] };
  const before = find({ lint });
  expect(find({ lint, projections: [profile] })).toEqual([]);
  // Another profile's projection mends nothing.
  const other = profile === "cursor" ? "openai" : "cursor";
  expect(find({ lint, projections: [other] })).toEqual(before);
});

test("a finding that a projection leaves says so", () => {
  const inputSchema = { type: "object", properties: { "a b": { type: "string" } }, anyOf: [{ required: ["a b"] }] };
  const build = { lint: { profiles: ["anthropic", "vscode"] }, projections: ["anthropic"] };
  expect(lintTools([{ ...bare, inputSchema }], build).map(({ message }) => message)).toEqual([
    'Anthropic refuses the argument name "a b" (with the projection for anthropic)',
    'some clients refuse or drop "anyOf" at the root of an inputSchema',
  ]);
});

test.each(codes)("mcpc explain %s prints who demands it, on what evidence, and the profiles", (code) => {
  const { evidence, profiles } = ruleTable.get(code)!;
  const text = explanation(code)!;
  for (const { who, demand, sources, asOf } of evidence)
    for (const part of [who, demand, asOf, ...sources]) expect(text).toContain(part);
  for (const profile of profiles) expect(text).toContain(profile);
  expect(text).toContain("For example:");
});

test("every profile has rules, and every rule profiles that exist", () => {
  const used = new Set([...ruleTable.values()].flatMap((rule): readonly string[] => rule.profiles));
  expect([...used].filter((profile) => !(profileNames as string[]).includes(profile))).toEqual([]);
});

test("a rule on one report of users is a warning", () => {
  for (const code of codes) {
    const { evidence, severity } = ruleTable.get(code)!;
    const isWeak =
      evidence.every(({ confidence }) => confidence === "C") && evidence.flatMap(({ sources }) => sources).length < 2;
    if (isWeak) expect(severity, code).toBe("warning");
  }
});

const projects = join(import.meta.dirname, "..", "..", "..", "fixtures");
const ownProjects = readdirSync(projects).filter((name) => !["fix", "invalid", "lint"].includes(name));

test.each(ownProjects)("the project %s lints clean", (name) => {
  const isFinding = ({ code }: Diagnostic): boolean => /^lint\//.test(code) || ruleCodes.has(code);
  expect(diagnosticsAt(nodeHost(join(projects, name))).filter(isFinding)).toEqual([]);
});

test("a list of types is a warning also where a profile is named", () => {
  const inputSchema = { type: "object", properties: { a: { type: ["string", "null"] } } };
  expect(codesOf(lintTools([{ ...bare, inputSchema }], { lint: { profiles: ["cursor"] } }))).toEqual([
    "warning keyword/type-list",
  ]);
});

test("a definition that nothing refers to is no part of the arguments", () => {
  const $defs = {
    Used: { type: ["string", "null"] },
    Unused: { type: ["string", "null"] },
    Other: { $ref: "#/$defs/Unused" },
  };
  const find = (properties: object): string[] =>
    codesOf(lintTools([{ ...bare, inputSchema: { type: "object", properties, $defs } }]));
  const [unused, list] = ["warning reference/unused", "warning keyword/type-list"];
  expect(find({})).toEqual([unused]);
  expect(find({ a: { $ref: "#/$defs/Used" } })).toEqual([list, unused]);
  expect(find({ a: { $ref: "#/$defs/Used" }, b: { $ref: "#/$defs/Other" } })).toEqual([list, list]);
  expect(find({ a: { $ref: "#/$defs/Used" }, b: { $ref: "#name" }, c: { $anchor: "name" } })).toEqual([list, list]);
});

test("a finding in a shared definition or another file is shown there, once", () => {
  const nullable = { type: ["string", "null"] };
  const tool = (name: string): object => ({
    name,
    description: `Finds ${name}.`,
    inputSchema: { type: "object", properties: { a: { $ref: "#/$defs/Shared" }, b: { $ref: "./b.json" } } },
  });
  const files = {
    "a.mcp.json": JSON.stringify({ server: { name: "shop", version: "1.0.0" }, tools: [tool("x"), tool("y")] }),
    "shared.mcp.json": JSON.stringify({ $defs: { Shared: nullable } }),
    "b.json": JSON.stringify(nullable),
  };
  expect(diagnosticsOf(files).map(({ code, span }) => [code, span?.path, span?.start])).toEqual([
    ["keyword/type-list", "shared.mcp.json", 20],
    ["keyword/type-list", "b.json", 1],
  ]);
});
