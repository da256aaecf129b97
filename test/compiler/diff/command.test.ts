import { cpSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { lockFile } from "../../../compiler/4-emit/lock.js";
import { compileManifests } from "../../../compiler/compile-manifests.js";
import { withBuildLock } from "../../../compiler/host-node/build-lock.js";
import { nodeHost } from "../../../compiler/host-node/index.js";
import { manifest, short, surface, testFolders } from "./test-folders.js";

const { folder, waiting, pathOf, write, read, git, diff, changed } = testFolders();

test("a break without a version fails, at the line of the definition, with a witness", async () => {
  changed(manifest("1.2.0"), manifest("1.2.0", {}, short));
  const { code, stdout } = await diff("git:HEAD", "--format", "json");
  expect(code).toBe(1);
  const { changes, ...rest } = JSON.parse(stdout);
  expect(rest).toEqual({
    old: { name: "weather", version: "1.2.0" },
    new: { name: "weather", version: "1.2.0" },
    required: "major",
    sufficient: false,
    tokens: { old: expect.any(Number), new: expect.any(Number) },
  });
  expect(rest.tokens.new).toBeGreaterThan(rest.tokens.old);
  const line =
    manifest("1.2.0", {}, short)
      .split("\n")
      .findIndex((each) => each.includes("maxLength")) + 1;
  expect(changes).toEqual([
    {
      entry: "tools/get_weather",
      at: "/inputSchema/$defs/City/maxLength",
      rule: "input/narrowed",
      verdict: "breaking",
      level: "major",
      message: expect.stringContaining("maxLength"),
      new: 4,
      witness: { arguments: { city: "aaaaa" } },
      file: "weather.mcp.json",
      line,
      column: 20,
    },
  ]);
});

test("a break with its version passes, and so does nothing", async () => {
  changed(manifest("1.2.0"), manifest("2.0.0", {}, short));
  expect((await diff("git:HEAD")).code).toBe(0);
  write("weather.mcp.json", manifest("1.2.0"));
  expect(await diff("git:HEAD")).toEqual({ code: 0, stdout: "no changes\n", stderr: "" });
});

test("people see the worst first and the rest folded", async () => {
  changed(
    manifest("1.2.0"),
    manifest("1.2.0", { description: "Weather.", annotations: { readOnlyHint: true } }, short),
  );
  const { stdout } = await diff("git:HEAD");
  expect(stdout).toBe(
    [
      'breaking[input/narrowed]: tools/get_weather: "maxLength" of "$defs/City" is now set to 4',
      "  --> weather.mcp.json:9:20",
      '  refused now: {"city":"aaaaa"}',
      "and 2 more changes that break nothing (2 patch); --verbose lists all",
      "the changes ask for a major version: it is 1.2.0, was 1.2.0; raise it to 2.0.0",
      "",
    ].join("\n"),
  );
  expect((await diff("git:HEAD", "--verbose")).stdout).toContain("compatible[hint/changed]");
});

test("a change of several entries is shown once, with the other entries and their places", async () => {
  const ids = (id: object): string =>
    JSON.stringify(
      {
        server: { name: "ids", version: "1.0.0" },
        tools: ["a", "b", "c"].map((name) => ({
          name,
          inputSchema: { type: "object", properties: { id: name === "c" ? { type: "string" } : id } },
        })),
      },
      null,
      2,
    );
  changed(ids({ type: "string" }), ids({ type: "string", minLength: 1 }));
  const { stdout } = await diff("git:HEAD");
  expect(stdout.split("\n").slice(0, 4)).toEqual([
    'breaking[input/narrowed]: tools/a: "minLength" of argument "id" is now set to 1',
    expect.stringMatching(/^ {2}--> weather\.mcp\.json:\d+:\d+$/),
    '  refused now: {"id":""}',
    expect.stringMatching(/^ {2}likewise: tools\/b \(\d+:\d+\)$/),
  ]);
});

test("a change behind a reference is shown in the file that it leads to", async () => {
  const refers = manifest("1.2.0").replace("#/$defs/City", "./city.json");
  write("city.json", '{\n  "type": "string"\n}\n');
  changed(refers, refers);
  write("city.json", '{\n  "type": "string",\n  "maxLength": 4\n}\n');
  const { changes } = JSON.parse((await diff("git:HEAD", "--format", "json")).stdout);
  expect(changes[0]).toMatchObject({ file: "city.json", line: 3, column: 16 });
});

test("lists with a name twice cannot be compared", async () => {
  write("old.json", surface(["a", "b"]));
  write("new.json", surface(["a", "b", "a"]));
  const expected = {
    code: 2,
    stdout: "",
    stderr: 'error: the lists cannot be compared: tools/2 has the "name" of tools/0, "a"\n',
  };
  expect(await diff("old.json", "new.json")).toEqual(expected);
  expect(await diff("new.json", "old.json")).toEqual(expected);
});

test("a lock file, a JSON file of lists and a folder are sides, too", async () => {
  write("weather.mcp.json", manifest("1.2.0"));
  const { server, costs } = compileManifests(nodeHost(folder())).value!;
  write("mcpc.lock.json", lockFile(server, costs));
  write(
    "lists.json",
    JSON.stringify([
      { tools: server.tools.slice(0, 1).map(({ listing }) => listing) },
      { result: { tools: server.tools.slice(1).map(({ listing }) => listing) } },
    ]),
  );
  for (const [old, now] of [
    ["mcpc.lock.json", "."],
    ["lists.json", "mcpc.lock.json"],
    [".", "lists.json"],
  ])
    expect(await diff(old!, now!)).toEqual({ code: 0, stdout: "no changes\n", stderr: "" });
  write("weather.mcp.json", manifest("1.2.0", {}, short));
  expect((await diff("lists.json")).code).toBe(1);
});

test("a list without its last pages cannot be compared", async () => {
  const tools = [{ name: "a", inputSchema: { type: "object" } }];
  write("all.json", JSON.stringify({ tools }));
  write("first.json", JSON.stringify({ result: { tools: [], nextCursor: "2" } }));
  write("both.json", JSON.stringify([{ tools: [], nextCursor: "2" }, { tools }]));
  expect(await diff("first.json", "all.json")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"first.json" has only the first pages of "tools"'),
  });
  expect(await diff("both.json", "all.json")).toMatchObject({ code: 0 });
});

test("a change in a schema that nests deeply is reported without a place inside", async () => {
  const deep = (required: readonly string[]): object => {
    let schema: object = { type: "string" };
    for (let level = 0; level < 130; level++) schema = { type: "object", properties: { a: schema } };
    return { tools: [{ name: "a", inputSchema: { ...schema, required } }] };
  };
  write("old.json", JSON.stringify(deep([])));
  write("new.json", JSON.stringify(deep(["a"])));
  expect(await diff("old.json", "new.json")).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("input/narrowed"),
  });
});

test("the tokens of both sides are the same, whether a side says them or they are counted", async () => {
  write("weather.mcp.json", manifest("1.2.0"));
  const { server, costs } = compileManifests(nodeHost(folder())).value!;
  const lock = JSON.parse(lockFile(server, costs));
  write("mcpc.lock.json", JSON.stringify(lock));
  const withoutTokens = ({ tokens: _, ...entry }: { readonly tokens: number }): object => entry;
  // As an older compiler wrote it.
  write("older.json", JSON.stringify({ ...withoutTokens(lock), tools: lock.tools.map(withoutTokens) }));
  write("lists.json", JSON.stringify({ tools: server.tools.map(({ listing }) => listing) }));
  for (const old of ["mcpc.lock.json", "older.json", "lists.json"]) {
    const { tokens, changes } = JSON.parse((await diff(old, ".", "--format", "json")).stdout);
    expect({ old, tokens, changes }).toEqual({ old, tokens: { old: costs.total, new: costs.total }, changes: [] });
  }
});

test("unknown changes pass unless they are strictly judged", async () => {
  const uuid = { type: "string", format: "uuid" };
  const reference = { type: "string", format: "uri-reference" };
  changed(manifest("1.2.0", {}, uuid), manifest("1.3.0", {}, reference));
  expect((await diff("git:HEAD")).code).toBe(0);
  expect((await diff("git:HEAD", "--strict")).code).toBe(1);
});

test("the version is raised everywhere at once, and all else stays to the byte", async () => {
  const old = manifest("1.2.0").replace('"tools"', '// tools\n  "tools"');
  const files = {
    "package.json": '{ "name": "weather",\t"version": "1.2.0" }\n',
    "server.json": '{"version":"1.2.0","packages":[{"version":"1.2.0"},{"version":"7.0.0"}]}',
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  changed(old, old.replace('"type": "string"', '"type": "string", "maxLength": 4'));
  const before = read("weather.mcp.json");
  const { code, stdout } = await diff("git:HEAD", "--write-version", "--changelog");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^## 2\.0\.0\n\n### Breaking\n\n- `tools\/get_weather`: /);
  expect(read("weather.mcp.json")).toBe(before.replace("1.2.0", "2.0.0"));
  expect(read("package.json")).toBe(files["package.json"].replace("1.2.0", "2.0.0"));
  expect(read("server.json")).toBe(files["server.json"].replaceAll("1.2.0", "2.0.0"));
  expect((await diff("git:HEAD")).code).toBe(0);
  const again = await diff("git:HEAD", "--write-version");
  expect(again).toMatchObject({ code: 0, stderr: "the version is high enough\n" });
});

test.each([
  ["a revision that is none", ["git:nowhere"], /git:nowhere/],
  ["a revision that looks like an option", ["git:--help"], /git:--help/],
  ["a file that is not there", ["lists.json"], /no file or folder "lists.json"/],
  ["a file that is no JSON", ["broken.json"], /is not JSON/],
  ["JSON of another kind", ["other.json"], /neither a lock file nor holds lists/],
  ["a manifest with a mistake", [".", "broken"], /have mistakes, so there is nothing to compare/],
])("%s: there is no comparison", async (_name, args, message) => {
  changed(manifest("1.2.0"), manifest("1.2.0"));
  write("broken.json", "{");
  write("other.json", "{}");
  cpSync(pathOf("weather.mcp.json"), pathOf("broken", "weather.mcp.json"));
  writeFileSync(pathOf("broken", "weather.mcp.json"), '{ "tools": 1 }');
  if (args[0] === ".") rmSync(pathOf("broken.json"));
  const { code, stdout, stderr } = await diff(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});

/** Two projects in folders of one repository, and their first commit. */
function repository(...paths: readonly string[]): void {
  for (const path of paths) writeProject(path, manifest("1.2.0"));
  git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "-m", "one");
}

function writeProject(path: string, content: string): void {
  mkdirSync(pathOf(path), { recursive: true });
  write(`${path}/weather.mcp.json`, content);
}

test("several projects of a repository are one run and one report", async () => {
  repository("packages/a", "packages/b");
  writeProject("packages/b", manifest("1.2.0", {}, short));
  const both = ["git:HEAD", "packages/a", "packages/b"];
  const { code, stdout } = await diff(...both, "--format", "json", "--output", "github=report.txt");
  expect(code).toBe(1);
  expect(
    JSON.parse(stdout).comparisons.map(({ folder, required }: Record<string, string>) => [folder, required]),
  ).toEqual([
    ["packages/a", "none"],
    ["packages/b", "major"],
  ]);
  expect(read("report.txt")).toMatch(
    /^::error title=mcpc diff::packages\/b: the changes .*\n::error file=packages\/b\/weather.mcp.json,line=9,/,
  );
  const pretty = (await diff(...both)).stdout;
  expect(pretty).toMatch(/^packages\/a:\nno changes\n\npackages\/b:\nbreaking\[input\/narrowed\]/);
  // One that cannot be compared hides no other.
  const { code: worst, stdout: shown, stderr } = await diff(...both, "packages/c");
  expect(worst).toBe(2);
  expect(shown).toBe(pretty);
  expect(stderr).toContain('"packages/c"');
  expect((await diff("packages/a", "packages/a", "packages/b")).code).toBe(2);
});

test("a project that is new at a revision breaks nothing, one that has moved cannot be compared", async () => {
  repository("packages/a");
  writeProject("packages/new", manifest("0.1.0").replace('"weather"', '"tides"'));
  const { code, stdout } = await diff("git:HEAD", "packages/new", "--strict");
  expect(code).toBe(0);
  expect(stdout).toMatch(/the project is new\n$/);
  writeProject("servers/a", manifest("1.2.0", {}, short));
  const moved = await diff("git:HEAD", "servers/a");
  expect(moved).toMatchObject({ code: 2, stdout: "" });
  expect(moved.stderr).toContain('"packages/a/weather.mcp.json"');
});

test("a version is raised while no build of the folder runs", async () => {
  changed(manifest("1.2.0"), manifest("1.2.0", {}, short));
  let release = (): void => undefined;
  const held = withBuildLock(
    realpathSync(folder()),
    () => new Promise<void>((resolve) => (release = resolve)),
    () => undefined,
  );
  let isDone = false;
  const raised = diff("git:HEAD", "--write-version").then((ran) => ((isDone = true), ran));
  await vi.waitFor(() => expect(waiting()).toContain("waiting for another build"), 100_000);
  expect([isDone, read("weather.mcp.json").includes("2.0.0")]).toEqual([false, false]);
  release();
  await held;
  expect((await raised).code).toBe(0);
  expect(read("weather.mcp.json")).toContain('"2.0.0"');
});

test("a variable of --env reaches a server that is started", async () => {
  const server = `
    const tools = [{ name: process.env.TOOL_NAME ?? "none", inputSchema: { type: "object" } }];
    const answers = {
      initialize: { protocolVersion: "2025-11-25", serverInfo: { name: "x", version: "1.0.0" }, capabilities: { tools: {} } },
      "tools/list": { tools },
    };
    for await (const line of (await import("node:readline")).createInterface({ input: process.stdin })) {
      const { id, method } = JSON.parse(line);
      const answer = answers[method] ? { result: answers[method] } : { error: { code: -32601, message: "unknown" } };
      if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
    }`;
  write("server.mjs", server);
  write("lists.json", JSON.stringify({ tools: [{ name: "from_env=1", inputSchema: { type: "object" } }] }));
  const side = `stdio:"${process.execPath}" server.mjs`;
  expect(await diff(side, "lists.json", "--env", "TOOL_NAME=from_env=1")).toMatchObject({
    code: 0,
    stdout: "no changes\n",
  });
  expect((await diff(side, "lists.json")).code).toBe(1);
});
