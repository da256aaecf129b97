import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, onTestFinished, test, vi } from "vitest";
import { project, write } from "../project.js";
import { first, info, text, type Transport1 } from "./clients.js";
import { cli, develop, developOnStdio, listener } from "./development.js";
import { files, handler, manifest, object, word } from "./files.js";

test("errors appear as from mcpc build, the last working version keeps serving, and the end of the errors is reported", async () => {
  const folder = project(files);
  const server = await develop(folder);
  const client = await first("1.x", new Http1(server.url));
  const say = files["src/tools/say.ts"];
  for (const [path, mistaken, right, told] of [
    ["a.mcp.json", '{ "tools": [', manifest(), /error\[file\/invalid-json\][^]*?a\.mcp\.json:1/],
    ["src/tools/say.ts", say.replace("word;", "1;"), say, /error\[handler\/type-error\][^]*?say\.ts:3/],
    ["src/tools/say.ts", `${say}}`, say, /error\[handler\/[^]*?say\.ts:4/],
    ["src/word.ts", `${word("two")}throw new Error("at load");\n`, word("one"), /at load[^]*?src\/word\.ts:2:7/],
  ] as const) {
    write(folder, { [path]: mistaken });
    expect(await server.said(/[^]*?the last working version keeps serving/)).toMatch(told);
    expect(await client.call("say")).toBe("one");
    write(folder, { [path]: right });
    expect(await server.said(/rebuilt .*/)).toContain("no errors");
    expect(await client.call("say")).toBe("one");
  }
  expect(client.heard).toEqual([]);
  await client.close();
  expect(await server.stop()).toBe(0);
});

test("a first build that fails is waited for, and so is the client that is there already", async () => {
  const folder = project({ ...files, "a.mcp.json": "{" });
  const server = developOnStdio(folder);
  const opened = server.initialize();
  const called = server.request("tools/call", { name: "say", arguments: {} });
  await vi.waitFor(() => expect(server.stderr()).toContain("not built; waiting for a change"), { timeout: 100_000 });
  write(folder, { "a.mcp.json": manifest() });
  expect((await opened).result.serverInfo.name).toBe("changing");
  expect(text((await called).result)).toBe("one");
  expect(await server.end()).toBe(0);
  // A client that leaves before anything works leaves nobody behind.
  write(folder, { "a.mcp.json": "{" });
  const another = developOnStdio(folder);
  another.write("{}\n");
  await vi.waitFor(() => expect(another.stderr()).toContain("not built; waiting for a change"), { timeout: 100_000 });
  expect(await another.end()).toBe(1);
});

test("a port that is taken is said, and tried again at the next save, although nothing has changed", async () => {
  const folder = project(files);
  const occupant = createServer().listen(0, "127.0.0.1");
  await once(occupant, "listening");
  const { port } = occupant.address() as AddressInfo;
  const server = spawn("node", [cli, "dev", folder, "--transport", "http", "--port", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void server.kill("SIGKILL"));
  const { said } = listener(server.stderr);
  const reason = await said(/[^]*?built in .*/);
  expect(reason).toContain(`cannot listen on 127.0.0.1 port ${port}`);
  expect(reason).toContain("choose another port with --port");
  expect(reason).toMatch(/not served; the next save tries again$/);
  await new Promise((closed) => occupant.close(closed));
  write(folder, { "src/word.ts": word("one") });
  await said(new RegExp(`listening on http://127.0.0.1:${port}/`));
});

test("what it says may be written to a file of the folder, and is said once all the same", async () => {
  const folder = project(files);
  const log = join(folder, "dev.log");
  const out = openSync(log, "w");
  const server = spawn("node", [cli, "dev", folder, "--transport", "http", "--port", "0"], {
    stdio: ["ignore", "ignore", out],
  });
  onTestFinished(() => void server.kill("SIGKILL"));
  const times = (word: string): number => readFileSync(log, "utf8").split(word).length - 1;
  const said = (word: string, count: number) =>
    vi.waitFor(() => expect(times(word)).toBeGreaterThanOrEqual(count), { timeout: 100_000 });
  await said(" built in ", 1);
  write(folder, { "a.mcp.json": manifest({ tools: 1 }) });
  await said("not rebuilt", 1);
  for (const saved of [2, 3, 4]) {
    write(folder, { "src/word.ts": word(String(saved)) });
    await said("not rebuilt", saved);
  }
  write(folder, { "a.mcp.json": manifest() });
  await said("no errors", 1);
  expect([times("not rebuilt"), times("error["), times("rebuilt in")]).toEqual([4, 1, 1]);
  expect(readFileSync(log, "utf8")).not.toContain("dev.log");
  server.kill("SIGTERM");
  expect(await once(server, "exit")).toEqual([0, null]);
});

test("many changes at once are one rebuild; what the build writes, and what nobody reads, is none", async () => {
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  const folder = project(files);
  const server = await develop(folder);
  const client = await first("1.x", new Http1(server.url));
  write(folder, Object.fromEntries(numbers.map((n) => [`src/many/n${n}.ts`, `export const n${n}: number = ${n};\n`])));
  write(folder, { "src/tools/.say.ts.swp": "", "src/tools/4913": "", "data.db": "", "src/tools/say.ts~": "" });
  const imports = numbers.map((n) => `import { n${n} } from "../many/n${n}.js";\n`).join("");
  const sum = numbers.map((n) => `n${n}`).join(" + ");
  write(folder, { "src/tools/say.ts": handler("say", `() => String(${sum})`, imports) });
  expect(await server.said(/rebuilt .*/)).toContain("swapped say");
  expect(await client.call("say")).toBe(String((199 * 200) / 2));
  // A new tool makes a stub, and changes the lock file and generated code.
  const tools = [...manifest().tools, { name: "fresh", description: "Is new.", inputSchema: object }];
  write(folder, { "a.mcp.json": manifest({ tools }), "data.db": "more" });
  await server.said(/new fresh/);
  for (const text of ["a", "b", "c", "d", "e", "f", "last"]) {
    write(folder, { "src/tools/say.ts": handler("say", `() => "${text}"`) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(async () => expect(await client.call("say")).toBe("last"), { timeout: 100_000 });
  const [many, fresh, ...others] = server
    .stderr()
    .split("\n")
    .filter((line) => line.includes("rebuilt"));
  expect([many, fresh]).toEqual([expect.stringContaining("swapped say"), expect.stringContaining("new fresh")]);
  expect(others.length).toBeGreaterThan(0);
  for (const line of others) expect(line).toMatch(/src\/tools\/say\.ts; swapped say$/);
  await client.close();
  expect(await server.stop()).toBe(0);
});

test("whatever the last build has read is watched: files that manifests name, linked packages, folders that come and go", async () => {
  const top = project({
    ...Object.fromEntries(Object.entries(files).map(([path, content]) => [`server/${path}`, content])),
    "server/a.mcp.json": manifest({
      server: { name: "changing", version: { file: "./version.json" } },
      resources: [{ uri: "changing://about", name: "about", file: "./notes/about.md" }],
    }),
    "server/version.json": { version: "1.0.0" },
    "server/notes/about.md": "one",
    "server/src/tools/say.ts": handler("say", "() => word", 'import { word } from "shared";\n'),
    "shared/package.json": { name: "shared", version: "1.0.0", type: "module", exports: "./index.ts" },
    "shared/index.ts": 'export { word } from "./lib/word.js";\n',
    "shared/lib/word.ts": word("one"),
  });
  const folder = join(top, "server");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(top, "shared"), join(folder, "node_modules", "shared"));
  const server = await develop(folder);
  const client = new Client1(info);
  await client.connect(new Http1(server.url) as Transport1);
  const say = async (): Promise<string> => text(await client.callTool({ name: "say", arguments: {} }));
  const about = async (): Promise<unknown> => (await client.readResource({ uri: "changing://about" })).contents[0];
  expect([await say(), await about()]).toEqual(["one", expect.objectContaining({ text: "one" })]);
  write(top, { "server/notes/about.md": "two" });
  expect(await server.said(/rebuilt .*/)).toContain(": notes/about.md");
  expect(await about()).toMatchObject({ text: "two" });
  write(top, { "shared/lib/word.ts": word("two") });
  expect(await server.said(/rebuilt .*/)).toMatch(/: \.\.\/shared\/lib\/word\.ts; swapped say$/);
  expect(await say()).toBe("two");
  write(folder, { "version.json": { version: "1.0.1" } });
  expect(await server.said(/rebuilt .*/)).toContain(": version.json");
  const later = new Client1(info);
  await later.connect(new Http1(server.url) as Transport1);
  expect(later.getServerVersion()).toEqual({ name: "changing", version: "1.0.1" });
  await later.close();
  renameSync(join(folder, "notes"), join(folder, "texts"));
  expect(await server.said(/error\[.*/)).toContain("not-found");
  write(folder, { "src/tools/say.ts": handler("say", '() => "three"') });
  mkdirSync(join(folder, "notes"));
  renameSync(join(folder, "texts", "about.md"), join(folder, "notes", "about.md"));
  await server.said(/no errors/);
  expect([await say(), await about()]).toEqual(["three", expect.objectContaining({ text: "two" })]);
  await client.close();
  // Packages stay as they were loaded for as long as the process lives.
  write(folder, { "node_modules/.package-lock.json": {} });
  expect(await server.said(/rebuilt .*/)).toContain("restarted: packages were installed");
  expect(await server.stop()).toBe(0);
});
