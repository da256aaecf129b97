import { dirname, relative } from "node:path";
import type { Plugin } from "esbuild";
import { esbuild } from "./esbuild.js";
import type { Host } from "../host.js";

/** Shortens names of modules within a folder of generated code. */
export function shortNames(folder: string, host: Host): Plugin {
  return {
    name: "short-names",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const bytes = path.startsWith(`${folder}/`) && host.read(relative(host.root, path));
        if (!bytes) return undefined;
        const { transform } = esbuild();
        const { code } = await transform(new TextDecoder().decode(bytes), {
          loader: "ts",
          target: "node20",
          minifyIdentifiers: true,
          charset: "utf8",
          sourcefile: path,
          sourcemap: "inline",
          sourcesContent: false,
        });
        return { contents: code, loader: "js", resolveDir: dirname(path) };
      });
    },
  };
}
