import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readIfPresent } from "../../compiler/host-node/files.js";
import type { Host } from "../../compiler/host.js";
import type { JsonObject } from "../../compiler/model/source.js";

const manifestSchema = JSON.parse(
  readFileSync(new URL("../../mcp.schema.json", import.meta.url), "utf8"),
) as JsonObject;

const root = "/project";

/**
 * A project that exists only in memory; `outside` are paths that leave it through a link. What lies beyond its folder,
 * as the installed runtime does, is on the disk.
 */
export function memoryHost(
  files: Readonly<Record<string, string | Uint8Array>>,
  outside: readonly string[] = [],
): Host & { readonly opened: readonly string[] } {
  const opened: string[] = [];
  const matches = (path: string, patterns: readonly string[]): boolean =>
    patterns.some((pattern) => globToRegExp(pattern).test(path));
  return {
    root,
    manifestSchema,
    opened,
    find: (patterns, ignore) =>
      Object.keys(files)
        .filter((path) => matches(path, patterns) && !matches(path, ignore))
        .sort(),
    read: (path) => {
      opened.push(path);
      if (path.startsWith("../")) return readIfPresent(join(root, path));
      const content = Object.hasOwn(files, path) ? files[path] : undefined;
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    },
    size: (path) => (Object.hasOwn(files, path) ? Buffer.byteLength(files[path]!) : 0),
    contains: (path) => !path.startsWith("..") && !path.startsWith("/") && !outside.includes(path),
    commit: () => {
      throw new Error("reading and checking write nothing");
    },
  };
}

/** Enough of a glob for the compiler's own patterns: `**\/` is any folders, `*` is any part of a name. */
function globToRegExp(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/|\*\*|\*)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
