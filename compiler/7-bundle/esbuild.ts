import { createRequire } from "node:module";

/** Loads esbuild on first use. `import()` would first scan the code for its exports. */
export function esbuild(): typeof import("esbuild") {
  return createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
}
