import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { nodeHost } from "../../compiler/host-node/index.js";
import { stayingHost } from "../../compiler/host-node/staying.js";
import { hashAt, hashOf, type Host } from "../../compiler/host.js";
import { recorder } from "../../compiler/incremental/record.js";
import type { StoredFile } from "../../compiler/incremental/stored.js";
import type { Summary } from "../../compiler/model/summary.js";
import { project } from "../e2e/project.js";

const files = { "a.json": "[1]", "src/b.ts": "1;\n", "src/tools/c.ts": "2;\n", "lib/d.ts": "3;\n" };
const paths = [...Object.keys(files), "src/new.ts", "none.json"];
const patterns = ["**/*.json", "src/**/*.ts", "src/*/*.ts", "lib/*.ts", "linked/*.ts"];

/** With a folder that a link leads to. */
function linked(): string {
  const folder = project({ ...files, "beyond/e.ts": "4;\n", "other/f.ts": "5;\n" });
  fs.symlinkSync("beyond", join(folder, "linked"));
  return folder;
}

/** Longer than a change may go without a trace. */
const settled = () => setTimeout(150);

function stored(): StoredFile {
  let content: Uint8Array | undefined;
  return { read: () => content, write: (next) => void (content = Buffer.from(next)) };
}

/** What a first look has left, and all that it was told. */
function looked(folder: string) {
  const left = stored();
  const first = stayingHost(nodeHost(folder), left);
  const seen = told(first);
  first.leave();
  return { left, seen };
}

/** All that a build can be told of a project. */
const told = (host: Host) => ({
  found: patterns.map((pattern) => host.find([pattern], ["**/node_modules/**"])),
  files: paths.map((path) => [path, hashAt(host, path), host.read(path)?.toString()]),
});

/** A host that counts how often a file is read. */
function counting(folder: string): { readonly disk: Host; readonly read: string[] } {
  const read: string[] = [];
  const host = nodeHost(folder);
  return { read, disk: { ...host, read: (path) => (read.push(path), host.read(path)) } };
}

const again = (folder: string, path: string, text: string): void => {
  const file = join(folder, path);
  const { atime, mtime } = fs.statSync(file);
  fs.writeFileSync(file, text);
  fs.utimesSync(file, atime, mtime);
};

const changes: readonly [what: string, change: (folder: string) => void][] = [
  ["nothing", () => {}],
  ["a text of the same length", (folder) => fs.writeFileSync(join(folder, "src/b.ts"), "9;\n")],
  ["a text of the same length at the same time", (folder) => again(folder, "src/b.ts", "9;\n")],
  [
    "another file in its place, of the same length and time",
    (folder) => {
      fs.writeFileSync(join(folder, "another"), "9;\n");
      const { atime, mtime } = fs.statSync(join(folder, "src/b.ts"));
      fs.utimesSync(join(folder, "another"), atime, mtime);
      fs.renameSync(join(folder, "another"), join(folder, "src/b.ts"));
    },
  ],
  ["a file that is gone", (folder) => fs.rmSync(join(folder, "a.json"))],
  ["a file that was not there", (folder) => fs.writeFileSync(join(folder, "none.json"), "{}")],
  ["a file in a folder below", (folder) => fs.writeFileSync(join(folder, "src/tools/new.ts"), "")],
  ["a folder that is gone", (folder) => fs.rmSync(join(folder, "src"), { recursive: true })],
  [
    "a folder that became a link",
    (folder) => {
      fs.renameSync(join(folder, "lib"), join(folder, "elsewhere"));
      fs.symlinkSync("elsewhere", join(folder, "lib"));
    },
  ],
  ["a file in a folder behind a link", (folder) => fs.writeFileSync(join(folder, "beyond/new.ts"), "")],
  [
    "a link that leads to another folder",
    (folder) => {
      fs.rmSync(join(folder, "linked"));
      fs.symlinkSync("other", join(folder, "linked"));
    },
  ],
  [
    "a folder in place of a link",
    (folder) => {
      fs.rmSync(join(folder, "linked"));
      fs.renameSync(join(folder, "beyond"), join(folder, "linked"));
    },
  ],
  [
    "a file that became a link to itself",
    (folder) => {
      fs.rmSync(join(folder, "src/b.ts"));
      fs.symlinkSync("b.ts", join(folder, "src/b.ts"));
    },
  ],
  ["a link to itself that was not there", (folder) => fs.symlinkSync("new.ts", join(folder, "src/new.ts"))],
  [
    "a file that became a folder",
    (folder) => {
      fs.rmSync(join(folder, "a.json"));
      fs.mkdirSync(join(folder, "a.json"));
    },
  ],
];

test.each(changes)("what was left of an earlier look hides no change: %s", async (what, change) => {
  const folder = linked();
  await settled();
  const { left, seen } = looked(folder);
  expect(seen).toEqual(told(nodeHost(folder)));
  change(folder);
  const { disk, read } = counting(folder);
  const second = stayingHost(disk, left);
  const hashes = paths.map((path) => hashAt(second, path));
  if (what === "nothing") expect(read).toEqual([]);
  expect(hashes).toEqual(paths.map((path) => hashAt(nodeHost(folder), path)));
  expect(told(second)).toEqual(told(nodeHost(folder)));
  await settled();
  second.again();
  expect(told(second)).toEqual(told(nodeHost(folder)));
});

test("a project that was copied with what was left of it is looked at where it is", async () => {
  const folder = project(files);
  await settled();
  const { left } = looked(folder);
  const copy = project({});
  fs.cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
  fs.writeFileSync(join(copy, "src/b.ts"), "9;\n");
  fs.writeFileSync(join(copy, "new.json"), "{}");
  expect(told(stayingHost(nodeHost(copy), left))).toEqual(told(nodeHost(copy)));
});

test.each<[what: string, change: (file: string) => Promise<void> | void]>([
  ["what has changed within a moment of the look", (file) => fs.writeFileSync(file, "7;\n")],
  [
    "what has times in whole seconds, and has changed within two",
    (file) => {
      const whole = Math.floor(Date.now() / 1000);
      fs.utimesSync(file, whole, whole);
      return settled();
    },
  ],
])("%s is not left", async (_, change) => {
  const folder = project(files);
  await settled();
  await change(join(folder, "src/b.ts"));
  const { left } = looked(folder);
  const { disk, read } = counting(folder);
  const second = stayingHost(disk, left);
  expect(paths.map((path) => hashAt(second, path))).toEqual(paths.map((path) => hashAt(nodeHost(folder), path)));
  expect(read).toContain("src/b.ts");
  expect(read).not.toContain("lib/d.ts");
});

test("what was read is recorded, even if something else was there at the first look", async () => {
  const folder = project(files);
  await settled();
  const { left } = looked(folder);
  const { host, record } = recorder(stayingHost(nodeHost(folder), left));
  const thought = hashAt(host, "src/b.ts");
  fs.writeFileSync(join(folder, "src/b.ts"), "9;\n");
  const bytes = host.read("src/b.ts");
  expect(bytes?.toString()).toBe("9;\n");
  expect(hashOf(bytes)).not.toBe(thought);
  expect(hashAt(host, "src/b.ts")).toBe(hashOf(bytes));
  const built = { compiler: "", warnings: [], unwritten: [], made: {}, summary: {} as Summary };
  expect(record(built, []).files["src/b.ts"]).toBe(hashOf(bytes));
});

const wrong = (text: string): string => text.replaceAll(/"[\w-]{43}"/g, '"wrong"');

test("what is left is trusted, so that the next test says something", async () => {
  const folder = project(files);
  await settled();
  const { left } = looked(folder);
  left.write(wrong(Buffer.from(left.read()!).toString()));
  expect(hashAt(stayingHost(nodeHost(folder), left), "src/b.ts")).toBe("wrong");
});

test.each<[what: string, damage: (text: string) => string]>([
  ["nothing", () => ""],
  ["another value", () => "null"],
  ["half of it", (text) => text.slice(0, text.length / 2)],
  ["another member", (text) => text.replace(/"files":\[.*\],"sights"/, '"files":7,"sights"')],
  ["what another compiler left", (text) => wrong(text).replace(/"form":"[^"]*"/, '"form":"0.0.0 v0.0.0"')],
])("what is damaged is not trusted: %s", async (_, damage) => {
  const folder = project(files);
  await settled();
  const { left } = looked(folder);
  const text = Buffer.from(left.read()!).toString();
  expect(damage(text)).not.toBe(text);
  left.write(damage(text));
  expect(told(stayingHost(nodeHost(folder), left))).toEqual(told(nodeHost(folder)));
});
