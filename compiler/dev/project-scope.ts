import { createHash } from "node:crypto";
import { join, relative, sep } from "node:path";
import type { Compilation } from "../compile.js";
import { hasErrors } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";

/** Decides which changed files matter to a project. Paths are relative to the project, with `/`. */
export interface ProjectScope {
  /** Returns whether an absolute path is not watched. */
  isIgnored(path: string): boolean;
  /** Converts an absolute path to one relative to the project. */
  projectPath(path: string): string;
  /** Records the files that a build has read and written. */
  update(compilation: Compilation): void;
  /**
   * Returns the paths that require another build. `force` includes files with unchanged content, after a failure
   * elsewhere.
   */
  relevant(touched: ReadonlySet<string>, force: boolean): ReadonlySet<string>;
  /** Returns whether a file certainly belongs to the project: a build has read it, or its name is that of a source. */
  isSource(path: string): boolean;
  /** Returns the absolute paths of files outside the folder that the last build has read, such as linked packages. */
  outsideFiles(): readonly string[];
}

/** Files in which package managers record installations. */
export const installations: readonly string[] = [
  "node_modules/.package-lock.json",
  "node_modules/.modules.yaml",
  "node_modules/.yarn-state.yml",
];

/** Names of possible sources, even if no build has read them yet. */
const source = /\.(?:[cm]?[jt]sx?|json)$/;
/** Files that a build stages, and temporary files of editors. */
const temporary = /(?:^|\/)(?:\.mcpc-[0-9a-f]{12}-\d+\.tmp|4913|\.#[^/]*|[^/]*~|\.[^/]*\.sw.)$/;

export function projectScope(host: Host, config: string | undefined): ProjectScope {
  let folders: readonly string[] = ["generated", "dist"];
  let inputs: ReadonlySet<string> = new Set();
  let failed = true;
  /** The hash of each file's last content. */
  const hashes = new Map<string, string | undefined>();
  const projectPath = (path: string): string => relative(host.root, path).split(sep).join("/");
  const settings = config === undefined ? undefined : projectPath(config);
  const hashOf = (path: string): string | undefined => {
    const bytes = host.read(path);
    return bytes && createHash("sha256").update(bytes).digest("base64url");
  };

  const isSource = (path: string): boolean =>
    inputs.has(path) || source.test(path) || path === settings || installations.includes(path);

  return {
    projectPath,
    isSource,
    isIgnored(absolute) {
      const path = projectPath(absolute);
      // In `node_modules`, only these files are watched.
      if (path === "node_modules" || installations.includes(path)) return false;
      return /(?:^|\/)(?:node_modules|\.git)(?:\/|$)/.test(path) || folders.some((folder) => isIn(path, folder));
    },
    update({ inputs: read, changed, diagnostics, summary }) {
      inputs = new Set(read);
      failed = hasErrors(diagnostics);
      if (summary) folders = [summary.serving.generated, summary.bundle.replace(/\/[^/]*$/, "")];
      for (const path of changed) hashes.set(path, hashOf(path));
    },
    relevant(touched, force) {
      const matters = (path: string): boolean =>
        // After a failed build, any file may be the remedy.
        !temporary.test(path) && (failed || isSource(path));
      const differs = (path: string): boolean => {
        const hash = hashOf(path);
        const same = hashes.has(path) && hashes.get(path) === hash;
        hashes.set(path, hash);
        return !same;
      };
      return new Set([...touched].filter((path) => matters(path) && (differs(path) || force)));
    },
    outsideFiles: () =>
      [...inputs]
        .filter((path) => path.startsWith("../") && !path.includes("node_modules/"))
        .map((path) => join(host.root, path)),
  };
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
