import * as fs from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { globSync } from "glob";
import { HostError, type Change, type Host } from "./host.js";
import type { JsonObject } from "./model/source.js";

/** The host on the real disk. `folder` is the project, absolute or relative to the working directory. Throws `HostError` when it is no folder. */
export function nodeHost(folder: string): Host {
  const root = realFolder(folder);
  const absolute = (path: string): string => resolve(root, path);
  return {
    root,
    manifestSchema: manifestSchema(),
    find: (patterns, ignore) =>
      globSync([...patterns], { cwd: root, ignore: [...ignore], dot: true, nodir: true, posix: true }).sort(byCodeUnit),
    read: (path) => readIfPresent(absolute(path)),
    contains: (path) => contains(root, absolute(path)),
    commit: (changes) => commit(root, changes),
  };
}

/** Stands beside this file's folder both in the sources and in the package. */
function manifestSchema(): JsonObject {
  return JSON.parse(fs.readFileSync(new URL("../mcp.schema.json", import.meta.url), "utf8")) as JsonObject;
}

function realFolder(folder: string): string {
  const root = refusable(folder, () => (fs.existsSync(folder) ? fs.realpathSync(folder) : undefined));
  if (root === undefined) throw new HostError(`there is no folder ${JSON.stringify(folder)}`);
  if (!fs.statSync(root).isDirectory()) throw new HostError(`${JSON.stringify(folder)} is not a folder`);
  return root;
}

function readIfPresent(file: string): Uint8Array | undefined {
  return refusable(file, () => {
    try {
      return fs.readFileSync(file);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
      throw error;
    }
  });
}

function contains(root: string, file: string): boolean {
  let existing = file;
  while (!fs.existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const real = resolve(fs.realpathSync(existing), relative(existing, file));
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Stages every file beside its target, then renames all; a failure puts back what stood there. */
function commit(root: string, changes: readonly Change[]): void {
  const staged: { readonly target: string; readonly stage: string }[] = [];
  const folders: string[] = [];
  const before = new Map<string, Uint8Array | undefined>();
  try {
    for (const { path, bytes } of changes) {
      const target = resolve(root, path);
      if (!contains(root, target)) throw new HostError(`${JSON.stringify(path)} leads outside the project`);
      if (bytes === undefined) continue;
      refusable(path, () => {
        const made = fs.mkdirSync(dirname(target), { recursive: true });
        if (made !== undefined) folders.push(made);
        const stage = join(dirname(target), `.mcpc-${process.pid}-${staged.length}.tmp`);
        staged.push({ target, stage });
        fs.writeFileSync(stage, bytes);
        if (fs.existsSync(target)) fs.chmodSync(stage, fs.statSync(target).mode);
      });
    }
    for (const { target, stage } of staged) {
      refusable(target, () => {
        before.set(target, readIfPresent(target));
        fs.renameSync(stage, target);
      });
    }
    for (const { path, bytes } of changes) {
      const target = resolve(root, path);
      if (bytes !== undefined) continue;
      refusable(path, () => {
        before.set(target, readIfPresent(target));
        fs.rmSync(target, { force: true });
        removeEmptyFolders(root, dirname(target));
      });
    }
  } catch (error) {
    rollBack(staged, before, folders);
    throw error;
  }
}

function rollBack(
  staged: readonly { readonly target: string; readonly stage: string }[],
  before: ReadonlyMap<string, Uint8Array | undefined>,
  folders: readonly string[],
): void {
  for (const { stage } of staged) fs.rmSync(stage, { force: true });
  for (const [target, bytes] of before) {
    if (bytes === undefined) fs.rmSync(target, { force: true });
    else {
      fs.mkdirSync(dirname(target), { recursive: true });
      fs.writeFileSync(target, bytes);
    }
  }
  for (const folder of folders.toReversed()) fs.rmSync(folder, { recursive: true, force: true });
}

function removeEmptyFolders(root: string, folder: string): void {
  while (folder !== root && fs.readdirSync(folder).length === 0) {
    fs.rmdirSync(folder);
    folder = dirname(folder);
  }
}

/** What the machine refuses becomes a `HostError` that names the path and the reason. */
function refusable<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof HostError || typeof code !== "string") throw error;
    throw new HostError(`${JSON.stringify(path)}: ${reasons[code] ?? (error as Error).message}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOSPC: "no space left on the disk",
  EROFS: "the disk is read-only",
  EMFILE: "too many open files",
  ENOTDIR: "a file stands where a folder is needed",
  EISDIR: "a folder stands where a file is needed",
  ELOOP: "a symbolic link leads to itself",
};

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
