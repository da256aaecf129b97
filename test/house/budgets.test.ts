import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mcpc, project } from "../e2e/project.js";

/** What a server of one small tool takes up; a change that needs more says so here. */
const sizes: readonly [what: string, transports: Record<string, object>, most: number][] = [
  ["stdio", { stdio: {} }, 49_700],
  ["stdio and HTTP", { stdio: {}, http: {} }, 100_800],
];

const manifest = (transports: Record<string, object>) => ({
  server: { name: "small", version: "1.0.0" },
  tools: [{ name: "say", inputSchema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] } }],
  runtime: { transports },
});

test.each(sizes)("dist/server.js with %s stays small", (_what, transports, most) => {
  const folder = project({ "a.mcp.json": manifest(transports) });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const bundle = readFileSync(join(folder, "dist", "server.js"));
  expect(bundle.length).toBeGreaterThan(20_000);
  expect(bundle.length).toBeLessThan(most);
});

test("a server on standard streams starts with one file and none of Node's HTTP", () => {
  const folder = project({ "a.mcp.json": manifest({ stdio: {}, http: {} }) });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const probe = join(folder, "probe.cjs");
  writeFileSync(
    probe,
    'process.on("exit", () => console.error(JSON.stringify([Object.keys(require.cache).map((path) => path.replace(/.*[\\\\/]/, "")), process.moduleLoadList])));\n',
  );
  const server = join(folder, "dist", "server.js");
  const script = `"${process.execPath}" --require "${probe}" "${server}" 2>&1 1>/dev/null </dev/null`;
  const [files, builtins] = JSON.parse(execFileSync("sh", ["-c", script], { encoding: "utf8" })) as string[][];
  expect(files!.toSorted()).toEqual(["probe.cjs", "server.js"]);
  expect(builtins!.length).toBeGreaterThan(50);
  expect(
    builtins!.filter((name) => /NativeModule (_?http|https|tls|_tls|crypto|internal\/crypto|zlib)/.test(name)),
  ).toEqual([]);
});

type BytesOf = (command: string[], things: string[], count: number) => Promise<Record<string, number>>;

test("an idle session takes less than 8 kB of the heap, and its open stream less than 10 kB", async () => {
  const folder = project({ "a.mcp.json": manifest({ http: {} }) });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const part = join(import.meta.dirname, "..", "bench", "parts", "memory.mjs");
  const { bytesOf } = (await import(part)) as { bytesOf: BytesOf };
  const server = [join(folder, "dist", "server.js"), "--port", "0"];
  const bytes = await bytesOf(server, ["session", "stream of a session"], 500);
  expect(bytes["session"]).toBeGreaterThan(2000);
  expect(bytes["session"]).toBeLessThan(8000);
  expect(bytes["stream of a session"]).toBeGreaterThan(2000);
  expect(bytes["stream of a session"]).toBeLessThan(10_000);
});

/** Bytes of the heap that a call takes beside what its parsing takes. */
function allocated(count: number, era: string): number {
  const young = ["--min-semi-space-size=128", "--max-semi-space-size=128"];
  const script = join(import.meta.dirname, "allocations.mjs");
  return Number(execFileSync("node", [...young, script, String(count), era], { encoding: "utf8" }));
}

describe.each([
  ["legacy", 1000],
  ["modern", 1100],
])("a %s call", (era, most) => {
  test("takes little of the heap, and as much with 1,000 tools as with 10", () => {
    const [few, many] = [allocated(10, era), allocated(1000, era)];
    expect(few).toBeGreaterThan(100);
    expect(few).toBeLessThan(most);
    expect(Math.abs(many - few)).toBeLessThan(few / 5);
  });
});
