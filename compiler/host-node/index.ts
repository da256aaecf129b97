import * as fs from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { HostError, type Host } from "../host.js";
import type { JsonObject } from "../model/source.js";
import { packaged } from "../package-folder.js";
import { commit } from "./commit.js";
import { contains, readIfPresent, withHostErrors, refuseSpecial, specialFiles } from "./files.js";
import { find } from "./find.js";

/** The host on the real disk. `folder` is the project, absolute or relative to `cwd`. Throws `HostError` when it is no folder. */
export function nodeHost(folder: string, cwd: string = process.cwd()): Host {
  const root = realFolder(folder, cwd);
  // Read by Node, TypeScript and esbuild on their own.
  for (const path of ["package.json", "tsconfig.json"]) refuseSpecial(root, path);
  const absolute = (path: string): string => resolve(root, path);
  return {
    root,
    manifestSchema: manifestSchema(),
    find: (patterns, ignore) => find(root, patterns, ignore),
    read: (path) => readIfPresent(absolute(path)),
    specialFiles: (folder) => {
      const paths = specialFiles(absolute(folder));
      return paths.map((path) => relative(root, path).split(sep).join("/"));
    },
    size: (path) =>
      withHostErrors(absolute(path), () => fs.statSync(absolute(path), { throwIfNoEntry: false })?.size ?? 0),
    contains: (path) => withHostErrors(absolute(path), () => contains(root, absolute(path))),
    isPast: (day) => day < new Date().toISOString().slice(0, 10),
    commit: (changes) => commit(root, changes),
  };
}

function manifestSchema(): JsonObject {
  return JSON.parse(fs.readFileSync(packaged("mcp.schema.json"), "utf8")) as JsonObject;
}

function realFolder(folder: string, cwd: string): string {
  const path = resolve(cwd, folder);
  const root = withHostErrors(folder, () => (fs.existsSync(path) ? fs.realpathSync(path) : undefined));
  if (root === undefined) throw new HostError(`there is no folder ${JSON.stringify(folder)}`);
  if (!fs.statSync(root).isDirectory())
    throw new HostError(
      `${JSON.stringify(folder)} is not a folder: name the one that it is in, ${JSON.stringify(dirname(folder))}`,
    );
  return root;
}
