import type { Plugin } from "esbuild";
import type { Host } from "../host.js";
import type { Server } from "../model/server.js";
import { chunkEntries } from "./chunks.js";
import { isSplit } from "./listing-files.js";

/** The first line of the bundle: with it the system can run it as a command. */
export const hashbang = "#!/usr/bin/env node\n";

const loader = "mcpc:loader";

/** The file, in the folder of the bundle, that has the project's code. */
export function codeFile({ external }: Server): "server.js" | "bundle.js" {
  return external.length > 0 ? "bundle.js" : "server.js";
}

/**
 * The entry points of a bundle. Where it imports packages that are not in it, `server.js` only loads it: such imports
 * come before the first line of an ES module.
 */
export function entryPoints(server: Server): Record<string, string> {
  const main = `./${server.layout.generated}/main.ts`;
  return {
    ...(codeFile(server) === "server.js" ? { server: main } : { server: loader, bundle: main }),
    ...(isSplit(server) && chunkEntries),
  };
}

/** Makes the module that loads the bundle. `listed` are the packages that npm installs beside it. */
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
