import * as fs from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { textOf, type Host } from "../../host.js";
import { slashed } from "./paths.js";

/** A virtual file system. `undefined` makes TypeScript read the disk itself. */
export interface Overlay {
  /** Returns the file's text with its byte order mark, which TypeScript drops only in files that it reads itself. */
  given(path: string): string | null | undefined;
  readFile(path: string): string | null | undefined;
  fileExists(path: string): boolean | undefined;
  directoryExists(path: string): boolean | undefined;
  realpath(path: string): string | undefined;
}

/**
 * Creates an overlay of `texts`, by absolute path, which may change. A project without a runtime gets the compiler's
 * among its packages. If `read` is given, it reads the project's own files.
 */
export function overlay(root: string, texts: ReadonlyMap<string, string>, read?: Host["read"]): Overlay {
  const packages = `${root}/node_modules/@mcpc`;
  const apart = hasRuntime(root) ? undefined : `${packages}/runtime`;
  const installed = dirname(createRequire(import.meta.url).resolve("@mcpc/runtime/package.json"));
  /** Returns the true path of a file of that runtime. */
  const real = (path: string): string | undefined =>
    apart !== undefined && (path === apart || path.startsWith(`${apart}/`))
      ? installed + path.slice(apart.length)
      : undefined;
  const isFolder = (path: string): boolean =>
    (apart !== undefined && `${packages}/`.startsWith(`${path}/`) && path.length >= root.length) ||
    [...texts.keys()].some((file) => file.startsWith(`${path}/`));
  /** Returns the project path of a file that `read` knows. */
  const own = (path: string): string | undefined =>
    read && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined;
  const given = (path: string): string | null | undefined => {
    const text = texts.get(path);
    if (text !== undefined) return text;
    const file = real(path);
    if (file !== undefined) return isFile(file) ? fs.readFileSync(file, "utf8") : null;
    const projectPath = own(path);
    if (projectPath === undefined) return undefined;
    const bytes = read!(projectPath);
    return bytes ? textOf(bytes) : null;
  };
  return {
    given,
    readFile: (path) => {
      const text = given(path);
      return text?.startsWith("\uFEFF") ? text.slice(1) : text;
    },
    fileExists: (path) => {
      if (texts.has(path)) return true;
      const file = real(path);
      if (file !== undefined) return isFile(file);
      const projectPath = own(path);
      return projectPath === undefined ? undefined : read!(projectPath) !== undefined;
    },
    directoryExists: (path) => {
      const file = real(path);
      if (file !== undefined) return fs.existsSync(file);
      return isFolder(path) || own(path) !== undefined || undefined;
    },
    realpath: (path) => {
      const file = real(path);
      return file === undefined || !fs.existsSync(file) ? undefined : slashed(fs.realpathSync(file));
    },
  };
}

function hasRuntime(root: string): boolean {
  for (let folder = root; ; folder = dirname(folder)) {
    if (fs.existsSync(`${folder}/node_modules/@mcpc/runtime`)) return true;
    if (dirname(folder) === folder) return false;
  }
}

export function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** An overlay that records accesses. */
export interface TracedOverlay extends Overlay {
  /** Returns the result of `act`, and the files that it accessed, whether they exist or not. */
  trace<T>(act: () => T): [value: T, files: string[]];
}

export function traceOverlay(disk: Overlay): TracedOverlay {
  let files = new Set<string>();
  const trace =
    <T>(look: (path: string) => T) =>
    (path: string): T => {
      files.add(path);
      return look(path);
    };
  return {
    ...disk,
    readFile: trace(disk.readFile),
    fileExists: trace(disk.fileExists),
    trace: (act) => {
      files = new Set();
      const value = act();
      return [value, [...files]];
    },
  };
}
