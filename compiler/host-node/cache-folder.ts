import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { StoredFile } from "../cache/stored-file.js";
import { contains, readIfPresent, refusable } from "./files.js";

/** The folder in which builds of one project keep files for later builds: outside the project, and the user's alone. */
export interface CacheFolder {
  /** Absolute. */
  readonly path: string;
  read(name: string): Uint8Array | undefined;
  /** Replaces the file as a whole. */
  write(name: string, content: string | Uint8Array): void;
  remove(name: string): void;
}

/** Undefined where the machine has no such folder: builds work without it, but take longer. */
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
      refusable(at(name), () => {
        fs.rmSync(stage, { force: true });
        fs.writeFileSync(stage, content, { flag: "wx", mode: 0o600 });
        fs.renameSync(stage, at(name));
      });
    },
    remove: (name) => refusable(at(name), () => fs.rmSync(at(name), { force: true })),
  };
}

/** The files that builds of a project leave to later builds; one that cannot be read is absent. */
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

/** Keeps nothing. */
export const noStoredFiles = (): StoredFile => ({ read: () => undefined, write: () => {} });

/** Candidate places of the folder, best first. */
function places(): string[] {
  const named = [process.env["XDG_CACHE_HOME"], ofPlatform()].find((place) => place && isAbsolute(place));
  // Used where a home is missing, or read-only, as in some containers.
  const temporary = join(tmpdir(), `mcpc-${process.geteuid?.() ?? "user"}`);
  return [...(named ? [join(named, "mcpc")] : []), temporary].filter(isAbsolute);
}

function ofPlatform(): string | undefined {
  if (process.platform === "win32") return process.env["LOCALAPPDATA"];
  try {
    return join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache");
  } catch {
    // The user has no home: neither a variable nor the system's list names one.
    return undefined;
  }
}

/** Makes the folder where it is missing. False where it cannot be written, or others could have written into it. */
function isUsable(folder: string): boolean {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = fs.lstatSync(folder);
    const uid = process.geteuid?.();
    // Windows has no owners and modes of this kind; its folder for caches is closed to others.
    if (!stat.isDirectory() || (uid !== undefined && (stat.uid !== uid || (stat.mode & 0o022) !== 0))) return false;
    fs.accessSync(folder, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isFile(file: string): boolean {
  return refusable(file, () => fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false);
}

const unusedMs = 30 * 24 * 60 * 60 * 1000;

/** Removes the folders of projects that were not built for a month: many of those do not exist any more. */
function removeUnused(base: string): void {
  try {
    for (const name of fs.readdirSync(base)) {
      const folder = join(base, name);
      if (Date.now() - fs.lstatSync(folder).mtimeMs > unusedMs) fs.rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // Another build is at the same.
  }
}
