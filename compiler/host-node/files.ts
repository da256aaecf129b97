import * as fs from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { HostError } from "../host.js";

/** Reads a file; `undefined` if it is no regular file, since reading a pipe could block for ever. */
export function readIfPresent(file: string): Uint8Array | undefined {
  return withHostErrors(file, () => {
    try {
      // Cheaper than handling an exception.
      return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ? fs.readFileSync(file) : undefined;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes(code)) return undefined;
      throw error;
    }
  });
}

/** Creates a folder, and those above it. */
export function createFolder(path: string): void {
  withHostErrors(path, () => fs.mkdirSync(path, { recursive: true }));
}

/** Returns whether a path is a folder; `false` if it does not exist. */
export function isFolder(path: string): boolean {
  return withHostErrors(path, () => fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

/** Throws `HostError` for a pipe, a socket or a device, since opening it could block for ever. */
export function refuseSpecial(root: string, path: string): void {
  const file = resolve(root, path);
  const stat = withHostErrors(path, () => fs.statSync(file, { throwIfNoEntry: false }));
  if (stat && !stat.isFile() && !stat.isDirectory())
    throw new HostError(`${JSON.stringify(path)} is not a regular file`);
}

/** Returns the paths of pipes, sockets, devices, and links to them, below a folder. Packages are skipped. */
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

/** Returns whether a file, with links resolved, is in `root`. Neither the file nor the targets of links need exist. */
export function contains(root: string, file: string, links = 0): boolean {
  let existing = file;
  while (!fs.existsSync(existing) && dirname(existing) !== existing) {
    const link = linkAt(existing);
    if (link !== undefined) {
      const target = resolve(fs.realpathSync(dirname(existing)), link, relative(existing, file));
      return links < maxLinks && contains(root, target, links + 1);
    }
    existing = dirname(existing);
  }
  const real = resolve(fs.realpathSync(existing), relative(existing, file));
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The maximum number of links, which ends circular ones. */
const maxLinks = 40;

/** Returns the target of a link as written; `undefined` for other files. */
function linkAt(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Converts an error of the file system to a `HostError` with the path and the reason. */
export function withHostErrors<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof HostError || typeof code !== "string") throw error;
    throw new HostError(`${JSON.stringify(path)}: ${reasons[code] ?? (error as Error).message}`, { cause: error });
  }
}

/** Writes a requested report, and creates its folder if necessary. Throws `HostError`. */
export function writeReport(path: string, text: string): void {
  withHostErrors(path, () => {
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
  ENOTDIR: "a file exists where a folder is needed",
  EEXIST: "a file exists where a folder is needed",
  EISDIR: "a folder exists where a file is needed",
  ELOOP: "a symbolic link leads to itself",
};
