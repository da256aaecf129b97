import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { project, write } from "../project.js";
import { everybody, first, text } from "./clients.js";
import { develop, developOnStdio } from "./development.js";
import { files, handler, manifest, object, projectOnNode, waitsForFile, word } from "./files.js";

// It takes the platform's, which Node 20 does not have.
vi.stubGlobal("WebSocket", WebSocket);
afterAll(() => void vi.unstubAllGlobals());

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
  expect(await server.said(/rebuilt .*/)).toMatch(/: src\/word\.ts; onStart ran again$/);
  expect(await other.call("say")).toBe("tells first two");
  expect(noted()).toEqual(["start first one", "start first two"]);
  expect(await begun.call("go")).toBe("gone");
  expect(await waiting).toBe("first one");
  await vi.waitFor(() => expect(noted()).toEqual(["start first one", "start first two", "stop first one"]), 100_000);

  // A start that fails changes nothing.
  write(folder, { "src/hooks.ts": hooks("broken", 'if (word !== "") throw new Error("no database");') });
  expect(await server.said(/no database[^]*?rebuilt .*/)).toMatch(
    /hooks\.ts:5[^]*: src\/hooks\.ts; the last working version keeps serving$/,
  );
  expect(await begun.call("say")).toBe("tells first two");
  write(folder, { "src/hooks.ts": hooks("mended") });
  expect(await server.said(/rebuilt .*/)).toMatch(/; no errors; onStart ran again$/);
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
  expect(await server.said(/rebuilt .*/)).toMatch(/: settings\.json; onStart ran again$/);
  expect(await client.call("say")).toBe("unit foot");
  write(folder, { "settings.json": { scale: "large" } });
  expect(await server.said(/the settings are not right[^]*?rebuilt .*/)).toContain("unit");
  write(folder, {
    "src/tools/say.ts": say("scale"),
    "a.mcp.json": manifest({ runtime: { transports, config: config("scale") } }),
  });
  expect(await server.said(/rebuilt .*/)).toMatch(/no errors; swapped say; onStart ran again$/);
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
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; restarted: runtime\.limits\.rate changed$/);
  // Sessions over HTTP end with their process: the client is told to begin another.
  await expect(before.call("say")).rejects.toThrow(/session/i);
  const after = await first("1.x", new Http1(server.url));
  expect(await after.call("say")).toBe("one");
  const limits = { rate: { perMinute: 1000 }, pageSize: 5 };
  write(folder, { "a.mcp.json": manifest({ runtime: { ...manifest().runtime, limits } }) });
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; runtime\.limits\.pageSize changed$/);
  expect(await after.call("say")).toBe("one");
  // Who writes a server is told what its handlers throw.
  write(folder, { "src/tools/say.ts": handler("say", '() => {\n  throw new Error("no such city");\n}') });
  await server.said(/swapped say/);
  expect(await after.call("say")).toMatch(/^internal error \w+ \(no such city\);/);
  write(folder, { "src/tools/say.ts": files["src/tools/say.ts"] });
  await server.said(/swapped say/);
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
    "a.mcp.json": {
      ...changed,
      tools: [...changed.tools, { name: "fresh", description: "Is new.", inputSchema: object }],
    },
  });
  await vi.waitFor(() => expect(stdio.stderr()).toContain("restarts when the calls that run have ended"), {
    timeout: 100_000,
  });
  const waiting = call("say");
  write(folder, { go: "" });
  expect([await running, await waiting]).toEqual(["one", "two"]);
  expect((await stdio.next()).method).toBe("notifications/tools/list_changed");
  expect(await call("fresh")).toContain("not implemented");
  expect(await stdio.end()).toBe(0);
});
