import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

const root = join(import.meta.dirname, "..");
const fixtures = join(root, "fixtures");

declare module "vitest" {
  interface ProvidedContext {
    /** Files of the example projects that building them changed, other than bundles. */
    stale: string[];
  }
}

/** Builds every example project once, in place. */
export default function setup({ provide }: TestProject): void {
  const folders = examples().map((name) => join(fixtures, name));
  const before = folders.map(snapshot);
  execFileSync("node", [join(root, "compiler", "dist", "cli.js"), "build", ...folders], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const after = folders.map(snapshot);
  provide(
    "stale",
    after.flatMap((files, index) =>
      [...files].filter(([path, hash]) => before[index]!.get(path) !== hash).map(([path]) => path),
    ),
  );
}

/** Folders that are whole projects, with the lock file of their last build. */
function examples(): string[] {
  return readdirSync(fixtures).filter((name) => existsSync(join(fixtures, name, "mcpc.lock.json")));
}

function snapshot(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const paths = files
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => !["dist", "node_modules"].some((name) => path.startsWith(join(folder, name))));
  return new Map(paths.map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]));
}
