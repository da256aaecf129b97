import * as fs from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { HostError } from "../host.js";

/** The file's bytes; undefined when there is no such file. */
export function readIfPresent(file: string): Uint8Array | undefined {
  return refusable(file, () => {
    try {
      // Cheaper than a failure.
      return fs.existsSync(file) ? fs.readFileSync(file) : undefined;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
      throw error;
    }
  });
}

/** False when the file, links resolved, stands outside `root`; it need not exist. */
export function contains(root: string, file: string): boolean {
  let existing = file;
  while (!fs.existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const real = resolve(fs.realpathSync(existing), relative(existing, file));
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** What the machine refuses becomes a `HostError` that names the path and the reason. */
export function refusable<T>(path: string, act: () => T): T {
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
