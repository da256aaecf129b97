import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { StoredFile } from "../cache/stored-file.js";
import { contains, readIfPresent, withHostErrors } from "./files.js";

/** The folder with the caches of one project. It is outside the project and private to the user. */
export interface CacheFolder {
  /** The absolute path. */
  readonly path: string;
  read(name: string): Uint8Array | undefined;
  /** Replaces the file atomically. */
  write(name: string, content: string | Uint8Array): void;
  remove(name: string): void;
}

/**
 * Returns the cache folder; `undefined` if the machine has none, in which case builds work without it but take longer.
 */
export function cacheFolder(root: string): CacheFolder | undefined {
  const base = places().find((place) => !contains(root, place) && isUsable(place));
  if (base === undefined) return undefined;
  const path = join(base, createHash("sha256").update(root).digest("hex").slice(0, 32));
  if (!fs.existsSync(path)) removeUnused(base);
  if (!isUsable(path)) return undefined;
  const at = (name: string): string => join(path, name);
  return {
    path,
    read: (name) => (isFile(at(name)) ? readIfPresent(at(name)) : undefined),
    write: (name, content) => {
      const stage = `${at(name)}.tmp`;
      withHostErrors(at(name), () => {
        fs.rmSync(stage, { force: true });
        fs.writeFileSync(stage, content, { flag: "wx", mode: 0o600 });
        fs.renameSync(stage, at(name));
      });
    },
    remove: (name) => withHostErrors(at(name), () => fs.rmSync(at(name), { force: true })),
  };
}

/** Returns access to cached files of a project. Unreadable files count as absent. */
export function storedFiles(root: string): (name: string) => StoredFile {
  const folder = cacheFolder(root);
  return (name) => ({
    read: () => {
      try {
        return folder?.read(name);
      } catch {
        return undefined;
      }
    },
    write: (content) => folder?.write(name, content),
  });
}

/** A cache that stores nothing. */
export const noStoredFiles = (): StoredFile => ({ read: () => undefined, write: () => {} });

/** Returns possible places of the folder, best first. */
function places(): string[] {
  const named = [process.env["XDG_CACHE_HOME"], ofPlatform()].find((place) => place && isAbsolute(place));
  // Used without a home, or with a read-only one, as in some containers.
  const temporary = join(tmpdir(), `mcpc-${process.geteuid?.() ?? "user"}`);
  return [...(named ? [join(named, "mcpc")] : []), temporary].filter(isAbsolute);
}

function ofPlatform(): string | undefined {
  if (process.platform === "win32") return process.env["LOCALAPPDATA"];
  try {
    return join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache");
  } catch {
    // The user has no home, neither in a variable nor in the system's list.
    return undefined;
  }
}

/** Creates the folder if necessary. Returns false if it is not writable, or writable for other users. */
function isUsable(folder: string): boolean {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = fs.lstatSync(folder);
    const uid = process.geteuid?.();
    // Windows has no such owners and modes; its cache folder is private.
    if (!stat.isDirectory() || (uid !== undefined && (stat.uid !== uid || (stat.mode & 0o022) !== 0))) return false;
    fs.accessSync(folder, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isFile(file: string): boolean {
  return withHostErrors(file, () => fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false);
}

const unusedMs = 30 * 24 * 60 * 60 * 1000;

/** Removes the folders of projects that were not built for a month, many of which no longer exist. */
function removeUnused(base: string): void {
  try {
    for (const name of fs.readdirSync(base)) {
      const folder = join(base, name);
      if (Date.now() - fs.lstatSync(folder).mtimeMs > unusedMs) fs.rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // Another build may be doing the same.
  }
}
