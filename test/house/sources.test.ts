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

const revised = code.filter((path) => !path.startsWith("test/"));

/** Returns the lines of files that match. */
function linesThat(paths: readonly string[], matches: (line: string, previous: string) => boolean): string[] {
  return paths.flatMap((path) => {
    const lines = text(path).split("\n");
    const faults = lines.map((line, index) => matches(line, lines[index - 1] ?? "") && `${path}:${index + 1} ${line}`);
    return faults.filter((fault) => fault !== false);
  });
}

test("a docstring begins with a verb or a noun", () => {
  // Verbs are in the third person, so a bare one is as wrong as a pronoun or a conjunction.
  const words =
    "What|Who|Whom|Whose|Whoever|Whatever|Where|Wherever|When|Whence|While|Why|How|If|Because|Since|So|And|Or|But|As|By|With|" +
    "Without|Of|Upon|Beyond|Until|In|On|At|To|For|From|It|Its|They|Their|He|She|We|You|There|This|That|These|Those|Here|" +
    "Nobody|Somebody|Everybody|Anybody|Nothing|Something|Told|Heard|Left|Kept|Made|Again|Anew|Only|Not|Never|Also|Else|Is|Are|" +
    "Was|Has|Have|Does|Lets|May|Must|Can|Return|Read|Write|Create|Get|Add|Remove|Find|Send|Throw";
  const oneLine = new RegExp(`^\\s*/\\*\\* (?:${words})\\b`);
  const first = new RegExp(`^\\s*\\* (?:${words})\\b`);
  const begins = (line: string, previous: string): boolean =>
    oneLine.test(line) || (/^\s*\/\*\*$/.test(previous) && first.test(line));
  expect(linesThat(revised, begins)).toEqual([]);
  const worst = /^\s*(?:\/\*\*|\*) (?:What|Of|Told|Where|Whoever|Those|That)\b/;
  expect(linesThat(revised, (line) => worst.test(line))).toEqual([]);
});

test("names are plain words", () => {
  const words =
    "told|heard|anew|upon|untouched|lasting|ever|again|stands|whence|whoever|whatever|nobody|somebody|everybody|" +
    "Told|Heard|Known|Kept|Made|Seen|Asked|Left|Given|Taken|Gone|Said|(?:most|longest|deepest|widest)[A-Z]\\w*";
  const name = new RegExp(`(?<![.\\w])(?:${words})\\b`, "g");
  const prose = /\/\*[^]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  const faults = revised.flatMap((path) =>
    [...text(path).replace(prose, "").matchAll(name)].map(([word]) => [path, word]),
  );
  expect(faults).toEqual([]);
});

test("a package exports no name of a type twice", () => {
  for (const folder of ["runtime/", "compiler/"]) {
    const names = code
      .filter((path) => path.startsWith(folder))
      .flatMap((path) =>
        [...text(path).matchAll(/^export (?:declare |abstract )*(?:interface|type|class) (\w+)/gm)].map(
          ([, name]) => name!,
        ),
      );
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    expect(twice).toEqual([]);
  }
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
  ["runtime/logging/audit.ts", "when a request was made"],
  ["runtime/protocol/auth.ts", "when credentials expire"],
  ["runtime/protocol/request-state.ts", "what another process has sealed"],
  ["runtime/protocol/seal.ts", "what another process has sealed"],
  ["runtime/transports/http/sealed-sessions.ts", "what another process has sealed"],
  ["runtime/protocol/tasks.ts", "the times that a client is told"],
  ["runtime/store/redis/tasks.ts", "the age of what another process has written"],
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
