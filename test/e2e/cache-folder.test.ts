import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { cacheFolder } from "../../compiler/host-node/cache-folder.js";
import { recover } from "../../compiler/host-node/commit.js";
import { temporaryFolder } from "../../compiler/host-node/temporary-folder.js";
import { cacheOf, contents, kept, mcpc, project, write, type Outcome } from "./project.js";

const manifest = {
  server: { name: "small", version: "1.0.0" },
  tools: [
    {
      name: "say",
      description: "Says something.",
      inputSchema: { type: "object", properties: {} },
      examples: [{ arguments: {} }],
    },
  ],
};
const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** Runs the command with these variables besides. */
const inEnvironment = (env: Record<string, string>, cwd: string, ...args: string[]): Outcome => {
  const restore = setVariables(env);
  try {
    return mcpc(cwd, ...args);
  } finally {
    restore();
  }
};

/** Sets variables until the test ends. */
const within = (variables: Record<string, string>): void => onTestFinished(setVariables(variables));

/** Returns what undoes it. */
function setVariables(variables: Record<string, string>): () => void {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  return () => {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  };
}

describe("a journal is input", () => {
  const stage = ".mcpc-0123456789ab-0.tmp";
  const text = "not mine\n";
  const move = (target: string, more: object = {}) => ({
    state: "moving",
    moves: [{ stage: join(dirname(target), stage), target, before: null, after: sha256(text), ...more }],
    removals: [],
  });
  const removal = (target: string) => ({
    state: "moving",
    moves: [],
    removals: [{ target, before: sha256("precious\n") }],
  });

  /** A project beside a folder that is none of its own. */
  function begin(journal: unknown): { readonly above: string; readonly folder: string } {
    const above = project({
      "beside/precious.txt": "precious\n",
      [`beside/${stage}`]: text,
      "p/a.mcp.json": manifest,
      [`p/src/${stage}`]: text,
      [`p/.git/hooks/${stage}`]: text,
      [`p/node_modules/own/${stage}`]: text,
      "p/src/mine.ts": "precious\n",
    });
    const folder = join(above, "p");
    fs.symlinkSync("../beside", join(folder, "linked"));
    fs.writeFileSync(
      join(cacheOf(folder), "commit.json"),
      typeof journal === "string" ? journal : JSON.stringify(journal),
    );
    return { above, folder };
  }

  test.each<[what: string, journal: unknown]>([
    ["moves a file out of the project", move("../beside/.profile")],
    ["replaces a file outside the project", move("../beside/precious.txt", { before: sha256("precious\n") })],
    ["removes a file outside the project", removal("../beside/precious.txt")],
    ["goes by a link out of the project", move("linked/.profile")],
    ["removes a file by a link out of the project", removal("linked/precious.txt")],
    ["goes out of the project by a detour", move("src/../../beside/.profile")],
    ["names an absolute path", removal("/etc/hostname")],
    ["names the project itself", removal(".")],
    ["makes a hook of version control", move(".git/hooks/post-checkout")],
    ["changes what is installed", move("node_modules/own/index.js")],
    ["moves a file of another name", move("src/new.ts", { stage: "src/mine.ts", after: sha256("precious\n") })],
    ["moves a file of another folder", move("src/new.ts", { stage: `.git/hooks/${stage}` })],
    ["removes a stage of another folder", { ...move("src/new.ts", { stage: `../beside/${stage}` }), state: "staging" }],
    ["names a file with a NUL", removal("src/\0mine.ts")],
    ["is in no known state", { ...move("src/new.ts"), state: "done" }],
    ["has no list of moves", { state: "moving", removals: [] }],
    ["has a move that is none", { state: "moving", moves: [null], removals: [] }],
    ["does not say what was there", { state: "moving", moves: [], removals: [{ target: "src/mine.ts" }] }],
    ["is not JSON", "{"],
    ["is nothing", "null"],
  ])("one that %s is refused, and nothing is touched", (_, journal) => {
    const { above, folder } = begin(journal);
    const before = contents(above);
    expect(() => recover(folder)).toThrow(
      /commit\.json" is not left by an interrupted build; remove it, and build again$/,
    );
    expect(contents(above)).toEqual(before);
  });

  test("one whose files have other contents than it says moves and removes nothing", () => {
    const forged = {
      ...move("src/new.ts", { after: sha256("another") }),
      removals: [{ target: "src/mine.ts", before: sha256("mine") }],
    };
    const { folder } = begin(forged);
    const { [`src/${stage}`]: _, ...before } = contents(folder);
    recover(folder);
    expect(contents(folder)).toEqual(before);
  });

  test("a file that was changed since a build was killed keeps the change", () => {
    const { folder } = begin(move("src/mine.ts", { before: sha256("what it was") }));
    recover(folder);
    expect(fs.readFileSync(join(folder, "src/mine.ts"), "utf8")).toBe("precious\n");
    expect(fs.existsSync(join(folder, "src", stage))).toBe(false);
  });

  test("one that is right is followed", () => {
    const { folder } = begin({ ...move("src/new.ts"), removals: removal("src/mine.ts").removals });
    recover(folder);
    expect(fs.readdirSync(join(folder, "src"))).toEqual(["new.ts"]);
    expect(fs.existsSync(join(cacheOf(folder), "commit.json"))).toBe(false);
  });

  test("without one, what a killed build has staged is removed: a project that was moved", () => {
    const { folder } = begin("null");
    fs.rmSync(join(cacheOf(folder), "commit.json"));
    recover(folder);
    expect(fs.existsSync(join(folder, "src", stage))).toBe(false);
    expect(fs.existsSync(join(folder, "node_modules/own", stage))).toBe(true);
  });

  test("the command says so, and how to go on", () => {
    const { folder } = begin(removal("../beside/precious.txt"));
    const journal = join(cacheOf(folder), "commit.json");
    const refused = mcpc(folder, "build");
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain(JSON.stringify(journal));
    fs.rmSync(journal);
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  });
});

describe("what comes with a project", () => {
  test("is no journal, and nothing that a build takes for its own", () => {
    const above = project({ "precious.txt": "precious\n", "p/a.mcp.json": manifest, "p/profile.txt": "echo OWNED\n" });
    const folder = join(above, "p");
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
    const left = cacheOf(folder);
    fs.cpSync(left, join(folder, "node_modules/.cache/mcpc"), { recursive: true });
    fs.rmSync(left, { recursive: true });
    write(folder, {
      "node_modules/.cache/mcpc/commit.json": {
        state: "moving",
        moves: [{ stage: "profile.txt", target: "../.profile" }],
        removals: ["../precious.txt"],
      },
      // Each of them would end a build that reads it.
      "node_modules/.cache/mcpc/runtime": "forged",
      "node_modules/.cache/mcpc/build.json": "{",
    });
    const before = contents(above);
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    expect(contents(above)).toEqual(before);
  });

  test("may lie with packages that are installed behind a link", () => {
    const above = project({ "packages/x": "", "p/a.mcp.json": manifest });
    const folder = join(above, "p");
    fs.symlinkSync(join(above, "packages"), join(folder, "node_modules"));
    const made = temporaryFolder(folder, "dev");
    expect(fs.realpathSync(made).startsWith(fs.realpathSync(join(above, "packages", ".cache", "mcpc")))).toBe(true);
    fs.rmSync(made, { recursive: true });
    expect(mcpc(folder, "test").stderr).not.toContain("leads outside");
    expect(fs.readdirSync(join(above, "packages", ".cache", "mcpc"))).toEqual([]);
  });

  test.each(["node_modules/.cache", "node_modules/.cache/mcpc"])("is no link by which %s leads out of it", (path) => {
    const above = project({ "outside/x": "", "p/a.mcp.json": manifest });
    const folder = join(above, "p");
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true });
    fs.symlinkSync(join(above, "outside"), join(folder, path));
    for (const use of ["dev", "test"] as const)
      expect(() => temporaryFolder(folder, use)).toThrow('"node_modules/.cache/mcpc" leads outside the project');
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
    expect(mcpc(folder, "test")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("leads outside the project"),
    });
    expect(fs.readdirSync(join(above, "outside"))).toEqual(["x"]);
  });

  test("is no link where a file is to be staged", () => {
    const above = project({ "victim.txt": "precious\n", "p/a.mcp.json": manifest });
    const folder = join(above, "p");
    const left = cacheOf(folder);
    for (const name of ["build.json.tmp", "seen.json.tmp", "commit.json.tmp", "snapshot.json", "build.json"])
      fs.symlinkSync(join(above, "victim.txt"), join(left, name));
    for (const _ of [1, 2]) expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
    expect(fs.readFileSync(join(above, "victim.txt"), "utf8")).toBe("precious\n");
    expect(fs.lstatSync(join(left, "build.json")).isFile()).toBe(true);
  });

  test("is no link to nowhere by which a new file would be made outside", () => {
    const above = project({ "p/a.mcp.json": { ...manifest, build: { source: "code" } } });
    fs.symlinkSync(join(above, "new"), join(above, "p/code"));
    expect(mcpc(join(above, "p"), "build").code).not.toBe(0);
    expect(fs.readdirSync(above)).toEqual(["p"]);
  });
});

describe("the folder for what builds leave", () => {
  const root = (): string => fs.realpathSync(project({}));
  const hasModes = process.platform !== "win32";
  const ofTemporary = (temporary: string): string => join(temporary, `mcpc-${process.geteuid?.() ?? "user"}`);

  const unusable: [what: string, prepare: (folder: string) => void][] = [
    ["others may write into", (folder) => (fs.mkdirSync(folder), fs.chmodSync(folder, 0o777))],
    ["the group may write into", (folder) => (fs.mkdirSync(folder), fs.chmodSync(folder, 0o770))],
    ["is a link", (folder) => (fs.mkdirSync(`${folder}-other`), fs.symlinkSync(`${folder}-other`, folder))],
    ["is a link to nowhere", (folder) => fs.symlinkSync(`${folder}-other`, folder)],
    ["is a file", (folder) => fs.writeFileSync(folder, "")],
  ];
  if (process.geteuid?.() === 0)
    unusable.push(["belongs to another user", (folder) => (fs.mkdirSync(folder), fs.chownSync(folder, 65534, 65534))]);
  test.runIf(hasModes).each(unusable)("is none that %s", (_, prepare) => {
    const [caches, temporary, own] = [root(), root(), root()] as const;
    within({ XDG_CACHE_HOME: caches, TMPDIR: temporary });
    prepare(join(caches, "mcpc"));
    expect(dirname(cacheFolder(own)!.path)).toBe(ofTemporary(temporary));
    fs.rmSync(ofTemporary(temporary), { recursive: true });
    prepare(ofTemporary(temporary));
    expect(cacheFolder(own)).toBeUndefined();
  });

  test("may be missing: builds work, and wait for nobody", () => {
    const folder = project({ "a.mcp.json": manifest });
    const none = join(folder, "a.mcp.json");
    const env = { XDG_CACHE_HOME: none, TMPDIR: none, TMP: none, TEMP: none };
    for (const told of ["files written", "nothing to do"])
      expect(inEnvironment(env, folder, "build")).toMatchObject({
        code: 0,
        stderr: "",
        stdout: expect.stringContaining(told),
      });
    write(folder, { "generated/types.ts": "mine\n" });
    expect(inEnvironment(env, folder, "check")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("output/hand-edited"),
    });
  });

  test("does not grow without end: what was not used for a month goes", () => {
    const caches = root();
    within({ XDG_CACHE_HOME: caches });
    const [one, other] = [cacheFolder(root())!, cacheFolder(root())!];
    one.write("a", "text");
    const long = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000);
    fs.utimesSync(one.path, long, long);
    const third = cacheFolder(root())!;
    expect(fs.readdirSync(join(caches, "mcpc")).sort()).toEqual(
      [other, third].map(({ path }) => basename(path)).sort(),
    );
  });
});

const isVerifying = process.env["MCPC_CACHE"] === "verify";
const other = /the cache holds another/;

describe("what a forger writes into that folder", () => {
  let folder: string;
  /** A build, and then a letter of its manifest is another one: the rest is what builds have left. */
  beforeAll(() => {
    folder = kept({ "a.mcp.json": manifest });
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
    const left = cacheOf(folder);
    const { compiler } = JSON.parse(fs.readFileSync(join(left, "build.json"), "utf8")) as { compiler: string };
    type Runtime = Map<string, { readonly texts: Map<string, string> }>;
    const runtime = deserialize(fs.readFileSync(join(left, "runtime.cache")).subarray(32)) as Runtime;
    for (const { texts } of runtime.values())
      for (const [path, text] of texts) texts.set(path, text.replaceAll("-32601", "-66666"));
    const body = serialize(runtime);
    const seal = createHash("sha256").update(compiler).update(body).digest();
    fs.writeFileSync(join(left, "runtime.cache"), Buffer.concat([seal, body]));
    write(folder, { "a.mcp.json": { ...manifest, server: { name: "small", version: "1.0.1" } } });
  });
  const bundle = (): string => fs.readFileSync(join(folder, "dist/server.js"), "utf8");

  test("is believed by a build of the same user, so that the next tests say something", () => {
    // Only a build that verifies its caches notices.
    if (isVerifying)
      return expect(mcpc(folder, "build")).toMatchObject({ code: 1, stderr: expect.stringMatching(other) });
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
    expect(bundle()).toContain("-66666");
  });

  test.each<[what: string, env: Record<string, string>, args: readonly string[]]>([
    ["where CI is set", { CI: "true" }, []],
    ["with --no-cache", {}, ["--no-cache"]],
    ["with --force", {}, ["--force"]],
  ])("reaches no bundle %s", (_, env, args) => {
    fs.rmSync(join(folder, "dist"), { recursive: true, force: true });
    const left = contents(cacheOf(folder));
    expect(inEnvironment(env, folder, "build", ...args)).toMatchObject({ code: 0, stderr: "" });
    expect(bundle()).not.toContain("-66666");
    if (!args.includes("--force")) expect(contents(cacheOf(folder))).toEqual(left);
  });

  test("hides nothing from mcpc check where CI is set, or with --no-cache", () => {
    const folder = project({ "a.mcp.json": manifest });
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
    write(folder, { "src/tools/say.ts": "export const say = 7;\n" });
    const record = join(cacheOf(folder), "build.json");
    type BuildRecord = { readonly trace: { readonly files: Record<string, string | null> } };
    const { trace, ...genuine } = JSON.parse(fs.readFileSync(record, "utf8")) as BuildRecord;
    const files = { ...trace.files, "src/tools/say.ts": sha256("export const say = 7;\n") };
    fs.writeFileSync(record, JSON.stringify({ ...genuine, trace: { ...trace, files } }));
    expect(mcpc(folder, "check")).toMatchObject({ code: isVerifying ? 1 : 0 });
    const wrong = { code: 1, stderr: expect.stringContaining("handler/type-error") };
    expect(inEnvironment({ CI: "1" }, folder, "check")).toMatchObject(wrong);
    expect(mcpc(folder, "check", "--no-cache")).toMatchObject(wrong);
  });
});
