import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
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

/** Builds every example project once, in place. What tests leave in the user's folder for caches goes with them. */
export default function setup({ provide }: TestProject): () => void {
  const caches = mkdtempSync(join(tmpdir(), "mcpc-caches-"));
  process.env["XDG_CACHE_HOME"] = caches;
  // Where it is set, nothing is kept from build to build.
  delete process.env["CI"];
  const folders = examples().map((name) => join(fixtures, name));
  const before = folders.map(snapshot);
  execFileSync("node", [join(root, "compiler", "dist", "cli.js"), "build", ...folders], {
    stdio: ["ignore", "ignore", "inherit"],
    // They stay as they are from run to run.
    env: { ...process.env, XDG_CACHE_HOME: join(root, "node_modules", ".cache") },
  });
  const after = folders.map(snapshot);
  provide(
    "stale",
    after.flatMap((files, index) =>
      [...files].filter(([path, hash]) => before[index]!.get(path) !== hash).map(([path]) => path),
    ),
  );
  return () => rmSync(caches, { recursive: true, force: true });
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
