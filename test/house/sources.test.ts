import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .filter(
    (path) => !/package-lock\.json$|^fixtures\/.*\/(generated|dist)\/|^test\/e2e\/real-surfaces\/|not-utf8/.test(path),
  );
const text = (path: string): string => readFileSync(join(root, path), "utf8");
const made = "compiler/model/manifest.ts";
const code = files.filter((path) => /^(compiler|runtime|test)\/.*\.(ts|mjs)$/.test(path) && path !== made);

test("files stay small enough to read in one sitting", () => {
  expect(code.length).toBeGreaterThan(100);
  const long = code.map((path) => [path, text(path).split("\n").length] as const).filter(([, lines]) => lines > 400);
  expect(long).toEqual([]);
});

test("no room is named for what has no name", () => {
  const vague = /^(utils?|helpers?|common|misc|shared|manager|service)([.-]|$)/i;
  const names = code.flatMap((path) => [basename(path), ...dirname(path).split("/")]);
  expect(names.filter((name) => vague.test(name))).toEqual([]);
});

test("a docstring begins with a verb or a noun", () => {
  const opening = /^\s*(?:\/\*\*|\*) (?:What|Of|Told|Where|Whoever|Those|That)\b/;
  const faults = code
    .filter((path) => !path.startsWith("test/"))
    .flatMap((path) =>
      text(path)
        .split("\n")
        .flatMap((line, index) => (opening.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
    );
  expect(faults).toEqual([]);
});

test("the top of the tree is what it is", () => {
  const top = [...new Set(files.map((path) => path.split("/")[0]!))].filter(
    (name) => !name.startsWith(".") && !/^[A-Z]/.test(name),
  );
  expect(top.sort()).toEqual([
    "compiler",
    "docs",
    "fixtures",
    "mcp.schema.json",
    "package.json",
    "runtime",
    "test",
    "tsconfig.json",
  ]);
});

/** Where the runtime needs the time of day: what others have written, and what people read. */
const tellsTime = [
  ["runtime/auth/introspection.ts", "when a token expires"],
  ["runtime/auth/token-cache.ts", "when a token expires"],
  ["runtime/protocol/auth.ts", "when credentials expire"],
  ["runtime/protocol/request-state.ts", "what another process has sealed"],
  ["runtime/protocol/tasks.ts", "the times that a client is told"],
  ["runtime/protocol/logger.ts", "the time of an entry"],
  ["runtime/health/health.ts", "the time of a report"],
].map(([path]) => path);

test("the runtime measures with a clock that is never set back", () => {
  const asking = code.filter((path) => path.startsWith("runtime/") && /\bDate\.now\b|\bnew Date\(\)/.test(text(path)));
  expect(asking.toSorted()).toEqual(tellsTime.toSorted());
});

test("the project speaks of itself alone", () => {
  const foreign = /\/work\/|\/home\/|\bTODO\b|\bFIXME\b|registry\.(?!npmjs)/;
  const own = "test/house/sources.test.ts";
  expect(files.filter((path) => path !== own && foreign.test(text(path)))).toEqual([]);
});

test("every field of the manifest language is described", () => {
  const missing: string[] = [];
  const visit = (node: any, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [name, property] of Object.entries<any>(node.properties ?? {})) {
      if (typeof property.description !== "string" && !property.$ref && !property.not) missing.push(`${path}.${name}`);
      visit(property, `${path}.${name}`);
    }
    for (const [name, definition] of Object.entries<any>(node.$defs ?? {})) visit(definition, `$defs.${name}`);
    visit(node.items, `${path}[]`);
    for (const key of ["anyOf", "oneOf", "allOf"]) for (const branch of node[key] ?? []) visit(branch, path);
    visit(node.additionalProperties, `${path}.*`);
  };
  visit(JSON.parse(text("mcp.schema.json")), "");
  expect(missing).toEqual([]);
});
