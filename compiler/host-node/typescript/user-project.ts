import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { visit } from "../../1-read/visit.js";
import { slashed } from "./paths.js";

/** Options of the user's configuration that cannot be inherited directly. */
export interface UserOptions {
  readonly baseUrl?: string;
  readonly paths?: Readonly<Record<string, readonly string[]>>;
}

/** The user's TypeScript project with the handlers. */
export interface UserProject {
  /** The absolute path of the configuration file. */
  readonly config: string;
  readonly options: UserOptions;
  /** The absolute paths of the included files. */
  readonly names: readonly string[];
}

export interface ConfigFiles {
  isFile(file: string): boolean;
  textOf(file: string): string | undefined;
  /** Parses a configuration file and those that it extends. */
  parse(file: string): { readonly options: object; readonly fileNames: readonly string[] };
}

/** The maximum number of references, which ends hostile ones. */
const maxConfigs = 500;

/**
 * Finds the project as an editor does: `tsconfig.json` in the folder, or the first of its references that includes a
 * handler. A folder without one belongs to a parent project in the same repository that includes a handler.
 */
export function findUserProject(root: string, handlers: readonly string[], disk: ConfigFiles): UserProject | undefined {
  const wanted = new Set(handlers);
  const seen = new Set<string>();
  const parsed = (config: string): UserProject => {
    const { options, fileNames } = disk.parse(config);
    return { config, options, names: fileNames };
  };
  const including = (project: UserProject): UserProject | undefined => {
    if (project.names.some((name) => wanted.has(name))) return project;
    for (const config of referencesOf(project.config, disk)) {
      if (seen.has(config) || seen.size >= maxConfigs || !disk.isFile(config)) continue;
      seen.add(config);
      const found = including(parsed(config));
      if (found) return found;
    }
    return undefined;
  };
  const own = `${root}/tsconfig.json`;
  seen.add(own);
  if (disk.isFile(own)) {
    const project = parsed(own);
    return including(project) ?? project;
  }
  for (const folder of foldersAbove(root)) {
    const config = `${folder}/tsconfig.json`;
    if (seen.has(config) || !disk.isFile(config)) continue;
    seen.add(config);
    const found = including(parsed(config));
    if (found) return found;
  }
  return undefined;
}

/** Returns the folders from above `root` to the top of its repository; none without a repository. */
function foldersAbove(root: string): string[] {
  const folders: string[] = [];
  for (let folder = root; ; folder = slashed(dirname(folder))) {
    if (folder !== root) folders.push(folder);
    if (fs.existsSync(`${folder}/.git`)) return folders;
    if (slashed(dirname(folder)) === folder) return [];
  }
}

function referencesOf(config: string, { textOf }: ConfigFiles): string[] {
  const configs: string[] = [];
  visit(textOf(config) ?? "", {
    onLiteralValue: (value, _offset, _length, _line, _column, pathOf) => {
      const [key, , member, ...more] = pathOf();
      if (key !== "references" || member !== "path" || more.length > 0 || typeof value !== "string") return;
      const path = slashed(join(dirname(config), value));
      configs.push(path.endsWith(".json") ? path : `${path.replace(/\/$/, "")}/tsconfig.json`);
    },
  });
  return configs;
}
