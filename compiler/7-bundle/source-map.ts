import { posix } from "node:path";

/**
 * The map of a bundle as it stands beside it: it names the project's files relative to itself, and those of packages by
 * their package, wherever that is installed.
 */
export function portableMap(text: string, dist: string, runtime: string, root: string): string {
  const map = JSON.parse(text) as { sources: string[] };
  const sources = map.sources.map((source) => {
    const file = posix.resolve(root, dist, source);
    if (file.startsWith(`${runtime}/`)) return `@mcpc/runtime${file.slice(runtime.length)}`;
    return file.includes("/node_modules/") ? file.slice(file.lastIndexOf("/node_modules/") + 14) : source;
  });
  return `${JSON.stringify({ ...map, sources })}\n`;
}
