import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  anchorsOf,
  blocksOf,
  blocksTestedBy,
  deadLinks,
  originOf,
  root,
  stepsOf,
  textOf,
  withoutTimes,
} from "./documents.js";
import { clone, install, npm, pack, packages } from "./packing.js";

const readme = textOf("README.md");
let tarballs: ReadonlyMap<string, string>;
let folder: string;

const blocks = blocksOf(readme);
/** The project that the README's tutorial makes. */
const tutorial = "fixtures/tutorial/";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpc-packed-"));
  clone(join(folder, "clone"));
  tarballs = pack(join(folder, "clone"), folder);
}, 1_800_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(packages)("the package of %s", (name) => {
  test("holds what its users need and nothing else", () => {
    const files = execFileSync("tar", ["-tzf", tarballs.get(name)!], { encoding: "utf8" })
      .trim()
      .split("\n");
    const allowed =
      /^package\/(action\/action\.yml|templates\/.*|create\.js|dist\/.*\.(c?js|d\.ts)|dist\/o200k_base\.tokens|fixtures\/invalid\/.*expected\.txt|mcp\.schema\.json|docs\/[a-z-]+\.(md|svg)|docs\/README\.md|README\.md|LICENSE|package\.json)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    const program = { compiler: "dist/cli.js", runtime: "dist/index.js", "compiler/create": "create.js" }[name];
    expect(files).toContain(`package/${program}`);
    expect(files).toContain("package/LICENSE");
    expect(files).toContain("package/README.md");
    if (name === "compiler") {
      expect(files).toContain("package/mcp.schema.json");
      expect(files.some((file) => file.endsWith("expected.txt"))).toBe(true);
    }
  });

  test("has pages whose links lead to what it holds", () => {
    execFileSync("tar", ["-xzf", tarballs.get(name)!, "--one-top-level=" + name], { cwd: folder });
    const top = join(folder, name, "package");
    const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();
    const pages = readdirSync(top, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"));
    expect(pages).toContain(name === "compiler" ? join("docs", "README.md") : "README.md");
    for (const page of pages) {
      const at = (path: string): string => (path === "" ? join(top, page) : join(top, dirname(page), path));
      const headings = (path: string): string[] => anchorsOf(readFileSync(at(path), "utf8"));
      expect(
        deadLinks(readFileSync(join(top, page), "utf8"), (path) => isFile(at(path)), headings),
        page,
      ).toEqual([]);
    }
  });

  test("is published as it should be, for every way of importing", async () => {
    const data = new Uint8Array(readFileSync(tarballs.get(name)!));
    const { messages } = await publint({ pack: { tarball: data.buffer as ArrayBuffer }, strict: true });
    expect(messages).toEqual([]);
    const analysis = await checkPackage(createPackageFromTarballData(data));
    const problems = "problems" in analysis ? analysis.problems : [];
    // An ES module has no other form; older resolution cannot see `exports` at all.
    expect(problems.filter(({ kind }) => !["CJSResolvesToESM", "NoResolution"].includes(kind))).toEqual([]);
  });
});

test("the tutorial, step by step, in an empty folder, with the packed packages", () => {
  const project = join(folder, "greeter");
  mkdirSync(project);
  const shown: string[] = [];
  const own = blocksTestedBy("README.md", "test/house/packages.test.ts");
  expect(own.length).toBeGreaterThan(4);
  for (const { language, text } of own)
    expect(language === "console" || /^npm (init|install|pkg) /.test(text), text).toBe(true);
  for (const block of blocks) {
    const { language, text } = block;
    const origin = originOf(block);
    if (typeof origin === "string") throw new Error(origin);
    if (origin.kind === "tested" && language === "sh" && text.includes("npm install")) {
      for (const line of text.trim().split("\n")) {
        const words = line
          .split(" ")
          .slice(1)
          .map((word) =>
            word === "mcpc" ? tarballs.get("compiler")! : word === "@mcpc/runtime" ? tarballs.get("runtime")! : word,
          );
        npm(project, ...words, ...(words.includes("install") ? ["--prefer-offline", "--no-audit", "--no-fund"] : []));
      }
    } else if (origin.kind === "excerpt" && origin.path.startsWith(tutorial)) {
      const file = join(project, origin.path.slice(tutorial.length));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      shown.push(origin.path);
      expect(readFileSync(join(root, origin.path), "utf8"), "a whole file").toBe(text);
    } else if (origin.kind === "tested" && language === "console") {
      for (const { command, printed } of stepsOf(text)) {
        const { stdout, status } = spawnSync("sh", ["-c", command], { cwd: project, encoding: "utf8" });
        expect([command, withoutTimes(stdout.trimEnd()), status]).toEqual([command, printed, 0]);
      }
    }
  }
  expect(shown.length).toBe(3);
  expect(readdirSync(join(project, "dist"))).toContain("server.js");
  const explained = spawnSync("npx", ["mcpc", "explain", "name/duplicate"], { cwd: project, encoding: "utf8" });
  expect(explained.stdout).toContain("For example:");
});

test("a new project, step by step, in an empty folder, with the packed packages", () => {
  const parent = join(folder, "new");
  mkdirSync(parent);
  npm(parent, "init", "-y");
  const packed = [tarballs.get("compiler")!, tarballs.get("runtime")!];
  install(parent, ...packed);
  const [block] = blocksTestedBy("docs/project.md", "test/house/packages.test.ts");
  const [{ command, printed } = { command: "", printed: "" }] = stepsOf(block!.text);
  expect(spawnSync("sh", ["-c", command], { cwd: parent, encoding: "utf8" })).toMatchObject({
    stdout: `${printed}\n`,
    status: 0,
  });
  install(parent, tarballs.get("compiler/create")!);
  // `npm create mcpc` runs this command.
  const created = spawnSync("npx", ["create-mcpc", "other", "--template", "http"], { cwd: parent, encoding: "utf8" });
  expect([created.stdout, created.status]).toEqual([expect.stringMatching(/^other: a new http server/), 0]);
  const demo = join(parent, "demo");
  // The packages are not published: their tarballs take the place of the versions.
  install(demo, "--save-dev", ...packed);
  const steps = "npm test && npx mcpc check --strict && npx mcpc build";
  const { VITEST: _, NODE_OPTIONS: __, ...env } = process.env;
  expect(spawnSync("sh", ["-c", steps], { cwd: demo, env, encoding: "utf8" })).toMatchObject({
    stdout: expect.stringContaining("demo: 1 tool, 1 resource, 1 prompt: no errors"),
    status: 0,
  });
  const request = {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "count_words", arguments: { text: "a b" } },
  };
  const initialize = {
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
  };
  const input = [initialize, request].map((message) => `${JSON.stringify(message)}\n`).join("");
  const { stdout } = spawnSync("node", ["dist/server.js"], { cwd: demo, input, encoding: "utf8" });
  expect(stdout).toContain('"structuredContent":{"words":2,"minutes":0.01}');
});

test("every command that the README names exists", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const [, script] of readme.matchAll(/^npm (?:run )?(quickstart|test)\b/gm))
    expect(scripts).toHaveProperty([script!]);
  const help = spawnSync("node", [join(root, "compiler/dist/cli.js"), "--help"], { encoding: "utf8" }).stdout;
  for (const [, command] of readme.matchAll(/^\| `mcpc (\w+)/gm)) expect(help).toContain(`  ${command} `);
  const options = spawnSync("node", [join(root, "compiler/dist/cli.js"), "build", "--help"], {
    encoding: "utf8",
  }).stdout;
  for (const option of ["--format", "--strict", "--verbose"]) expect(options).toContain(option);
});

test("the quickstart shows a call", () => {
  const { stdout, status } = spawnSync("node", [join(root, "test", "quickstart.mjs")], { encoding: "utf8" });
  expect(status).toBe(0);
  expect(stdout).toContain('{"city":"Oslo","temperature":3,"unit":"celsius","conditions":"snow"}');
  expect(stdout).toContain("error: No such city: Atlantis.");
});
