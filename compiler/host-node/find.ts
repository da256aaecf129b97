import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import type * as Glob from "glob";

type Disk = NonNullable<Glob.GlobOptions["fs"]>;

/** Loaded when first asked for: most builds know what there is to find. */
const glob = (): typeof Glob => createRequire(import.meta.url)("glob") as typeof Glob;

/** Files below `root` that match any of the patterns, sorted by code unit. */
export function find(root: string, patterns: readonly string[], ignore: readonly string[], disk: Disk = {}): string[] {
  const options = { cwd: root, ignore: [...ignore], dot: true, nodir: true, posix: true, fs: disk };
  return glob()
    .globSync([...patterns], options)
    .sort(byCodeUnit);
}

/** Whether a text is a pattern of paths. */
export function isPattern(text: string): boolean {
  return /[*?[{]/.test(text) && glob().hasMagic(text, { magicalBraces: true });
}

/** Folders that match a pattern, sorted by code unit. On Windows a backslash separates folders. */
export function findFolders(root: string, pattern: string): string[] {
  const options = { cwd: root, posix: true, windowsPathsNoEscape: process.platform === "win32" };
  const folders = glob().globSync(`${pattern.replace(/\/+$/, "")}/`, options);
  return folders.map((folder) => folder.replace(/\/$/, "")).sort(byCodeUnit);
}

/** Returns the disk for a search; `onPath` gets each path whose contents or presence the search goes by. */
export function tracingFs(onPath: (path: string) => void): Disk {
  return {
    lstatSync: (path) => (onPath(String(path)), fs.lstatSync(path)),
    readdirSync: (path, options) => (onPath(String(path)), fs.readdirSync(path, options)),
  };
}

/**
 * Stands for a folder as a search sees it: the names in it, and their kinds; or for a path that is none, or refused. Links
 * are followed, as by a search whose pattern names the link.
 */
export function directoryFingerprint(path: string): string {
  try {
    const kind = fs.lstatSync(path).isSymbolicLink() ? "link" : "";
    if (!fs.statSync(path).isDirectory()) return `${kind} file`;
    const names = fs
      .readdirSync(path, { withFileTypes: true })
      .map((entry) => `${entry.name}${entry.isDirectory() ? "/" : entry.isSymbolicLink() ? "@" : ""}`);
    return `${kind} ${createHash("sha256").update(names.join("\0")).digest("base64url")}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
