import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { blocksTestedBy } from "../../house/documents.js";
import { kept, mcpc, mcpcProcess, project, write } from "../project.js";
import { rawStdio } from "../raw-stdio.js";

const upstream = join(import.meta.dirname, "..", "..", "runtime", "upstream-server.mjs");
const [manifest, handler] = blocksTestedBy("docs/proxy.md", "test/e2e/proxy/guide.test.ts");

describe("the guide", () => {
  const folder = kept({ "front.mcp.json": manifest!.text, "src/tools/steps.ts": handler!.text, "notes/x": "" });
  beforeAll(() => {
    cpSync(upstream, join(folder, "notes", "upstream-server.mjs"));
    expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  });

  test("builds a server that passes calls on, with code in front of one tool", async () => {
    const env = { NOTES_API_KEY: "k", SEARCH_AUTHORIZATION: "a" };
    const server = rawStdio("node", [join(folder, "dist/server.js")], folder, env);
    await server.initialize();
    const call = (name: string, input: object): Promise<any> =>
      server.request("tools/call", { name, arguments: input });
    expect((await call("pid", {})).result.content[0].text).toMatch(/^\d+$/);
    const { result } = await call("steps", { count: 2 });
    expect(result.content.map(({ text }: { text: string }) => text)).toEqual(["done", "twice as many"]);
    const refused = await call("steps", { count: 11 });
    expect(refused.result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('"count"') }] });
    process.kill(server.pid);
    await server.exited;
  });

  test("names the variables in --help, and refuses to start without them", () => {
    const run = (...options: string[]) =>
      spawnSync("node", [join(folder, "dist/server.js"), ...options], { encoding: "utf8", input: "" });
    expect(run("--help").stdout).toMatch(
      /NOTES_API_KEY\s+the variable API_KEY of the upstream "notes" \(secret, required\)/,
    );
    expect(run()).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/NOTES_API_KEY is not set\n\s+SEARCH_AUTHORIZATION is not set/),
    });
  });

  test("keeps upstreams out of the bundle of a server that has none", () => {
    const other = project({
      "a.mcp.json": {
        server: { name: "a", version: "1.0.0" },
        tools: [{ name: "t", inputSchema: { type: "object", properties: {} } }],
      },
    });
    expect(mcpc(other, "build")).toMatchObject({ code: 0 });
    const { sources } = JSON.parse(readFileSync(join(other, "dist/server.js.map"), "utf8")) as { sources: string[] };
    expect(sources.filter((source) => /upstream/.test(source))).toEqual([]);
  });
});

describe("mcpc import --handlers proxy", () => {
  const source = `stdio:node ${JSON.stringify(upstream)}`;
  const read = (folder: string): any => JSON.parse(readFileSync(join(folder, "upstream.mcp.json"), "utf8"));

  test("is described by --help", () => {
    expect(mcpcProcess(project({}), "import", "--help").stdout).toMatch(/--handlers <kind>\s+what answers calls/);
  });

  test("defines the upstream, and takes values of variables from the environment", () => {
    const folder = project({});
    const { code, stdout } = mcpc(folder, "import", source, "--handlers", "proxy", "--env", "KEY=secret");
    expect([code, stdout]).toEqual([0, expect.stringContaining("next: set KEY for the built server, then mcpc build")]);
    const text = readFileSync(join(folder, "upstream.mcp.json"), "utf8");
    expect(text).not.toContain("secret");
    const { upstreams, tools } = JSON.parse(text);
    expect(upstreams).toEqual({ upstream: { command: "node", args: [upstream], env: { KEY: { env: "KEY" } } } });
    expect(new Set(tools.map((tool: any) => tool.upstream))).toEqual(new Set(["upstream"]));
  });

  test("leaves alone what was changed, and goes on without the option", () => {
    const folder = project({});
    expect(mcpc(folder, "import", source, "--handlers", "proxy")).toMatchObject({ code: 0 });
    const changed = read(folder);
    delete changed.tools[0].upstream;
    changed.tools.pop();
    changed.upstreams.upstream.cwd = "elsewhere";
    write(folder, { "upstream.mcp.json": changed });
    expect(mcpc(folder, "import", source)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("0 added, 0 changed, 0 gone upstream"),
    });
    expect(read(folder)).toEqual(changed);
  });

  test("refuses a file, which answers no calls", () => {
    const folder = project({ "lists.json": { tools: [] } });
    expect(mcpc(folder, "import", "lists.json", "--handlers", "proxy")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--handlers proxy needs a server that answers calls"),
    });
  });
});

describe("mistakes", () => {
  const tool = { name: "t", inputSchema: { type: "object", properties: {} } };
  test.each([
    [{ a: { command: "x" } }, { upstream: "b" }, 'no upstream is named "b"'],
    [{ a: { command: "x" } }, { upstream: "a", handler: "./h.ts#t" }, 'several sources: "handler", "upstream"'],
    [{ a: { command: "x", url: "http://x" } }, {}, 'several sources: "command", "url"'],
    [{ a: {} }, {}, 'the upstream "a" has neither a "command" nor a "url"'],
    [{ a: { url: "http://x", cwd: "y" } }, {}, '"cwd" belongs to an upstream with a "command"'],
    [{ "A-b": { url: "http://x" } }, {}, "the name of an upstream is a lower-case letter"],
  ])("%j with %j", (upstreams, more, message) => {
    const server = { name: "a", version: "1.0.0" };
    const folder = project({ "a.mcp.json": { server, upstreams, tools: [{ ...tool, ...more }] } });
    expect(mcpc(folder, "check")).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });
});
