import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** The folder of this package, for its sources and for its compiled code. */
export const packageFolder = dirname(require.resolve("mcpc/package.json"));

/** The version of this package. */
export const { version } = require("mcpc/package.json") as { readonly version: string };

/** Returns the path of a file of this package. */
export function packaged(path: string): string {
  return join(packageFolder, path);
}
