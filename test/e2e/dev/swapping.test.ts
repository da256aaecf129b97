import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { project, write } from "../project.js";
import { everybody, first, second } from "./clients.js";
import { cli, develop, listener } from "./development.js";
import { files, manifest, object, word } from "./files.js";

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
  write(folder, {
    "a.mcp.json": manifest({ tools: [...tools, { name: "fresh", description: "Is new.", inputSchema: object }] }),
  });
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; new fresh; listings changed: tools$/);
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
  expect(await server.said(/rebuilt .*/)).toMatch(/: a\.mcp\.json; gone fresh; listings changed: tools, prompts$/);
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
