import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { nodeHost } from "../../compiler/host-node/index.js";
import { fileSnapshot } from "../../compiler/host-node/file-snapshot.js";
import { hashAt, hashOf, type Host } from "../../compiler/host.js";
import { traceReads } from "../../compiler/cache/trace.js";
import type { StoredFile } from "../../compiler/cache/stored-file.js";
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

/** Longer than a change may leave no trace in the times of the disk. */
const settled = () => setTimeout(150);

function stored(): StoredFile {
  let content: Uint8Array | undefined;
  return { read: () => content, write: (next) => void (content = Buffer.from(next)) };
}

/** The file that a first snapshot has stored, and all that it has read. */
function firstSnapshot(folder: string) {
  const left = stored();
  const first = fileSnapshot(nodeHost(folder), left);
  const seen = answers(first);
  first.save();
  return { left, seen };
}

/** All that a build can ask of a project. */
const answers = (host: Host) => ({
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

test.each(changes)("a stored snapshot hides no change: %s", async (what, change) => {
  const folder = linked();
  await settled();
  const { left, seen } = firstSnapshot(folder);
  expect(seen).toEqual(answers(nodeHost(folder)));
  change(folder);
  const { disk, read } = counting(folder);
  const second = fileSnapshot(disk, left);
  const hashes = paths.map((path) => hashAt(second, path));
  if (what === "nothing") expect(read).toEqual([]);
  expect(hashes).toEqual(paths.map((path) => hashAt(nodeHost(folder), path)));
  expect(answers(second)).toEqual(answers(nodeHost(folder)));
  await settled();
  second.refresh();
  expect(answers(second)).toEqual(answers(nodeHost(folder)));
});

test("a snapshot of a project that was copied is compared with the copy", async () => {
  const folder = project(files);
  await settled();
  const { left } = firstSnapshot(folder);
  const copy = project({});
  fs.cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
  fs.writeFileSync(join(copy, "src/b.ts"), "9;\n");
  fs.writeFileSync(join(copy, "new.json"), "{}");
  expect(answers(fileSnapshot(nodeHost(copy), left))).toEqual(answers(nodeHost(copy)));
});

test.each<[what: string, change: (file: string) => Promise<void> | void]>([
  ["a file that has changed within a moment of the snapshot", (file) => fs.writeFileSync(file, "7;\n")],
  [
    "a file with times in whole seconds that has changed within two",
    (file) => {
      const whole = Math.floor(Date.now() / 1000);
      fs.utimesSync(file, whole, whole);
      return settled();
    },
  ],
])("%s is not stored", async (_, change) => {
  const folder = project(files);
  await settled();
  await change(join(folder, "src/b.ts"));
  const { left } = firstSnapshot(folder);
  const { disk, read } = counting(folder);
  const second = fileSnapshot(disk, left);
  expect(paths.map((path) => hashAt(second, path))).toEqual(paths.map((path) => hashAt(nodeHost(folder), path)));
  expect(read).toContain("src/b.ts");
  expect(read).not.toContain("lib/d.ts");
});

test("the bytes that were read are traced, even where the file had others before", async () => {
  const folder = project(files);
  await settled();
  const { left } = firstSnapshot(folder);
  const { host, trace } = traceReads(fileSnapshot(nodeHost(folder), left));
  const thought = hashAt(host, "src/b.ts");
  fs.writeFileSync(join(folder, "src/b.ts"), "9;\n");
  const bytes = host.read("src/b.ts");
  expect(bytes?.toString()).toBe("9;\n");
  expect(hashOf(bytes)).not.toBe(thought);
  expect(hashAt(host, "src/b.ts")).toBe(hashOf(bytes));
  expect(trace().files["src/b.ts"]).toBe(hashOf(bytes));
});

const wrong = (text: string): string => text.replaceAll(/"[\w-]{43}"/g, '"wrong"');

test("a stored snapshot is relied on, so that the next test proves something", async () => {
  const folder = project(files);
  await settled();
  const { left } = firstSnapshot(folder);
  left.write(wrong(Buffer.from(left.read()!).toString()));
  expect(hashAt(fileSnapshot(nodeHost(folder), left), "src/b.ts")).toBe("wrong");
});

test.each<[what: string, damage: (text: string) => string]>([
  ["nothing", () => ""],
  ["another value", () => "null"],
  ["half of it", (text) => text.slice(0, text.length / 2)],
  ["another member", (text) => text.replace(/"files":\[.*\],"directories"/, '"files":7,"directories"')],
  ["one of another version", (text) => wrong(text).replace(/"form":"[^"]*"/, '"form":"0.0.0 v0.0.0"')],
])("a damaged snapshot is not used: %s", async (_, damage) => {
  const folder = project(files);
  await settled();
  const { left } = firstSnapshot(folder);
  const text = Buffer.from(left.read()!).toString();
  expect(damage(text)).not.toBe(text);
  left.write(damage(text));
  expect(answers(fileSnapshot(nodeHost(folder), left))).toEqual(answers(nodeHost(folder)));
});
