import { posix } from "node:path";

/**
 * The map of a bundle as it stands beside it: it names the project's files relative to itself, and those of packages by
 * their package, wherever that is installed. `prefix` is what was put before the bundle, whole lines.
 */
export function portableMap(text: string, dist: string, runtime: string, root: string, prefix: string): string {
  const map = JSON.parse(text) as { sources: string[]; mappings: string };
  const mappings = ";".repeat(prefix.split("\n").length - 1) + map.mappings;
  const sources = map.sources.map((source) => {
    const file = posix.resolve(root, dist, source);
    if (file.startsWith(`${runtime}/`)) return `@mcpc/runtime${file.slice(runtime.length)}`;
    return file.includes("/node_modules/") ? file.slice(file.lastIndexOf("/node_modules/") + 14) : source;
  });
  return `${JSON.stringify({ ...map, sources, mappings })}\n`;
}
