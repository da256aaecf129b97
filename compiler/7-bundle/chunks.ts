import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Plugin } from "esbuild";
import type { Earlier } from "../model/earlier.js";
import { withHeader } from "../generated-header.js";
import { hashAt, textOf, type Host } from "../host.js";
import type { Again } from "../model/again.js";
import { standing, type OutputFile } from "../model/output.js";
import { esbuild } from "./esbuild.js";
import { listingsModule, type Forms } from "./listing-files.js";
import { handlerTables, surfaceTables } from "./tables.js";

type Format = "cjs" | "esm";

export const chunkFolder = "chunks";

/** So many files are looked at before others have their turn. */
const turn = 64;

/** The code that the validators share. */
const library = "@mcpc/runtime/codegen/v1/validation";

/** The entry points of chunks that have to be bundled, by their path in `dist/` without the extension. */
export const chunkEntries = { [`${chunkFolder}/validation`]: library };

/**
 * Makes a file of each module that generated code imports when first used: `dist/chunks/` mirrors `generated/` with the
 * validators of each tool, and what they share is one more chunk. `listings` stands in place of the listings. What is
 * left of a large surface, a name and a handler for each tool, is put so that it takes little time to read.
 */
export function chunks(
  generated: string,
  listings: Forms,
  host: Host,
  format: Format,
  again: Again,
  answered: () => void,
): Plugin {
  const surface = join(host.root, generated, "surface.ts");
  const contents: Record<string, (text: string) => string> = {
    surface: (text) =>
      `import * as $listings from "./listings.js";\n${importing(
        surfaceTables(text).replace('import("./listings.js")', "Promise.resolve($listings)"),
        format,
      )}`,
    listings: () => listingsModule(listings, format),
    server: handlerTables,
  };
  return {
    name: "chunks",
    setup(build) {
      build.onResolve({ filter: /^\.\// }, ({ path, importer, kind }) =>
        importer === surface && (kind === "require-call" || kind === "dynamic-import")
          ? { path: `./${chunkFolder}/${path.slice(2)}`, external: true }
          : undefined,
      );
      // The last that it asks for, where there are listings as files.
      build.onResolve({ filter: /\/node-listings$/ }, () => void globalThis.setImmediate(answered));
      build.onLoad({ filter: /[\\/](?:surface|listings|server)\.ts$/ }, ({ path }) => {
        const name = Object.keys(contents).find((name) => path === join(host.root, generated, `${name}.ts`));
        const bytes = name && host.read(`${generated}/${name}.ts`);
        if (!bytes) return undefined;
        const text = again(`bundled ${name} ${format}`, bytes, () => contents[name]!(textOf(bytes)));
        return { contents: text, loader: "ts" };
      });
    },
  };
}

/** The validators, as chunks that need no bundler: their modules import nothing but each other, and what validators share. */
export async function chunkFiles(
  validators: readonly string[],
  generated: string,
  dist: string,
  format: Format,
  host: Host,
  earlier: Earlier,
  again: Again,
): Promise<OutputFile[]> {
  const { transform } = esbuild();
  const modules = [`${generated}/validators.ts`, ...validators];
  const files: (OutputFile | Promise<OutputFile>)[] = [];
  for (const [index, module] of modules.entries()) {
    // The bundler that works meanwhile has questions, too.
    if (index % turn === turn - 1) await setImmediate();
    const path = `${dist}/${chunkFolder}/${module.slice(generated.length + 1, -".ts".length)}.js`;
    const made = `${format} ${hashAt(host, module)}`;
    if (earlier(path, made)) files.push({ path, owner: "artifact", content: standing });
    else {
      const content = again("chunks", made, () => chunk(textOf(host.read(module)!)));
      const file = content.then((content): OutputFile => ({ path, owner: "artifact", content }));
      // What goes wrong is told once all are waited for.
      file.catch(() => {});
      files.push(file);
    }
  }
  return Promise.all(files);

  async function chunk(text: string): Promise<string> {
    const own = importing(text, format).replace(`from "${library}";`, `from "../validation.js";`);
    const { code } = await transform(own, {
      loader: "ts",
      format,
      target: "node20",
      charset: "utf8",
      platform: "node",
      minifySyntax: true,
      minifyWhitespace: true,
      banner: format === "cjs" ? '"use strict";' : "",
    });
    return withHeader(code);
  }
}

/**
 * An `import()` would start Node's loader of ES modules. String literals of generated code hold no such text: their
 * quotes are escaped.
 */
function importing(text: string, format: Format): string {
  if (format === "esm") return text;
  return text.replaceAll(/\bimport\(("\.\/[\w./-]+")\)/g, "Promise.resolve().then(() => require($1))");
}
