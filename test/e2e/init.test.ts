import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { templates, type Template } from "../../compiler/init/project.js";
import { clients, serveHttp, serveHttpWith } from "./clients.js";
import { startIssuer } from "./issuer.js";
import { contents, mcpc, project, type Outcome } from "./project.js";

const root = join(import.meta.dirname, "..", "..");
const { version } = JSON.parse(fs.readFileSync(join(root, "compiler/package.json"), "utf8")) as { version: string };

/** Runs `npm test` of a project, with the packages of this repository. */
function npmTest(folder: string): Outcome {
  fs.symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const { VITEST: _, NODE_OPTIONS: __, CI: ___, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync("npm", ["test"], { cwd: folder, env, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

describe.each(templates)("a new project of the template %s", (template) => {
  test("passes its tests, has no warning, and is as mcpc init wrote it after a build", () => {
    const folder = join(project({}), "demo");
    expect(mcpc(join(folder, ".."), "init", "demo", "--yes", "--template", template)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^demo: a new \w+ server, \d+ files written\nnext:\n  cd demo\n  npm install\n/),
      stderr: "",
    });
    const written = contents(folder);
    for (const [path, text] of Object.entries(written)) expect(text, path).not.toContain("my-server");
    const tested = npmTest(folder);
    expect([tested.stdout, tested.stderr, tested.code]).toEqual([expect.any(String), expect.any(String), 0]);
    expect(mcpc(folder, "check", "--strict")).toMatchObject({ code: 0, stderr: "" });
    expect(contents(folder)).toMatchObject(written);
  });
});

const audience = "https://mcp.example.com/mcp";

interface Running {
  /** The address, or the script for a server on stdio. */
  readonly target: URL | string;
  readonly headers?: Record<string, string>;
  stop(): Promise<void>;
}

/** Starts the built server of a template, as a client that may use it reaches it. */
async function start(template: Template, script: string): Promise<Running> {
  if (template === "minimal") return { target: script, stop: async () => {} };
  if (template === "http") {
    const { url, stop } = await serveHttp(script);
    return { target: url, stop };
  }
  const issuer = await startIssuer(audience);
  const server = await serveHttpWith({ OAUTH_ISSUER: issuer.url, OAUTH_AUDIENCE: audience }, script);
  const token = await issuer.token((payload) => Object.assign(payload, { scope: "profile", name: "Ada" }));
  return {
    target: server.url,
    headers: { authorization: `Bearer ${token}` },
    stop: async () => {
      await server.stop();
      await issuer.stop();
    },
  };
}

test.each(templates)("the official clients call the server of the template %s", async (template) => {
  const folder = project({});
  mcpc(folder, "init", "--yes", "--template", template);
  fs.symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const { target, headers, stop } = await start(template, join(folder, "dist/server.js"));
  try {
    for (const { name, connect } of clients) {
      const client = await connect(target, headers);
      const words = await client.callTool({ name: "count_words", arguments: { text: "one two three" } });
      expect([name, words.structuredContent]).toEqual([name, { words: 3, minutes: 0.01 }]);
      expect((await client.listResources()).resources).toMatchObject([{ uri: "reading://speeds" }]);
      expect(await client.getPrompt({ name: "shorten", arguments: { text: "It is." } })).toMatchObject({
        messages: [{ content: { text: "Shorten this text to at most 100 words:\n\nIt is." } }],
      });
      if (template === "oauth")
        expect(await client.callTool({ name: "who_am_i" })).toMatchObject({ structuredContent: { name: "Ada" } });
      await client.close();
    }
  } finally {
    await stop();
  }
});

test("versions of packages in the templates are those of this repository", () => {
  const ours = JSON.parse(fs.readFileSync(join(root, "package.json"), "utf8")) as Packages;
  for (const layer of ["common", "http", "oauth"]) {
    const { devDependencies = {} } = JSON.parse(
      fs.readFileSync(join(root, "compiler/templates", layer, "package.json"), "utf8"),
    ) as Partial<Packages>;
    for (const [name, range] of Object.entries(devDependencies))
      expect([name, range]).toEqual([
        name,
        /^(@mcpc\/runtime|mcpc)$/.test(name) ? `^${version}` : ours.devDependencies[name],
      ]);
  }
});
interface Packages {
  readonly devDependencies: Readonly<Record<string, string>>;
}

test("a folder with files keeps them, and a package.json gets what it lacks", () => {
  const own = { name: "mine", version: "2.0.0", scripts: { test: "mocha" }, devDependencies: { mocha: "^11.0.0" } };
  const folder = project({ "README.md": "# Mine\n", "package.json": JSON.stringify(own, null, "\t") });
  expect(mcpc(folder, "init", "--yes", "--name", "words")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("  README.md was there already, and is as it was\n"),
  });
  const text = fs.readFileSync(join(folder, "package.json"), "utf8");
  const { type, scripts, devDependencies, ...rest } = JSON.parse(text);
  expect(rest).toEqual({ name: "mine", version: "2.0.0" });
  expect(type).toBe("module");
  expect(scripts).toMatchObject({ test: "mocha", build: "mcpc build" });
  expect(devDependencies).toMatchObject({ mocha: "^11.0.0", mcpc: `^${version}` });
  expect(text).toContain('\n\t"name"');
  expect(fs.readFileSync(join(folder, "README.md"), "utf8")).toBe("# Mine\n");
  expect(fs.readFileSync(join(folder, "server.mcp.json"), "utf8")).toContain('"name": "words"');
});

test.each<[what: string, files: Record<string, unknown>, args: string[], message: RegExp]>([
  ["a project", { "a.mcp.json": {} }, [], /^error: \. is a project already: it has a\.mcp\.json\n$/],
  ["a name that npm refuses", {}, ["--name", "A;b"], /^error: the name "A;b" must have the form/],
  ["an unknown template", {}, ["--template", "x"], /Allowed choices are minimal, http, oauth\./],
  ["a package.json that is none", { "package.json": "[1]" }, [], /^error: "package\.json" cannot be read: it is not/],
  ["a file in place of the folder", { demo: "text" }, ["demo"], /^error: .*demo/],
])("%s is refused, and nothing is written", (_, files, args, message) => {
  const folder = project(files);
  const before = contents(folder);
  expect(mcpc(folder, "init", "--yes", ...args)).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(message),
  });
  expect(contents(folder)).toEqual(before);
});

test.each([
  ["Weather Station", "weather-station"],
  ["Über_uns", "uber-uns"],
  ["2nd", "nd"],
  ["天気", "my-server"],
])("the server of a folder %j has the name %j", (folder, name) => {
  const parent = project({});
  expect(mcpc(parent, "init", folder, "--yes").stdout).toContain(`${name}: a new minimal server`);
});

test("without a terminal, nothing is asked", async () => {
  const folder = project({});
  // Standard input stays open: a question would wait for ever.
  const process = spawn("node", [join(root, "compiler/dist/cli.js"), "init"], { cwd: folder });
  let stdout = "";
  process.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
  expect(await once(process, "exit")).toEqual([0, null]);
  expect(stdout).toContain("a new minimal server");
});
