import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test, vi } from "vitest";
import { contents, mcpc, project, write } from "../project.js";
import { first } from "./clients.js";
import { cli, develop } from "./development.js";
import { files, manifest, object, word } from "./files.js";

/** A build by a process of its own, while others go on: its exit code. */
const build = (folder: string): Promise<number> =>
  new Promise((resolve) => {
    const process = execFile("node", [cli, "build", folder], () => resolve(process.exitCode ?? -1));
  });

test("builds beside it take turns with its own, and what stands in the end is what a build alone makes", async () => {
  const folder = project(files);
  const server = await develop(folder);
  const client = await first("1.x", new Http1(server.url));
  const more = [...manifest().tools, { name: "fresh", description: "Is new.", inputSchema: object }];
  for (const [round, edit] of [
    { "src/word.ts": word("two") },
    { "a.mcp.json": manifest({ tools: more }), "src/word.ts": word("three") },
    { "a.mcp.json": manifest(), "src/word.ts": word("four") },
  ].entries()) {
    write(folder, edit);
    expect(await Promise.all([build(folder), build(folder)])).toEqual([0, 0]);
    const said = ["two", "three", "four"][round];
    await vi.waitFor(async () => expect(await client.call("say")).toBe(said), { timeout: 100_000 });
    expect((await client.tools()).includes("fresh")).toBe(round === 1);
  }
  expect(server.stderr()).not.toContain("error[");
  await client.close();
  expect(await server.stop()).toBe(0);
  expect(mcpc(folder, "check")).toMatchObject({ code: 0 });
  // The stub of the tool that is gone again stays, as it does after any build.
  const stub = readFileSync(join(folder, "src", "tools", "fresh.ts"));
  const alone = project({
    ...files,
    "a.mcp.json": manifest(),
    "src/word.ts": word("four"),
    "src/tools/fresh.ts": stub,
  });
  expect(mcpc(alone, "build")).toMatchObject({ code: 0 });
  expect(outputs(folder)).toEqual(outputs(alone));
});

const outputs = (folder: string) =>
  Object.entries(contents(folder)).filter(([path]) => !path.startsWith("node_modules"));
