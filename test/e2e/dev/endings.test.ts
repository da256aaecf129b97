import { readdirSync } from "node:fs";
import { join } from "node:path";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test, vi } from "vitest";
import { cacheOf, mcpc, project, write } from "../project.js";
import { first, text } from "./clients.js";
import { develop, developOnStdio } from "./development.js";
import { files, handler, projectOnNode, waitsForFile, word } from "./files.js";

/** Tools that say who they are, end their process, or never end. */
const dangerous = {
  ...files,
  "src/tools/say.ts": handler("say", "() => String(process.pid)"),
  "src/tools/go.ts": handler("go", "() => process.exit(3)"),
  "src/tools/wait.ts": handler("wait", "() => {\n  for (;;);\n}"),
};
const lives = (pid: string): boolean => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

test("a handler that ends its process, or never ends, takes nobody with it", async () => {
  const folder = projectOnNode(dangerous);
  const stdio = developOnStdio(folder);
  await stdio.initialize();
  const who = async () => text((await stdio.request("tools/call", { name: "say", arguments: {} })).result);
  const one = await who();
  const { error } = await stdio.request("tools/call", { name: "go", arguments: {} });
  expect(error).toMatchObject({ code: -32603, message: expect.stringContaining("ended while it was at this") });
  const two = await who();
  expect(two).not.toBe(one);
  expect(stdio.stderr()).toContain("the server crashed: it ended with exit code 3; started again");
  const lost = stdio.request("tools/call", { name: "wait", arguments: {} });
  write(folder, {
    "src/word.ts": word("two"),
    "src/tools/wait.ts": handler("wait", "() => word", 'import { word } from "../word.js";\n'),
  });
  expect((await lost).error).toMatchObject({ code: -32603 });
  expect(text((await stdio.request("tools/call", { name: "wait", arguments: {} })).result)).toBe("two");
  expect(stdio.stderr()).toContain("restarted: a handler has kept the server busy");
  expect([lives(one), lives(two)]).toEqual([false, false]);
  const three = await who();
  expect(await stdio.end()).toBe(0);
  expect(lives(three)).toBe(false);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s: what runs is answered, and nothing is left: no process, no port, no file",
  async (signal) => {
    const folder = projectOnNode({
      ...files,
      "src/tools/say.ts": dangerous["src/tools/say.ts"],
      "src/tools/wait.ts": waitsForFile,
    });
    const server = await develop(folder);
    const client = await first("1.x", new Http1(server.url));
    const pid = await client.call("say");
    let waiting: Promise<string> | undefined;
    await new Promise<void>((started) => (waiting = client.call("wait", started)));
    const stopped = server.stop(signal);
    // It takes no new connection, and waits for what runs.
    await vi.waitFor(() => expect(fetch(server.url)).rejects.toThrow(), { timeout: 100_000 });
    write(folder, { go: "" });
    expect([await waiting, await stopped, lives(pid)]).toEqual(["one", 0, false]);
    expect(
      readdirSync(join(folder, "node_modules", ".cache", "mcpc")).filter((name) => name.startsWith("dev-")),
    ).toEqual([]);
    expect(readdirSync(cacheOf(folder)).filter((name) => name.includes("lock"))).toEqual([]);
  },
);

test("a process that is killed leaves none behind, even where a handler never ends; the next one removes its files", async () => {
  const folder = projectOnNode(dangerous);
  const server = await develop(folder);
  const client = await first("1.x", new Http1(server.url));
  const pid = await client.call("say");
  void client.call("wait").catch(() => {});
  await server.stop("SIGKILL");
  await expect.poll(() => lives(pid), { timeout: 100_000 }).toBe(false);
  await client.close();
  const next = await develop(folder);
  const left = readdirSync(join(folder, "node_modules", ".cache", "mcpc")).filter((name) => name.startsWith("dev-"));
  expect(left).toEqual([expect.stringMatching(`^dev-${next.pid}-`)]);
  expect(await next.stop()).toBe(0);
});

test("one folder at a time, and one that is there", () => {
  const folder = project(files);
  expect(mcpc(folder, "dev", "a", "b")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("too many arguments"),
  });
  expect(mcpc(folder, "dev", "nowhere")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: 'error: there is no folder "nowhere"\n',
  });
  expect(mcpc(folder, "dev", "--help").stdout).toContain("--transport <name>");
});

test.each([
  [
    "build",
    "--watch",
    "error: mcpc build has no --watch: mcpc dev builds, serves, and builds again when a file changes\n",
  ],
  [
    "check",
    "--watch",
    "error: mcpc check has no --watch: mcpc dev builds, serves, and builds again when a file changes\n",
  ],
  ["build", "a.mcp.json", 'error: "a.mcp.json" is not a folder: name the one that it is in, "."\n'],
])("mcpc %s %s says what to write instead", (command, argument, stderr) => {
  const folder = project({ "a.mcp.json": "{}" });
  expect(mcpc(folder, command, argument)).toMatchObject({ code: 2, stdout: "", stderr });
});
