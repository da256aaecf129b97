import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { recover } from "../../compiler/host-node/commit.js";
import { keepingAll, killedAt } from "./killed-at.js";
import { cacheOf, cli, contents, copyOf, kept, mcpc, project, write, type Outcome } from "./project.js";

const noArguments = { type: "object", properties: {} };
const manifest = {
  server: { name: "small", version: { file: "./version.json" }, instructions: { file: "./about.md" } },
  tools: [
    { name: "say", description: "Speaks.", inputSchema: { type: "object", properties: { to: { $ref: "./to.json" } } } },
    { name: "other", description: "Does nothing.", inputSchema: noArguments },
  ],
};
const files = {
  "a.mcp.json": manifest,
  "version.json": { version: "1.0.0" },
  "about.md": "About.\n",
  "to.json": { type: "string", minLength: 1 },
  "src/greeting.ts": 'export const greeting = "Hello";\n',
  "src/tools/say.ts": 'import { greeting } from "../greeting.js";\nexport async function say() { return greeting; }\n',
  "src/tools/other.ts": 'export const other = () => "";\n',
};
/** Then a build with nothing to do computes all of it. */
const isVerifying = process.env["MCPC_CACHE"] === "verify";
const nothing = "small: 2 tools -> dist/server.js (nothing to do)\n";

/** The project, built once. */
let built: string;
beforeAll(() => {
  built = kept(files);
  expect(mcpc(built, "build")).toMatchObject({ code: 0, stderr: "" });
});

const edit = (path: string, from: string, to: string) => (folder: string) => {
  const file = join(folder, path);
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
};

describe("a build", () => {
  const changes: readonly [what: string, change: (folder: string) => void, told: RegExp][] = [
    ["a manifest", edit("a.mcp.json", '"other"', '"another"'), /files? written/],
    ["a schema that a manifest refers to", edit("to.json", "1", "2"), /files? written/],
    ["a file that a manifest names", edit("about.md", "About", "All about"), /files? written/],
    ["a file that has the version", edit("version.json", "1.0.0", "1.0.1"), /2 files written/],
    ["a module that a handler imports", edit("src/greeting.ts", "Hello", "Hi"), /files? written/],
    ["a module's type", edit("src/greeting.ts", '"Hello"', "7 as number"), /handler\/type-error/],
    [
      "a new manifest",
      (folder) => write(folder, { "b.mcp.json": { tools: [{ name: "new", inputSchema: noArguments }] } }),
      /3 tools/,
    ],
    ["a manifest that is gone", (folder) => rmSync(join(folder, "a.mcp.json")), /manifest\/none/],
    ["a handler of nobody's", (folder) => write(folder, { "src/tools/mine.ts": "export {};\n" }), /handler\/orphaned/],
    ["a generated file that is gone", (folder) => rmSync(join(folder, "generated", "types.ts")), /1 file written/],
    [
      "a generated file that somebody edited",
      (folder) => appendFileSync(join(folder, "generated", "types.ts"), "//\n"),
      /output\/hand-edited/,
    ],
    [
      "a bundle that somebody edited",
      (folder) => appendFileSync(join(folder, "dist", "server.js"), "//\n"),
      /1 file written/,
    ],
    [
      "a tsconfig.json that was not there",
      (folder) => write(folder, { "tsconfig.json": { compilerOptions: { strict: true } } }),
      /2 files written/,
    ],
    [
      "a file whose length and time are as they were",
      (folder) => {
        const { atime, mtime } = statSync(join(folder, "src/greeting.ts"));
        edit("src/greeting.ts", "Hello", "Howdy")(folder);
        utimesSync(join(folder, "src/greeting.ts"), atime, mtime);
      },
      /1 file written/,
    ],
    ["a damaged record", (folder) => writeFileSync(join(cacheOf(folder), "build.json"), "{"), /nothing to do/],
    ["a record of nothing", (folder) => writeFileSync(join(cacheOf(folder), "build.json"), "{}"), /nothing to do/],
    [
      "a damaged record of what files looked like",
      (folder) => writeFileSync(join(cacheOf(folder), "snapshot.json"), "{"),
      /nothing to do/,
    ],
  ];
  test.each(changes)("sees what changed since the last: %s", (_what, change, told) => {
    const folder = copyOf(built);
    const before = contents(folder);
    expect(mcpc(folder, "build", "--verbose")).toMatchObject({
      code: 0,
      stdout: nothing,
      stderr: isVerifying ? expect.any(String) : expect.stringMatching(/^compare .*\ntotal .*\n$/),
    });
    expect(contents(folder)).toEqual(before);
    change(folder);
    const { stdout, stderr } = mcpc(folder, "build");
    expect(stdout + stderr).toMatch(told);
  });

  test("sees what changed since the last: a file that tsconfig.json extends, or that was not there", () => {
    const unused = 'const unused = 1;\nexport const say = () => "";\n';
    const folder = project({ ...files, "src/tools/say.ts": unused, "tsconfig.json": { extends: "./base.json" } });
    expect(mcpc(folder, "build")).toMatchObject({ code: 1, stderr: expect.stringContaining("tsconfig/invalid") });
    for (const noUnusedLocals of [true, false]) {
      write(folder, { "base.json": { compilerOptions: { noUnusedLocals } } });
      expect(mcpc(folder, "build").code).toBe(noUnusedLocals ? 1 : 0);
    }
  });

  test("that changed nothing tells its warnings again, in check too", () => {
    const folder = project({ ...files, "src/tools/mine.ts": "export {};\n" });
    const first = mcpc(folder, "build");
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining("handler/orphaned") });
    expect(mcpc(folder, "build")).toEqual({ ...first, stdout: nothing });
    expect(mcpc(folder, "check")).toEqual({ ...first, stdout: "small: 2 tools: no errors\n" });
    expect(mcpc(folder, "check", "--strict")).toMatchObject({ code: 1 });
  });
});

test.each<[what: string, files: Record<string, unknown>]>([
  ["an empty folder", {}],
  ["a mistake in a manifest", { "a.mcp.json": { ...manifest, tools: [{ name: "say", inputSchema: { type: 7 } }] } }],
])("a build that cannot begin leaves nothing: of %s", (_, files) => {
  const folder = project(files);
  expect(mcpc(folder, "build").code).toBe(1);
  expect(readdirSync(folder)).toEqual(Object.keys(files));
});

// Root may do everything, unless its processes give that up.
const isRoot = process.getuid?.() === 0;
const restricted = isRoot ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];
const restrictedMcpc = (folder: string, ...args: string[]): Outcome => {
  const [command, ...rest] = [...restricted, "node", cli, ...args] as [string, ...string[]];
  const { status, stdout, stderr } = spawnSync(command, rest, { cwd: folder, encoding: "utf8" });
  return { code: status, stdout, stderr };
};
const mayRestrict = !isRoot || spawnSync(restricted[0]!, [...restricted.slice(1), "true"]).status === 0;
describe.runIf(process.platform !== "win32" && mayRestrict)("where the machine refuses", () => {
  test("a folder that may not be read, and then may be, is one that changed", () => {
    const folder = project({
      ...files,
      "data/b.mcp.json": { tools: [{ name: "new", inputSchema: { type: "object", properties: {} } }] },
    });
    const data = join(folder, "data");
    expect(restrictedMcpc(folder, "build")).toMatchObject({ code: 0, stdout: expect.stringContaining("3 tools") });
    chmodSync(data, 0);
    for (const command of ["build", "build", "check"])
      expect(restrictedMcpc(folder, command)).toMatchObject({ code: 0, stdout: expect.stringContaining("2 tools") });
    chmodSync(data, 0o755);
    expect(restrictedMcpc(folder, "build")).toMatchObject({ code: 0, stdout: expect.stringContaining("3 tools") });
  });

  test("a folder of sources that may not be read is named", () => {
    const folder = copyOf(built);
    chmodSync(join(folder, "src"), 0);
    for (const command of ["build", "check"])
      expect(restrictedMcpc(folder, command)).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringMatching(/^error: ".*src.*": permission denied\n$/),
      });
    chmodSync(join(folder, "src"), 0o755);
    expect(restrictedMcpc(folder, "build")).toMatchObject({ code: 0, stdout: nothing });
  });

  test("a mistake is told although nothing can be left to later builds", () => {
    const folder = copyOf(built);
    const cache = cacheOf(folder);
    for (const name of readdirSync(cache)) chmodSync(join(cache, name), 0o444);
    chmodSync(cache, 0o555);
    expect(restrictedMcpc(folder, "build")).toMatchObject({ code: 0, stdout: nothing });
    edit("to.json", "1", '"many"')(folder);
    expect(restrictedMcpc(folder, "build")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("schema/invalid"),
    });
    chmodSync(cache, 0o755);
  });
});

test("what a build takes from the last one is what it would have made anew", () => {
  const server = { name: "large", version: "1.0.0" };
  const tool = (index: number, minLength = 1) => ({
    name: `tool_${index}`,
    inputSchema: { type: "object", properties: { name: { type: "string", minLength } } },
  });
  const tools = Array.from({ length: 60 }, (_, index) => tool(index));
  const folder = project({ "a.mcp.json": { server, tools } });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const touched = [
    "generated/validators/Tool3.ts",
    "dist/chunks/validators/Tool3.js",
    "dist/chunks/listings/tools.newest.json",
    "dist/server.js",
    "mcpc.lock.json",
  ];
  const before = contents(folder);
  write(folder, { "a.mcp.json": { server, tools: tools.with(3, tool(3, 2)) } });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const after = contents(folder);
  expect(Object.keys(after).filter((path) => after[path] !== before[path])).toEqual(
    expect.arrayContaining(["a.mcp.json", ...touched.slice(0, 3)].sort()),
  );
  appendFileSync(join(folder, "dist/chunks/validators/Tool4.js"), "//\n");
  rmSync(join(folder, "dist/chunks/validators/Tool5.js"));
  rmSync(join(folder, "generated/validators/Tool6.ts"));
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stdout: expect.stringContaining("3 files written") });
  expect(contents(folder)).toEqual(after);
  expect(mcpc(folder, "build", "--force")).toMatchObject({ code: 0 });
  expect(contents(folder)).toEqual(after);
});

test.each<[what: string, change: (folder: string) => void]>([
  [
    "the first build",
    (folder) =>
      [
        cacheOf(folder),
        ...["generated", "dist", "mcpc.lock.json", "src/tools/other.ts"].map((path) => join(folder, path)),
      ].forEach((path) => rmSync(path, { recursive: true })),
  ],
  ["a build after a change", edit("a.mcp.json", '"other"', '"another"')],
])("%s, cut off at any write or within one, leaves a project that the next build puts right", (_, change) => {
  const folder = copyOf(built);
  change(folder);
  const copies = project({});
  const keeping = keepingAll({ project: folder, cache: cacheOf(folder) }, copies);
  const run = spawnSync("node", [...keeping, cli, "build", folder], { encoding: "utf8" });
  expect([run.status, run.stderr]).toEqual([0, expect.not.stringContaining("error")]);
  const states = new Map<string, string>();
  const all = readdirSync(copies).map((name) => join(copies, name));
  for (const copy of all) {
    const one = join(copy, "project");
    // What is left is found by the place of its project.
    if (existsSync(join(copy, "cache"))) cpSync(join(copy, "cache"), cacheOf(one), { recursive: true });
    recover(one);
    // What was staged there is written anew, the lock is of a process that has ended, and times differ in a copy.
    const left = Object.entries(contents(cacheOf(one))).filter(([name]) => !/\.(?:tmp|lock)$|^seen/.test(name));
    states.set(JSON.stringify([contents(one), left]), one);
  }
  expect(all.length).toBeGreaterThan(40);
  // Each is before or after one of the steps of a build: what it records or leaves to later ones, its sources, its bundle.
  expect(states.size).toBeLessThan(32);
  const ends = [...states.values()];
  expect(mcpc(folder, "build", ...ends).code).toBe(0);
  for (const one of ends) expect(contents(one)).toEqual(contents(folder));
});

// commit.test.ts has every call.
test.each([4, 20])("a build killed at write %s leaves a project that the next build puts right", async (call) => {
  const folder = copyOf(built);
  edit("a.mcp.json", '"other"', '"another"')(folder);
  const killed = spawn("node", [...killedAt(call), cli, "build", folder], { stdio: "ignore" });
  expect(await once(killed, "exit")).toEqual([null, "SIGKILL"]);
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const whole = project(files);
  edit("a.mcp.json", '"other"', '"another"')(whole);
  write(whole, { "src/tools/other.ts": readFileSync(join(folder, "src/tools/other.ts")) });
  expect(mcpc(whole, "build").code).toBe(0);
  expect(contents(folder)).toEqual(contents(whole));
});

test("two builds at once: one waits for the other, and both agree", async () => {
  const folder = project(files);
  const builds = await Promise.all(
    [0, 1].map(async () => {
      const child = spawn("node", [cli, "build", folder], { stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk));
      const [code] = (await once(child, "exit")) as [number];
      return { code, text };
    }),
  );
  expect(builds.map(({ code }) => code)).toEqual([0, 0]);
  const [second] = builds.filter(({ text }) => text.includes("nothing to do"));
  expect(second?.text).toMatch(/^(waiting for another build of this folder, process \d+ .*\n)?small: 2 tools/);
  expect(existsSync(join(folder, "dist", "server.js"))).toBe(true);
});

test("a build that ends with an error after its types were found right says so", () => {
  // So many that TypeScript has its answer before all validators are made.
  const tools = Array.from({ length: 52 }, (_, index) => ({
    name: `t${index}`,
    inputSchema: { type: "object", properties: { text: { type: "string", pattern: "^a+$", maxLength: index } } },
  }));
  const folder = project({ "a.mcp.json": { server: { name: "small", version: "1.0.0" }, tools } });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  for (const path of [join(folder, "generated/validators"), cacheOf(folder)]) rmSync(path, { recursive: true });
  appendFileSync(join(folder, "generated", "server.ts"), "//\n");
  expect(mcpc(folder, "build")).toMatchObject({ code: 1, stderr: expect.stringContaining("output/hand-edited") });
});

test("where version control changes the ends of lines, an edit leaves files that are ours, and nothing else is written", () => {
  const folder = copyOf(built);
  const generated = readdirSync(join(folder, "generated"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, "generated", path));
  for (const file of [...generated, join(folder, "mcpc.lock.json")])
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("\n", "\r\n"));
  expect(mcpc(folder, "build").stdout).toBe(nothing);
  appendFileSync(join(folder, "a.mcp.json"), "\n");
  expect(mcpc(folder, "check")).toMatchObject({ code: 0, stderr: "" });
  expect(mcpc(folder, "build").stdout).toBe(nothing);
  edit("a.mcp.json", "Speaks.", "Says it.")(folder);
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  rmSync(cacheOf(folder), { recursive: true });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "", stdout: nothing });
});

test("a name that was another tool's is made anew for the one that has it now", () => {
  const resource = { name: "five", uri: "fixed:five", text: "5" };
  const other = { name: "healthCheck", inputSchema: { type: "object", properties: { b: { type: "string" } } } };
  const health = (tools: object[], description: string) => ({
    server: { name: "health", version: "1.0.0" },
    tools,
    resources: [{ ...resource, description }],
    runtime: { health: { tool: true } },
  });
  const folder = project({ "a.mcp.json": health([other], "Five.") });
  expect(mcpc(folder, "build").code).toBe(0);
  write(folder, { "a.mcp.json": health([other], "A five.") });
  expect(mcpc(folder, "build").code).toBe(0);
  write(folder, { "a.mcp.json": health([], "A five.") });
  rmSync(join(folder, "src"), { recursive: true });
  expect(mcpc(folder, "build").code).toBe(0);
  const fresh = project({ "a.mcp.json": health([], "A five.") });
  expect(mcpc(fresh, "build").code).toBe(0);
  expect(contents(folder)).toEqual(contents(fresh));
});

test("a change of shared definitions is seen where no entry uses them", () => {
  const types = (type: string) => ({ server: { name: "types", version: "1.0.0" }, $defs: { Size: { type } } });
  const folder = project({ "a.mcp.json": types("string") });
  expect(mcpc(folder, "build").code).toBe(0);
  write(folder, { "a.mcp.json": types("number") });
  expect(mcpc(folder, "build").code).toBe(0);
  expect(readFileSync(join(folder, "generated/types.ts"), "utf8")).toContain("export type Size = number;");
});

test("a file where a folder is needed is named", () => {
  const folder = project({ ...files, generated: "" });
  const { code, stderr } = mcpc(folder, "build");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/^error: "generated\/.*": a file exists where a folder is needed\n$/),
  });
});

test("a file among many validators that is none of ours is nobody's", () => {
  const tool = (index: number) => ({ name: `t${index}`, description: `Does ${index}.`, inputSchema: noArguments });
  const tools = Array.from({ length: 70 }, (_, index) => tool(index));
  const folder = project({ "a.mcp.json": { server: { name: "small", version: "1.0.0" }, tools } });
  expect(mcpc(folder, "build").code).toBe(0);
  write(folder, { "generated/validators/AAA.ts": "let let = ;\n" });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/nothing to do/) });
});

test("a build that ends early leaves nothing to that of the next folder", () => {
  const [edited, mistaken] = [copyOf(built), copyOf(built)];
  appendFileSync(join(edited, "generated", "types.ts"), "//\n");
  write(mistaken, { "src/greeting.ts": "export const greeting = 7;\n" });
  const { code, stderr } = mcpc(edited, "build", edited, mistaken);
  expect(code).toBe(1);
  expect(stderr).toContain("output/hand-edited");
  expect(stderr).toContain("handler/type-error");
});

test("--verbose tells each phase once, in order: of a first build, and of one after a handler has changed", () => {
  const folder = project(files);
  const laps = (): string[] =>
    mcpc(folder, "build", "--verbose")
      .stderr.split("\n")
      .flatMap((line) => /^(\S+) +\d+ ms$/.exec(line)?.[1] ?? []);
  const last = ["emit", "write", "type-check", "bundle", "total"];
  expect(laps()).toEqual(["compare", "read", "check", "lower", "lint", ...last]);
  appendFileSync(join(folder, "src/tools/other.ts"), "// changed\n");
  expect(laps()).toEqual(["compare", ...(isVerifying ? ["read", "check", "lower", "lint"] : []), ...last]);
});
