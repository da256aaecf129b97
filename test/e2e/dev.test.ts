import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as Sse1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport as WebSocket1 } from "@modelcontextprotocol/sdk/client/websocket.js";
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { cli, develop, developOnStdio, listener } from "./development.js";
import { mcpc, project, write } from "./project.js";

const info = { name: "test", version: "1.0.0" };
const object = { type: "object" };

/** A tool that says what its module says, and one that waits to be let go and then says what it began with. */
const manifest = (more: object = {}) => ({
  server: { name: "changing", version: "1.0.0" },
  tools: [
    { name: "say", inputSchema: object },
    { name: "wait", inputSchema: object },
    { name: "go", inputSchema: object },
  ],
  runtime: { transports: { stdio: {}, http: {}, sse: {}, websocket: {} } },
  ...more,
});
const handler = (name: string, body: string, more = ""): string =>
  `import type { ${name[0]!.toUpperCase()}${name.slice(1)} } from "../../generated/types.js";\n${more}` +
  `export const ${name}: ${name[0]!.toUpperCase()}${name.slice(1)} = ${body};\n`;
const word = (text: string): string => `export const word: string = ${JSON.stringify(text)};\n`;
const files = {
  "a.mcp.json": manifest(),
  "src/word.ts": word("one"),
  "src/gate.ts":
    "let open = (): void => {};\nexport const gate = { wait: () => new Promise<void>((resolve) => (open = resolve)), go: () => open() };\n",
  "src/tools/say.ts": handler("say", "() => word", 'import { word } from "../word.js";\n'),
  "src/tools/wait.ts": handler(
    "wait",
    "async (_input, { progress }) => {\n  progress(1);\n  await gate.wait();\n  return word;\n}",
    'import { gate } from "../gate.js";\nimport { word } from "../word.js";\n',
  ),
  "src/tools/go.ts": handler(
    "go",
    '() => {\n  gate.go();\n  return "gone";\n}',
    'import { gate } from "../gate.js";\n',
  ),
};

/** A project whose handlers know Node's modules. */
function projectOnNode(contents: Readonly<Record<string, unknown>>): string {
  const folder = project(contents);
  mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
  const types = join(import.meta.dirname, "..", "..", "node_modules", "@types", "node");
  symlinkSync(types, join(folder, "node_modules", "@types", "node"));
  return folder;
}

/** Waits until there is a file "go". */
const waitsForFile = handler(
  "wait",
  'async (_input, { progress }) => {\n  progress(1);\n  while (!existsSync("go")) await setTimeout(20);\n  return word;\n}',
  'import { existsSync } from "node:fs";\nimport { setTimeout } from "node:timers/promises";\nimport { word } from "../word.js";\n',
);

interface Talking {
  readonly name: string;
  call(tool: string, onprogress?: () => void): Promise<string>;
  tools(): Promise<string[]>;
  /** Notifications so far. */
  readonly heard: string[];
  close(): Promise<void>;
}

type Transport1 = Parameters<Client1["connect"]>[0];

const text = (result: unknown): string => (result as { content: { text: string }[] }).content[0]!.text;
const lists = ["tools", "prompts", "resources"] as const;

async function first(name: string, transport: unknown): Promise<Talking> {
  const client = new Client1(info);
  const heard: string[] = [];
  client.fallbackNotificationHandler = async ({ method }) => void heard.push(method);
  await client.connect(transport as Transport1);
  return {
    name,
    heard,
    call: async (tool, onprogress) =>
      text(await client.callTool({ name: tool, arguments: {} }, undefined, onprogress && { onprogress })),
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: () => client.close(),
  };
}

async function second(name: string, transport: Http2 | Stdio2, mode: "legacy" | { pin: string }): Promise<Talking> {
  const client = new Client2(info, { versionNegotiation: { mode } });
  const heard: string[] = [];
  for (const list of lists)
    client.setNotificationHandler(`notifications/${list}/list_changed`, ({ method }) => void heard.push(method));
  await client.connect(transport);
  if (mode !== "legacy")
    await client.listen({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true });
  return {
    name,
    heard,
    call: async (tool, onprogress) =>
      text(await client.callTool({ name: tool, arguments: {} }, onprogress && { onprogress })),
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: () => client.close(),
  };
}

/** Every official client there is, each by its transport and era. */
function everybody(url: URL): Promise<Talking[]> {
  return Promise.all([
    first("1.x, Streamable HTTP", new Http1(url)),
    first("1.x, HTTP+SSE", new Sse1(new URL("/sse", url))),
    first("1.x, WebSocket", new WebSocket1(new URL(`ws://${url.host}/ws`))),
    second("2.x, Streamable HTTP", new Http2(url), "legacy"),
    second("2.x, 2026-07-28", new Http2(url), { pin: "2026-07-28" }),
  ]);
}

// It takes the platform's, which Node 20 does not have.
vi.stubGlobal("WebSocket", WebSocket);
afterAll(() => void vi.unstubAllGlobals());

test("a saved handler answers the next call of every client; what runs ends as it began, and nobody is told or cut off", async () => {
  const folder = project(files);
  const server = await develop(folder);
  const clients = await everybody(server.url);
  const begun = clients[0]!;
  let waiting: Promise<string> | undefined;
  await new Promise<void>((started) => (waiting = begun.call("wait", started)));
  write(folder, { "src/word.ts": word("two") });
  expect(await server.said(/rebuilt .*/)).toMatch(/: src\/word\.ts; swapped say, wait$/);
  for (const client of clients) expect([client.name, await client.call("say")]).toEqual([client.name, "two"]);
  // Its module has not changed, so the new version lets go what the old one has begun.
  expect(await begun.call("go")).toBe("gone");
  expect(await waiting).toBe("one");
  for (const { name, heard, close } of clients) {
    expect([name, heard]).toEqual([name, []]);
    await close();
  }
  expect(await server.stop()).toBe(0);
});

test("a changed manifest: listings are new, whoever listens is told of what has changed and of nothing else, a new tool has its stub", async () => {
  const folder = project(files);
  const server = await develop(folder);
  const clients = await everybody(server.url);
  const { tools } = manifest();
  write(folder, { "a.mcp.json": manifest({ tools: [...tools, { name: "fresh", inputSchema: object }] }) });
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; new fresh; told clients of tools$/);
  for (const client of clients) {
    expect([client.name, await client.tools()]).toEqual([client.name, ["say", "wait", "go", "fresh"]]);
    expect(await client.call("fresh")).toContain("not implemented");
  }
  // Prompts were declared to nobody who is here: nobody is told that there are some.
  write(folder, {
    "a.mcp.json": manifest({
      prompts: [{ name: "ask", messages: [{ role: "user", content: { type: "text", text: "Ask." } }] }],
    }),
  });
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; gone fresh; told clients of tools, prompts$/);
  for (const client of clients) expect(await client.tools()).toEqual(["say", "wait", "go"]);
  for (const { name, heard, close } of clients) {
    expect([name, heard]).toEqual([name, Array(2).fill("notifications/tools/list_changed")]);
    await close();
  }
  expect(await server.stop()).toBe(0);
});

test.each([
  ["1.x", (transport: Stdio1) => first("1.x", transport), Stdio1],
  ["2.x", (transport: Stdio2) => second("2.x", transport, "legacy"), Stdio2],
  ["2.x, 2026-07-28", (transport: Stdio2) => second("2.x", transport, { pin: "2026-07-28" }), Stdio2],
])("a client whose configuration names mcpc dev as the server's command: %s", async (_name, connect, Stdio) => {
  const folder = project(files);
  const transport = new Stdio({ command: "node", args: [cli, "dev", folder], stderr: "pipe" });
  const { said } = listener(transport.stderr as unknown as NodeJS.ReadableStream);
  const client = await connect(transport as Stdio1 & Stdio2);
  expect(await client.call("say")).toBe("one");
  write(folder, { "src/word.ts": word("two") });
  await said(/swapped say, wait/);
  expect(await client.call("say")).toBe("two");
  expect(client.heard).toEqual([]);
  await client.close();
});

/** Notes what it does, in a file. */
const hooks = (what: string, start = ""): string =>
  `import { appendFileSync } from "node:fs";
import { word } from "./word.js";
const note = (line: string): void => appendFileSync(process.env["NOTES"]!, line + "\\n");
export function onStart() {
  ${start}
  note("start ${what} " + word);
  return { name: "${what} " + word };
}
export const onStop = ({ state }: { state: { name: string } }): void => note("stop " + state.name);
`;

const stateful = {
  ...files,
  "src/hooks.ts": hooks("first"),
  "src/tools/say.ts": handler("say", "(_input, { state }) => `says ${state.name}`"),
  "src/tools/wait.ts": handler(
    "wait",
    "async (_input, context) => {\n  context.progress(1);\n  await gate.wait();\n  return context.state.name;\n}",
    'import { gate } from "../gate.js";\n',
  ),
};

test("what onStart opened stays until hooks change; then it is opened anew, and the old is closed when its calls have ended", async () => {
  const folder = projectOnNode(stateful);
  const notes = join(folder, "notes.txt");
  const noted = (): string[] => readFileSync(notes, "utf8").trim().split("\n");
  const server = await develop(folder, { NOTES: notes });
  const clients = await everybody(server.url);
  const [begun, other] = [clients[0]!, clients[4]!];
  expect(await begun.call("say")).toBe("says first one");

  write(folder, { "src/tools/say.ts": handler("say", "(_input, { state }) => `tells ${state.name}`") });
  expect(await server.said(/rebuilt .*/)).toMatch(/; swapped say$/);
  expect(await begun.call("say")).toBe("tells first one");
  expect(noted()).toEqual(["start first one"]);

  // What hooks import belongs to them; a call that runs keeps what it began with.
  let waiting: Promise<string> | undefined;
  await new Promise<void>((started) => (waiting = begun.call("wait", started)));
  write(folder, { "src/word.ts": word("two") });
  expect(await server.said(/rebuilt .*/)).toMatch(/: src\/word\.ts; onStart ran anew$/);
  expect(await other.call("say")).toBe("tells first two");
  expect(noted()).toEqual(["start first one", "start first two"]);
  expect(await begun.call("go")).toBe("gone");
  expect(await waiting).toBe("first one");
  await vi.waitFor(() => expect(noted()).toEqual(["start first one", "start first two", "stop first one"]));

  // A start that fails changes nothing.
  write(folder, { "src/hooks.ts": hooks("broken", 'if (word !== "") throw new Error("no database");') });
  expect(await server.said(/no database[^]*?rebuilt .*/)).toMatch(
    /hooks\.ts:5[^]*: src\/hooks\.ts; the last version that worked goes on$/,
  );
  expect(await begun.call("say")).toBe("tells first two");
  write(folder, { "src/hooks.ts": hooks("mended") });
  expect(await server.said(/rebuilt .*/)).toMatch(/; no errors; onStart ran anew$/);
  expect(await other.call("say")).toBe("tells mended two");

  for (const { heard, close } of clients) {
    expect(heard).toEqual([]);
    await close();
  }
  expect(await server.stop()).toBe(0);
  expect(noted().slice(3)).toEqual(["start mended two", "stop first two", "stop mended two"]);
});

test("settings that are declared anew are read anew, and so is their file", async () => {
  const config = (unit: string): object => ({
    type: "object",
    properties: { [unit]: { type: "string", default: "none", env: unit.toUpperCase() } },
  });
  const transports = { http: {}, stdio: {} };
  const say = (unit: string): string => handler("say", `(_input, { config }) => \`${unit} \${config.${unit}}\``);
  const folder = project({
    ...files,
    "a.mcp.json": manifest({ runtime: { transports, config: config("unit") } }),
    "src/tools/say.ts": say("unit"),
    "settings.json": { unit: "metre" },
  });
  const server = await develop(folder, {}, "--config", join(folder, "settings.json"));
  const client = await first("1.x", new Http1(server.url));
  expect(await client.call("say")).toBe("unit metre");
  write(folder, { "settings.json": { unit: "foot" } });
  expect(await server.said(/rebuilt .*/)).toMatch(/: settings\.json; onStart ran anew$/);
  expect(await client.call("say")).toBe("unit foot");
  write(folder, { "settings.json": { scale: "large" } });
  expect(await server.said(/the settings are not right[^]*?rebuilt .*/)).toContain("unit");
  write(folder, {
    "src/tools/say.ts": say("scale"),
    "a.mcp.json": manifest({ runtime: { transports, config: config("scale") } }),
  });
  expect(await server.said(/rebuilt .*/)).toMatch(/no errors; swapped say; onStart ran anew$/);
  expect(await client.call("say")).toBe("scale large");
  await client.close();
  expect(await server.stop()).toBe(0);
});

test("what a process cannot change starts another one, at the same port, and a client on standard streams does not notice", async () => {
  const folder = projectOnNode(files);
  const changed = manifest({ runtime: { ...manifest().runtime, limits: { rate: { perMinute: 1000 } } } });
  const server = await develop(folder);
  const before = await first("1.x", new Http1(server.url));
  expect(await before.call("say")).toBe("one");
  write(folder, { "a.mcp.json": changed });
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; restarted: runtime\.limits changed$/);
  // Sessions over HTTP end with their process: the client is told to begin another.
  await expect(before.call("say")).rejects.toThrow(/session/i);
  const after = await first("1.x", new Http1(server.url));
  expect(await after.call("say")).toBe("one");
  await after.close();
  expect(await server.stop()).toBe(0);

  // Until a file is there: meanwhile the client's next request waits for the next process.
  write(folder, {
    "a.mcp.json": manifest(),
    "src/tools/wait.ts": waitsForFile,
  });
  const stdio = developOnStdio(folder);
  const call = async (name: string, more: object = {}): Promise<string> =>
    text((await stdio.request("tools/call", { name, arguments: {}, ...more })).result);
  expect((await stdio.initialize()).result.serverInfo.name).toBe("changing");
  expect(await call("say")).toBe("one");
  const running = call("wait", { _meta: { progressToken: 1 } });
  expect((await stdio.next()).method).toBe("notifications/progress");
  write(folder, {
    "src/word.ts": word("two"),
    "a.mcp.json": { ...changed, tools: [...changed.tools, { name: "fresh", inputSchema: object }] },
  });
  await vi.waitFor(() => expect(stdio.stderr()).toContain("restarts when the calls that run have ended"), {
    timeout: 20_000,
  });
  const waiting = call("say");
  write(folder, { go: "" });
  expect([await running, await waiting]).toEqual(["one", "two"]);
  expect((await stdio.next()).method).toBe("notifications/tools/list_changed");
  expect(await call("fresh")).toContain("not implemented");
  expect(await stdio.end()).toBe(0);
});

test("a mistake is told as by mcpc build, the last version that worked goes on, and that it is mended is told, too", async () => {
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
    expect(await server.said(/[^]*?the last version that worked goes on/)).toMatch(told);
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
  await vi.waitFor(() => expect(server.stderr()).toContain("not built; waiting for a change"), { timeout: 20_000 });
  write(folder, { "a.mcp.json": manifest() });
  expect((await opened).result.serverInfo.name).toBe("changing");
  expect(text((await called).result)).toBe("one");
  expect(await server.end()).toBe(0);
  // A client that leaves before anything works leaves nobody behind.
  write(folder, { "a.mcp.json": "{" });
  const another = developOnStdio(folder);
  another.write("{}\n");
  await vi.waitFor(() => expect(another.stderr()).toContain("not built; waiting for a change"), { timeout: 20_000 });
  expect(await another.end()).toBe(1);
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
  const tools = [...manifest().tools, { name: "fresh", inputSchema: object }];
  write(folder, { "a.mcp.json": manifest({ tools }), "data.db": "more" });
  await server.said(/new fresh/);
  for (const text of ["a", "b", "c", "d", "e", "f", "last"]) {
    write(folder, { "src/tools/say.ts": handler("say", `() => "${text}"`) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(async () => expect(await client.call("say")).toBe("last"), { timeout: 20_000 });
  const [many, fresh, ...others] = server
    .stderr()
    .split("\n")
    .filter((line) => line.includes("rebuilt"));
  expect([many, fresh]).toEqual([expect.stringContaining("swapped say"), expect.stringContaining("new fresh")]);
  expect(others.length).toBeGreaterThan(0);
  for (const line of others) expect(line).toMatch(/: src\/tools\/say\.ts; swapped say$/);
  await client.close();
  expect(await server.stop()).toBe(0);
});

test("whatever the last build has read is watched: files that manifests name, linked packages, folders that come and go", async () => {
  const top = project({
    ...Object.fromEntries(Object.entries(files).map(([path, content]) => [`server/${path}`, content])),
    "server/a.mcp.json": manifest({
      resources: [{ uri: "changing://about", name: "about", file: "./notes/about.md" }],
    }),
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
  renameSync(join(folder, "notes"), join(folder, "texts"));
  expect(await server.said(/error\[.*/)).toContain("not-found");
  write(folder, { "src/tools/say.ts": handler("say", '() => "three"') });
  mkdirSync(join(folder, "notes"));
  renameSync(join(folder, "texts", "about.md"), join(folder, "notes", "about.md"));
  await server.said(/no errors/);
  expect([await say(), await about()]).toEqual(["three", expect.objectContaining({ text: "two" })]);
  await client.close();
  expect(await server.stop()).toBe(0);
});

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
    await vi.waitFor(() => expect(fetch(server.url)).rejects.toThrow(), { timeout: 20_000 });
    write(folder, { go: "" });
    expect([await waiting, await stopped, lives(pid)]).toEqual(["one", 0, false]);
    expect(
      readdirSync(join(folder, "node_modules", ".cache", "mcpc")).filter((name) => name.startsWith("dev-")),
    ).toEqual([]);
    expect(
      readdirSync(tmpdir()).filter((name) => name.startsWith(`mcpc-`) && name.includes(`lock.${server.pid}`)),
    ).toEqual([]);
  },
);

test("a process that is killed leaves none behind, even where a handler never ends; the next one removes its files", async () => {
  const folder = projectOnNode(dangerous);
  const server = await develop(folder);
  const client = await first("1.x", new Http1(server.url));
  const pid = await client.call("say");
  void client.call("wait").catch(() => {});
  await server.stop("SIGKILL");
  await expect.poll(() => lives(pid), { timeout: 20_000 }).toBe(false);
  await client.close();
  const next = await develop(folder);
  const left = readdirSync(join(folder, "node_modules", ".cache", "mcpc")).filter((name) => name.startsWith("dev-"));
  expect(left).toEqual([`dev-${next.pid}`]);
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
