import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cachedManifests, lintManifests } from "../../compiler/compile-manifests.js";
import { openCache } from "../../compiler/cache/cache.js";
import type { Host } from "../../compiler/host.js";
import { blocksTestedBy } from "../house/documents.js";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { explanation } from "../../compiler/diagnostics/explain.js";
import { formatPretty } from "../../compiler/diagnostics/render.js";
import { fixed } from "../../compiler/fixes.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { profileNames } from "../../compiler/lint/profiles.js";
import { ruleTable } from "../../compiler/lint/rules.js";
import { memoryHost } from "./memory-host.js";

const folder = join(import.meta.dirname, "..", "..", "fixtures", "lint");
const codes = [...ruleTable.keys()];
const ruleCodes: ReadonlySet<string> = new Set(codes);

/** Returns the files of a fixture: one of its manifests, and whatever it refers to. */
function filesOf(code: string, manifest: string): Record<string, string> {
  const paths = readdirSync(join(folder, code)).filter(
    (path) => path === manifest || !/(\.mcp\.json|expected\.txt)$/.test(path),
  );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, code, path), "utf8")]));
}

/** Returns the diagnostics of a project with these tools and this `build` section. */
function lintTools(tools: readonly object[], build?: object, host: Partial<Host> = {}): readonly Diagnostic[] {
  const manifest = { server: { name: "shop", version: "1.0.0" }, tools, ...(build && { build }) };
  return lintManifests({ ...memoryHost({ "shop.mcp.json": JSON.stringify(manifest, null, 2) }), ...host }).diagnostics;
}

const codesOf = (diagnostics: readonly Diagnostic[]): string[] =>
  diagnostics.map(({ severity, code }) => `${severity} ${code}`);

const bare = { name: "search", inputSchema: { type: "object" } };
const union = {
  name: "search",
  inputSchema: { type: "object", properties: {}, anyOf: [{ required: ["a"] }, { required: ["b"] }] },
};

function diagnosticsOf(files: Readonly<Record<string, string>>): readonly Diagnostic[] {
  return lintManifests(memoryHost(files)).diagnostics;
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

test("the settings in the documents work", () => {
  const [text] = blocksTestedBy("docs/lint.md", "test/compiler/lint.test.ts").map((block) => block.text);
  const { build } = JSON.parse(text!) as { build: object };
  expect(codesOf(lintTools([union], build))).toEqual([]);
  expect(codesOf(lintTools([{ ...bare, description: "x".repeat(3000) }], build))).toEqual([
    "warning lint/unused-waiver",
    "error size/description",
  ]);
});

const waiver = { rule: "root/properties", entry: "tools/search", reason: "not yet", until: "2027-03-01" };

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

const projects = join(import.meta.dirname, "..", "..", "fixtures");
const ownProjects = readdirSync(projects).filter((name) => !["fix", "invalid", "lint"].includes(name));

test.each(ownProjects)("the project %s lints clean", (name) => {
  const isFinding = ({ code }: Diagnostic): boolean => /^lint\//.test(code) || ruleCodes.has(code);
  expect(lintManifests(nodeHost(join(projects, name))).diagnostics.filter(isFinding)).toEqual([]);
});

const surfaces = join(import.meta.dirname, "..", "e2e", "real-surfaces");

/** Returns the rows of the table of real servers: name and version, tools, findings. */
function documentedServers(): string[][] {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "lint.md"), "utf8");
  const rows = page.split("\n").filter((line) => /^\| `[^`]+` \d/.test(line));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, 4)
      .map((cell) => cell.trim()),
  );
}

test("portable finds in ten public servers what the documents say", { timeout: 120_000 }, () => {
  const found = readdirSync(surfaces)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => {
      const stored = JSON.parse(readFileSync(join(surfaces, file), "utf8"));
      const { name, version, serverInfo, instructions, tools } = stored;
      const server = { name: serverInfo.name, version: "1.0.0", ...(instructions && { instructions }) };
      const files = { "shop.mcp.json": JSON.stringify({ server, tools }) };
      const counts = new Map<string, number>();
      for (const { code } of diagnosticsOf(files))
        if (ruleCodes.has(code)) counts.set(code, (counts.get(code) ?? 0) + 1);
      const findings = [...counts].sort().map(([code, count]) => `\`${code}\` ${count}`);
      return [`\`${name}\` ${version}`, String(tools.length), findings.join(", ") || "none"];
    });
  expect(found).toHaveLength(10);
  expect(documentedServers()).toEqual(found);
});

test("a list of types is a warning also where a profile is named", () => {
  const inputSchema = { type: "object", properties: { a: { type: ["string", "null"] } } };
  expect(codesOf(lintTools([{ name: "search", inputSchema }], { lint: { profiles: ["cursor"] } }))).toEqual([
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
    codesOf(lintTools([{ name: "search", inputSchema: { type: "object", properties, $defs } }]));
  expect(find({})).toEqual([]);
  expect(find({ a: { $ref: "#/$defs/Used" } })).toEqual(["warning keyword/type-list"]);
  expect(find({ a: { $ref: "#/$defs/Used" }, b: { $ref: "#/$defs/Other" } })).toHaveLength(2);
});

test("a finding in a shared definition or another file is shown there, once", () => {
  const nullable = { type: ["string", "null"] };
  const tool = (name: string): object => ({
    name,
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
    name: "search",
    inputSchema: { type: "object", properties: { a: { type: "string", format: "odd" } } },
  };
  expect(codesOf(lintTools([format]))).toEqual(["warning schema/unknown-format"]);
  expect(codesOf(lintTools([format], { rules: { "schema/unknown-format": "off" } }))).toEqual([]);
  expect(codesOf(lintTools([format], { rules: { "schema/unknown-format": "error" } }))).toEqual([
    "error schema/unknown-format",
  ]);
});
