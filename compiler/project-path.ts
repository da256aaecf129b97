import { posix } from "node:path";

/**
 * Converts a path that the file `from` contains to a path of the project. Returns `undefined` if it is absolute,
 * leaves the project or is not portable: with a backslash, a drive letter or a control character. Does not resolve
 * links.
 */
export function projectPath(from: string, written: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (written === "" || /[\\\u0000-\u001f]/.test(written) || /^[a-z]:/i.test(written) || posix.isAbsolute(written))
    return undefined;
  const path = posix.normalize(posix.join(posix.dirname(from), written));
  return path === ".." || path.startsWith("../") ? undefined : path;
}
