import * as fs from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { HostError } from "../host.js";

/** The file's bytes; undefined when there is no regular file: to read a pipe could take for ever. */
export function readIfPresent(file: string): Uint8Array | undefined {
  return refusable(file, () => {
    try {
      // Cheaper than a failure.
      return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ? fs.readFileSync(file) : undefined;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes(code)) return undefined;
      throw error;
    }
  });
}

/** False for what is not there. */
export function isFolder(path: string): boolean {
  return refusable(path, () => fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

/** Throws `HostError` for a pipe, a socket or a device: whatever opens it could wait for ever. */
export function refuseSpecial(root: string, path: string): void {
  const file = resolve(root, path);
  const stat = refusable(path, () => fs.statSync(file, { throwIfNoEntry: false }));
  if (stat && !stat.isFile() && !stat.isDirectory())
    throw new HostError(`${JSON.stringify(path)} is not a regular file`);
}

/** Finds pipes, sockets, devices, and links to such, by path, below a folder; packages in it are left out. */
export function specialFiles(folder: string): string[] {
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    if (entry.isFile()) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" || entry.name === ".git" ? [] : specialFiles(path);
    return isSpecial(path) ? [path] : [];
  });
}

function isSpecial(path: string): boolean {
  try {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && !stat.isFile() && !stat.isDirectory();
  } catch {
    return false;
  }
}

/** False when the file, links resolved, is outside `root`; neither it nor what a link leads to need exist. */
export function contains(root: string, file: string, links = 0): boolean {
  let existing = file;
  while (!fs.existsSync(existing) && dirname(existing) !== existing) {
    const link = linkAt(existing);
    if (link !== undefined) {
      const target = resolve(fs.realpathSync(dirname(existing)), link, relative(existing, file));
      return links < mostLinks && contains(root, target, links + 1);
    }
    existing = dirname(existing);
  }
  const real = resolve(fs.realpathSync(existing), relative(existing, file));
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** A link that leads to itself leads nowhere. */
const mostLinks = 40;

/** Returns the target of a link as it is written; undefined without a link. */
function linkAt(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Turns an error of the file system into a `HostError` that names the path and the reason. */
export function refusable<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof HostError || typeof code !== "string") throw error;
    throw new HostError(`${JSON.stringify(path)}: ${reasons[code] ?? (error as Error).message}`, { cause: error });
  }
}

/** Writes a report that a user asked for, in a folder that may not exist yet. Throws `HostError`. */
export function writeReport(path: string, text: string): void {
  refusable(path, () => {
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.writeFileSync(path, text);
  });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOSPC: "no space left on the disk",
  EROFS: "the disk is read-only",
  EMFILE: "too many open files",
  ENOTDIR: "a file stands where a folder is needed",
  EEXIST: "a file stands where a folder is needed",
  EISDIR: "a folder stands where a file is needed",
  ELOOP: "a symbolic link leads to itself",
};
