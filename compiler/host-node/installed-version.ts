import * as fs from "node:fs";
import { dirname, join } from "node:path";

/** Returns the version of a package, as code in `folder` would find it; undefined if it is not installed. */
export function installedVersion(name: string, folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = versionIn(join(at, "node_modules", name, "package.json"));
    if (found !== undefined || dirname(at) === at) return found;
  }
}

function versionIn(file: string): string | undefined {
  try {
    const { version } = JSON.parse(fs.readFileSync(file, "utf8")) as { readonly version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}
