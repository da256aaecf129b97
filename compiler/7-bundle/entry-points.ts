import type { Plugin } from "esbuild";
import type { Host } from "../host.js";
import type { Server } from "../model/server.js";
import { chunkEntries } from "./chunks.js";
import { isSplit } from "./listing-files.js";

/** First line of the bundle, which makes the bundle executable as a command. */
export const hashbang = "#!/usr/bin/env node\n";

const loader = "mcpc:loader";

/** Returns the name of the bundle file that contains the project's code. */
export function codeFile({ external }: Server): "server.js" | "bundle.js" {
  return external.length > 0 ? "bundle.js" : "server.js";
}

/**
 * Returns the entry points of a bundle. With external packages, `server.js` only loads the bundle: such imports run
 * before the first line of an ES module.
 */
export function entryPoints(server: Server): Record<string, string> {
  const main = `./${server.layout.generated}/main.ts`;
  return {
    ...(codeFile(server) === "server.js" ? { server: main } : { server: loader, bundle: main }),
    ...(isSplit(server) && chunkEntries),
  };
}

/** Prints the module that loads the bundle. `listed` are the packages that npm installs beside it. */
export function loaderModule(server: Server, { root }: Host, format: "cjs" | "esm", listed: readonly string[]): Plugin {
  const bundle = `${format === "cjs" ? "require" : "import"}("./${codeFile(server)}")`;
  return {
    name: "loader",
    setup(build) {
      build.onResolve({ filter: /^mcpc:loader$/ }, ({ path, kind }) =>
        kind === "entry-point" ? { path, namespace: loader } : undefined,
      );
      build.onResolve({ filter: /^\.\/bundle\.js$/, namespace: loader }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /./, namespace: loader }, () => ({
        contents:
          `import { load } from "@mcpc/runtime/codegen/v1/load";\n` +
          `void load(() => ${bundle}, __dirname, ${JSON.stringify(listed)});\n`,
        resolveDir: root,
      }));
    },
  };
}
