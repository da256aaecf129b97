import { dirname, relative } from "node:path";
import type { Plugin } from "esbuild";
import type { Host } from "../host.js";

/** Short names within what is ours, by folder. The user's functions and classes keep theirs, which their code may read. */
export function shortNames(folders: readonly string[], host: Host): Plugin {
  return {
    name: "short-names",
    setup(build) {
      build.onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
        const bytes = folders.some((folder) => path.startsWith(`${folder}/`)) && host.read(relative(host.root, path));
        if (!bytes) return undefined;
        const { transform } = await import("esbuild");
        const { code } = await transform(new TextDecoder().decode(bytes), {
          loader: path.endsWith(".ts") ? "ts" : "js",
          format: "esm",
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
