import * as fs from "node:fs";
import { join } from "node:path";
import { HostError } from "../host.js";
import { contains, withHostErrors } from "./files.js";
import { isProcessAlive } from "./process-alive.js";

/** The parent folder. It is in the project, where modules find its packages, and version control ignores it. */
const parent = "node_modules/.cache/mcpc";

/**
 * Creates an empty folder in the project for the lifetime of this process, and removes those of killed processes.
 * `use` is a part of its name. Returns its absolute path.
 */
export function temporaryFolder(root: string, use: "dev" | "test"): string {
  const folder = join(root, parent);
  return withHostErrors(folder, () => {
    const packages = join(root, "node_modules");
    fs.mkdirSync(packages, { recursive: true });
    // If `node_modules` is a link, modules find packages at its target.
    if (!contains(root, folder) && !contains(fs.realpathSync(packages), folder))
      throw new HostError(`${JSON.stringify(parent)} leads outside the project`);
    fs.mkdirSync(folder, { recursive: true });
    for (const name of fs.readdirSync(folder)) {
      const pid = Number(/^(?:dev|test)-(\d+)-\w+$/.exec(name)?.[1]);
      if (pid > 0 && !isProcessAlive(pid)) fs.rmSync(join(folder, name), { recursive: true, force: true });
    }
    return fs.mkdtempSync(join(folder, `${use}-${process.pid}-`));
  });
}
