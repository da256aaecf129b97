import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { packaged, packageFolder } from "../package-folder.js";

/**
 * Returns the fingerprint of the running compiler, and of all that its output depends on: its own code and its
 * packages.
 */
export function compilerFingerprint(): string {
  const hash = createHash("sha256").update(process.version);
  // Tests run the sources; the compiled code has a single folder.
  const recursive = import.meta.filename.endsWith(".ts");
  const folder = recursive ? packageFolder : packaged("dist");
  const own = readdirSync(folder, { recursive, encoding: "utf8" })
    .filter((path) => /^(?!node_modules|fixtures|dist).*\.(?:c?js|ts)$/.test(path) && !path.endsWith(".d.ts"))
    .sort();
  // Contents would take longer to read than an up-to-date build may take.
  for (const path of own) {
    const { size, mtimeMs } = statSync(join(folder, path));
    hash.update(`${path} ${size} ${mtimeMs}`);
  }
  hash.update(readFileSync(packaged("mcp.schema.json")));
  for (const [name, version] of dependencies()) hash.update(`${name}@${version}`);
  return hash.digest("base64url");
}

function dependencies(): [name: string, version: string][] {
  const manifest = packaged("package.json");
  const { dependencies: names = {} } = JSON.parse(readFileSync(manifest, "utf8")) as Manifest;
  const require = createRequire(manifest);
  return Object.keys(names).map((name) => [name, versionOf(name, require.resolve.paths(name) ?? [])]);
}

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Returns a package's version from the disk: many packages do not export their `package.json`. */
function versionOf(name: string, folders: readonly string[]): string {
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")) as Manifest).version;
    } catch {
      continue;
    }
  }
  return "unknown";
}
