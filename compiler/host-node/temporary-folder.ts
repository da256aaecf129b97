import * as fs from "node:fs";
import { join } from "node:path";
import { HostError } from "../host.js";
import { contains, refusable } from "./files.js";
import { lives } from "./lives.js";

/** Modules that a process loads must be in the project, where they find its packages; version control ignores this. */
const parent = "node_modules/.cache/mcpc";

/**
 * Makes an empty folder in the project for as long as this process lives, and removes those of processes that were
 * killed. `use` is a part of its name. Its path is absolute.
 */
export function temporaryFolder(root: string, use: "dev" | "test"): string {
  const folder = join(root, parent);
  return refusable(folder, () => {
    const packages = join(root, "node_modules");
    fs.mkdirSync(packages, { recursive: true });
    // Where packages are installed behind a link, that is where modules find them.
    if (!contains(root, folder) && !contains(fs.realpathSync(packages), folder))
      throw new HostError(`${JSON.stringify(parent)} leads outside the project`);
    fs.mkdirSync(folder, { recursive: true });
    for (const name of fs.readdirSync(folder)) {
      const pid = Number(/^(?:dev|test)-(\d+)-\w+$/.exec(name)?.[1]);
      if (pid > 0 && !lives(pid)) fs.rmSync(join(folder, name), { recursive: true, force: true });
    }
    return fs.mkdtempSync(join(folder, `${use}-${process.pid}-`));
  });
}
