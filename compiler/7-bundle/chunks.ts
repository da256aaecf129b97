import { join } from "node:path";
import type { Plugin } from "esbuild";
import type { Host } from "../host.js";

export const chunkFolder = "chunks";

/** What the validators share. */
const library = "@mcpc/runtime/codegen/v1/validation";

/** Modules of `generated/` that import others when first used, and nothing else with a relative path. */
const importers = ["surface", "validators"];

/**
 * What generated code imports when first used becomes a file of its own: `dist/chunks/` mirrors `generated/`, with
 * listings and the validators of each tool. What the validators share is one more chunk.
 */
export function chunks(generated: string, host: Host, format: "cjs" | "esm"): Plugin {
  const absolute = (name: string): string => join(host.root, generated, name);
  const paths = importers.map((name) => absolute(`${name}.ts`));
  return {
    name: "chunks",
    setup(build) {
      build.onResolve({ filter: /^\.\// }, ({ path, importer, kind }) => {
        if (!paths.includes(importer) || (kind !== "require-call" && kind !== "dynamic-import")) return undefined;
        const beside = importer === absolute("validators.ts");
        return { path: beside ? path : `./${chunkFolder}/${path.slice(2)}`, external: true };
      });
      build.onResolve({ filter: /^@mcpc\/runtime\// }, ({ path, importer }) =>
        path === library && importer.startsWith(absolute("validators/"))
          ? { path: "../validation.js", external: true }
          : undefined,
      );
      if (format === "esm") return;
      // An `import()` would start Node's loader of ES modules. String literals of generated code hold no such text:
      // their quotes are escaped.
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const name = importers.find((name) => path === absolute(`${name}.ts`));
        const bytes = name && host.read(`${generated}/${name}.ts`);
        if (!bytes) return undefined;
        const text = new TextDecoder().decode(bytes);
        const contents = text.replaceAll(/\bimport\(("\.\/[\w./-]+")\)/g, "Promise.resolve().then(() => require($1))");
        return { contents, loader: "ts" };
      });
    },
  };
}

/** One entry point for each chunk, by its path in `dist/` without the extension; `validators` are the files of them. */
export function chunkEntries(generated: string, validators: readonly string[]): Record<string, string> {
  const entries: Record<string, string> = { [`${chunkFolder}/validation`]: library };
  for (const path of [`${generated}/listings.ts`, `${generated}/validators.ts`, ...validators])
    entries[`${chunkFolder}/${path.slice(generated.length + 1, -".ts".length)}`] = `./${path}`;
  return entries;
}
