import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { HostError } from "../host.js";
import { find, findFolders, isPattern } from "./find.js";

/** Files that are no manifests of a project: those of packages and of builds, and the configuration of a client. */
const noManifests = ["**/node_modules/**", "**/dist/**", "**/generated/**", "**/.mcp.json"];

/**
 * Returns the project folders that arguments of a command name. A pattern such as `packages/*` names all folders with a
 * manifest that match it, because not every shell expands patterns. Throws `HostError` if there are none.
 */
export function namedFolders(names: readonly string[], cwd: string): string[] {
  return names.flatMap((name) => {
    if (!isPattern(name) || existsSync(resolve(cwd, name))) return [name];
    const folders = findFolders(cwd, name).filter(
      (folder) => find(resolve(cwd, folder), ["**/*.mcp.json"], noManifests).length > 0,
    );
    if (folders.length === 0) throw new HostError(`no folder with a manifest matches ${JSON.stringify(name)}`);
    return folders;
  });
}
