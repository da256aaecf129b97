import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { recover } from "../../compiler/host-node/commit.js";
import { killedAt } from "./killed-at.js";
import { contents, kept, mcpc, project } from "./project.js";

/** As a module of JavaScript: a process of its own runs it. */
let module: string;
beforeAll(() => {
  module = join(kept({}), "commit.mjs");
  buildSync({
    entryPoints: [join(import.meta.dirname, "..", "..", "compiler", "host-node", "commit.ts")],
    outfile: module,
    bundle: true,
    format: "esm",
    platform: "node",
  });
});
const before = { "kept.txt": "kept", "a/changed.txt": "old", "a/gone.txt": "gone", "b/only.txt": "alone" };
const changes = {
  "a/changed.txt": "new",
  "a/added.txt": "added",
  "c/d/deep.txt": "deep",
  "a/gone.txt": null,
  "b/only.txt": null,
};
const after = { "kept.txt": "kept", "a/changed.txt": "new", "a/added.txt": "added", "c/d/deep.txt": "deep" };

const script = () => `
import { commit } from ${JSON.stringify(pathToFileURL(module).href)};
const changes = Object.entries(${JSON.stringify(changes)});
commit(process.cwd(), changes.map(([path, text]) => text === null ? { path } : { path, bytes: Buffer.from(text) }));
`;

const bytes = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files)
      .map(([path, text]) => [path, Buffer.from(text).toString("latin1")])
      .sort(),
  );

test("a commit killed at any call is undone or done, never half", () => {
  const outcomes = new Set<string>();
  let call = 1;
  for (; ; call++) {
    const folder = project(before);
    const run = spawnSync("node", [...killedAt(call), "--input-type=module", "-e", script()], { cwd: folder });
    recover(folder);
    const left = contents(folder);
    if (run.signal === null) {
      expect({ status: run.status, stderr: String(run.stderr), left }).toEqual({
        status: 0,
        stderr: "",
        left: bytes(after),
      });
      break;
    }
    expect(run.signal).toBe("SIGKILL");
    const undone = left["a/added.txt"] === undefined;
    expect(left, `killed at call ${call}`).toEqual(bytes(undone ? before : after));
    outcomes.add(undone ? "undone" : "done");
  }
  expect(call).toBeGreaterThan(10);
  expect([...outcomes]).toEqual(["undone", "done"]);
});

const tool = { name: "t", description: "Does nothing.", inputSchema: { type: "object", properties: {} } };

test.each(["dist/server.js", "dist/package.json", "mcpc.lock.json", "generated/types.ts", "src/tools/t.ts"])(
  "a build says that a folder stands at %s, and leaves nothing half",
  (path) => {
    const files = { "a.mcp.json": JSON.stringify({ server: { name: "t", version: "1" }, tools: [tool] }) };
    const folder = project({ ...files, [`${path}/kept.txt`]: "kept" });
    // Generated code and stubs are written before the bundle and the lock file.
    const late = (): string[] => Object.keys(contents(folder)).filter((path) => !/^(?:generated|src)\//.test(path));
    const before = late();
    const { code, stderr } = mcpc(folder, "build");
    expect(stderr).toContain(`${JSON.stringify(path)}: a folder exists where a file is needed`);
    expect([code, late()]).toEqual([2, before]);
    expect(contents(folder)).toHaveProperty([`${path}/kept.txt`]);
  },
);
