import { join } from "node:path";
import type { Plugin } from "esbuild";
import type { Host } from "../host.js";

/** Modules of `generated/` that import others when first used. */
const importers = ["surface", "validators"];

/** An `import()` of generated code, and the function of the module that it may be for. */
const lateImport = /\bimport\(("\.\/[\w./-]+")\)(?:\.then\(\(\{ (\w+) \}\) => \2\(key\)\))?/g;

/** Puts modules that generated code imports when first used into the one file: esbuild's loader is not needed. */
export function together(generated: string, host: Host): Plugin {
  return {
    name: "together",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const name = importers.find((name) => path === join(host.root, generated, `${name}.ts`));
        const bytes = name && host.read(`${generated}/${name}.ts`);
        if (!bytes) return undefined;
        const imports: string[] = [];
        const body = new TextDecoder()
          .decode(bytes)
          .replaceAll(lateImport, (_text, module: string, member: string | undefined) => {
            const name = `$${imports.push(`import * as $${imports.length} from ${module};\n`) - 1}`;
            return member === undefined ? `Promise.resolve(${name})` : `${name}.${member}(key)`;
          });
        return { contents: `${imports.join("")}${body}`, loader: "ts" };
      });
    },
  };
}
