import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, test, vi } from "vitest";
import { project, write } from "../project.js";
import { develop } from "./development.js";

const script = join(import.meta.dirname, "..", "..", "runtime", "upstream-server.mjs");
const manifest = (mode: string, description = "Says which process answers.") => ({
  server: { name: "front", version: "1.0.0" },
  upstreams: { notes: { command: "node", args: [script], env: { MODE: mode } } },
  tools: [{ name: "pid", description, inputSchema: { type: "object", properties: {} }, upstream: "notes" }],
  runtime: { transports: { http: {} } },
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a changed upstream ends when another takes its place; an unchanged one stays", async () => {
  const folder = project({ "a.mcp.json": manifest("first") });
  const server = await develop(folder);
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(server.url));
  const pid = async (): Promise<number> => {
    const { content } = await client.callTool({ name: "pid", arguments: {} });
    return Number((content as { text: string }[])[0]!.text);
  };
  const rebuilt = async (now: object): Promise<void> => {
    write(folder, { "a.mcp.json": now });
    await server.said(/rebuilt .*/);
  };
  const ends = (process: number): Promise<boolean> => vi.waitUntil(() => !isRunning(process), { timeout: 60_000 });
  const first = await pid();
  await rebuilt(manifest("first", "Tells the process."));
  expect(await pid()).toBe(first);
  await rebuilt(manifest("second"));
  await ends(first);
  const second = await pid();
  expect(isRunning(second)).toBe(true);
  // The first version comes back, with its upstream.
  await rebuilt(manifest("first"));
  await ends(second);
  const third = await pid();
  expect(isRunning(third)).toBe(true);
  await client.close();
  expect(await server.stop()).toBe(0);
  await ends(third);
});
