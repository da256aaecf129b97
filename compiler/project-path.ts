import { posix } from "node:path";

/**
 * A path written in the file `from`, as a path of the project. Undefined when it is absolute, leaves the project, or
 * says what no portable path says (a backslash, a drive letter, a control character). Links are not resolved here.
 */
export function projectPath(from: string, written: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (written === "" || /[\\\u0000-\u001f]/.test(written) || /^[a-z]:/i.test(written) || posix.isAbsolute(written))
    return undefined;
  const path = posix.normalize(posix.join(posix.dirname(from), written));
  return path === ".." || path.startsWith("../") ? undefined : path;
}
