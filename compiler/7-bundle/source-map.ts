import { posix } from "node:path";

/**
 * Rewrites the source map of a bundle. Paths of the project's files become relative to the map; files of packages are
 * named by package, wherever the package is installed. `prefix` is the text in front of the bundle, whole lines.
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
