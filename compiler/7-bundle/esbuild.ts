import { createRequire } from "node:module";

/** Loaded when first asked for. `import()` would first search the code for the names that it exports. */
export function esbuild(): typeof import("esbuild") {
  return createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
}
