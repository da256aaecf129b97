import { createHash } from "node:crypto";
import { join, relative, sep } from "node:path";
import type { Compilation } from "../compile.js";
import { hasErrors } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";

/** Which changes matter to a project. Paths are relative to it, with `/`. */
export interface Scope {
  /** Whether a path, absolute, is not looked at at all. */
  ignored(path: string): boolean;
  /** A path, absolute, as one of the project. */
  of(path: string): string;
  /** Records the files that a build has read and written. */
  built(compilation: Compilation): void;
  /** Returns the paths that make another build necessary. `again` keeps files with the same content, after a failure elsewhere. */
  relevant(touched: ReadonlySet<string>, again: boolean): ReadonlySet<string>;
  /** Whether a file is surely of the project: a build has read it, or it is named like what one would read. */
  isSource(path: string): boolean;
  /** Files outside the folder that the last build has read, absolute: of packages that are linked. */
  outside(): readonly string[];
}

/** Files that tell of what is installed, by package managers. */
export const installations: readonly string[] = [
  "node_modules/.package-lock.json",
  "node_modules/.modules.yaml",
  "node_modules/.yarn-state.yml",
];

/** A file of such a name may be a source although no build has read it yet. */
const source = /\.(?:[cm]?[jt]sx?|json)$/;
/** Files that a build stages, or that editors write beside a file. */
const temporary = /(?:^|\/)(?:\.mcpc-[0-9a-f]{12}-\d+\.tmp|4913|\.#[^/]*|[^/]*~|\.[^/]*\.sw.)$/;

export function scope(host: Host, config: string | undefined): Scope {
  let folders: readonly string[] = ["generated", "dist"];
  let inputs: ReadonlySet<string> = new Set();
  let failed = true;
  /** The hash of each file's last content. */
  const seen = new Map<string, string | undefined>();
  const of = (path: string): string => relative(host.root, path).split(sep).join("/");
  const settings = config === undefined ? undefined : of(config);
  const hashOf = (path: string): string | undefined => {
    const bytes = host.read(path);
    return bytes && createHash("sha256").update(bytes).digest("base64url");
  };

  const isSource = (path: string): boolean =>
    inputs.has(path) || source.test(path) || path === settings || installations.includes(path);

  return {
    of,
    isSource,
    ignored(absolute) {
      const path = of(absolute);
      // Of the folder itself no more is watched than these.
      if (path === "node_modules" || installations.includes(path)) return false;
      return /(?:^|\/)(?:node_modules|\.git)(?:\/|$)/.test(path) || folders.some((folder) => isIn(path, folder));
    },
    built({ inputs: read, changed, diagnostics, summary }) {
      inputs = new Set(read);
      failed = hasErrors(diagnostics);
      if (summary) folders = [summary.serving.generated, summary.bundle.replace(/\/[^/]*$/, "")];
      for (const path of changed) seen.set(path, hashOf(path));
    },
    relevant(touched, again) {
      const matters = (path: string): boolean =>
        // What mends a build may be anything.
        !temporary.test(path) && (failed || isSource(path));
      const differs = (path: string): boolean => {
        const hash = hashOf(path);
        const same = seen.has(path) && seen.get(path) === hash;
        seen.set(path, hash);
        return !same;
      };
      return new Set([...touched].filter((path) => matters(path) && (differs(path) || again)));
    },
    outside: () =>
      [...inputs]
        .filter((path) => path.startsWith("../") && !path.includes("node_modules/"))
        .map((path) => join(host.root, path)),
  };
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
