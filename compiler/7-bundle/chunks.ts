import { withHeader } from "../generated-header.js";
import { hashAt, textOf, type Host } from "../host.js";
import type { Artifact, IsUpToDate } from "../model/output.js";
import { esbuild } from "./esbuild.js";

type Format = "cjs" | "esm";

export const chunkFolder = "chunks";

/** Module with code that all validators share. */
const library = "@mcpc/runtime/codegen/v1/validation";

/** Entry points of chunks that need the bundler, by their path in `dist/` without the extension. */
export const chunkEntries = { [`${chunkFolder}/validation`]: library };

/**
 * Emits chunks for the modules of validators: `dist/chunks/` mirrors `generated/`. They need no bundler, because they
 * import only shared code, which is a chunk too.
 */
export async function chunkFiles(
  validators: readonly string[],
  generated: string,
  dist: string,
  format: Format,
  host: Host,
  isUpToDate: IsUpToDate,
): Promise<Artifact[]> {
  const { transform } = esbuild();
  return Promise.all(
    validators.map(async (module): Promise<Artifact> => {
      const path = `${dist}/${chunkFolder}/${module.slice(generated.length + 1, -".ts".length)}.js`;
      const inputs = `${format} ${hashAt(host, module)}`;
      const text = isUpToDate(path, inputs) ? "" : await chunk(textOf(host.read(module)!));
      return { path, owner: "artifact", inputs, content: () => text };
    }),
  );

  async function chunk(text: string): Promise<string> {
    const { code } = await transform(text.replace(`from "${library}";`, `from "../validation.js";`), {
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
