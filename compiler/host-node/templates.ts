import * as fs from "node:fs";
import { join, relative, sep } from "node:path";
import type { ProjectFile } from "../init/project.js";
import { packaged } from "../package-folder.js";

/** Reads the files of a folder in `templates/` of this package. */
export function templateFiles(folder: string): ProjectFile[] {
  const root = packaged(join("templates", folder));
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: relative(root, file).split(sep).join("/"), text: fs.readFileSync(file, "utf8") }));
}
