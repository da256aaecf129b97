import { join } from "node:path";
import type { Plugin } from "esbuild";
import type { Host } from "../host.js";

/** Replaces the texts of modules of `generated/`. `texts` are keyed by the modules' names. */
export function generatedModules(generated: string, texts: Readonly<Record<string, () => string>>, host: Host): Plugin {
  const paths = new Map(Object.entries(texts).map(([name, text]) => [join(host.root, generated, `${name}.ts`), text]));
  return {
    name: "generated-modules",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const text = paths.get(path);
        return text && { contents: text(), loader: "ts" };
      });
    },
  };
}
