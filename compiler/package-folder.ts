import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** The folder of this package, of the sources as of what is made of them. */
export const packageFolder = dirname(require.resolve("mcpc/package.json"));

/** The version of this package. */
export const { version } = require("mcpc/package.json") as { readonly version: string };

/** A file that the package holds. */
export function packaged(path: string): string {
  return join(packageFolder, path);
}
