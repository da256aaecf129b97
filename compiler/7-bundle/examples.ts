import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import type { Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import type { Server } from "../model/server.js";
import { assetsInPlace } from "./assets.js";
import { runBundler } from "./bundler.js";
import { failed } from "./index.js";
import { whereTheBundleStands } from "./modules.js";
import { installedPackages } from "./node-packages.js";
import { regularFiles } from "./regular-files.js";
import { runtimeAlias } from "./runtime.js";

/**
 * Bundles a module and its imports into one ES module, as text; packages stay external. `texts`, by project path, take
 * precedence over the disk. The bundled code runs as if it were located at the server's bundle.
 */
export async function bundleExamples(
  entry: string,
  texts: ReadonlyMap<string, string>,
  server: Server,
  host: Host,
): Promise<Result<string>> {
  const place = join(host.root, server.layout.dist, "server.js");
  const result = await runBundler({
    absWorkingDir: host.root,
    entryPoints: [`./${entry}`],
    // Node loads packages itself, so esbuild resolves them as Node does.
    conditions: [],
    plugins: [
      regularFiles(host),
      overlay(texts, host),
      installedPackages(server.external, host),
      assetsInPlace(host, server.layout.dist),
    ],
    outdir: server.layout.dist,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    jsx: "automatic",
    sourcemap: "inline",
    // An absolute root makes the map independent of the working directory.
    sourceRoot: `${pathToFileURL(dirname(place)).href}/`,
    ...whereTheBundleStands(place),
    write: false,
    metafile: true,
    logLevel: "silent",
    alias: runtimeAlias(host),
  });
  if ("failure" in result) return { diagnostics: result.failure.map((message) => failed(message, host)) };
  return { value: result.built.outputFiles[0]!.text, diagnostics: [] };
}

/** Namespace of modules on disk that generated code imports. */
const onDisk = "on-disk";

function overlay(texts: ReadonlyMap<string, string>, host: Host): Plugin {
  const files = new Map([...texts].map(([path, text]) => [join(host.root, path), text]));
  return {
    name: "overlay",
    setup(build) {
      // esbuild resolves no imports of files that are not on disk, since their folder may not exist.
      build.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
        const file = join(dirname(importer), path);
        const candidates = [file, file.replace(/\.([mc]?)js$/, ".$1ts"), file.replace(/\.js$/, ".tsx"), `${file}.ts`];
        const there = (candidate: string): boolean =>
          files.has(candidate) || (files.has(importer) && host.read(relative(host.root, candidate)) !== undefined);
        const found = importer === "" ? join(host.root, path) : candidates.find(there);
        return found === undefined ? undefined : { path: found, namespace: files.has(found) ? "file" : onDisk };
      });
      // Files outside this namespace are compiled with the options of their tsconfig.json.
      build.onLoad({ filter: /./, namespace: onDisk }, ({ path }) => ({
        contents: `export * from ${JSON.stringify(`./${basename(path)}`)};`,
        resolveDir: dirname(path),
      }));
      build.onLoad({ filter: /\.[cm]?tsx?$/ }, ({ path }) => {
        const contents = files.get(path);
        const loader = path.endsWith("x") ? "tsx" : "ts";
        return contents === undefined ? undefined : { contents, loader, resolveDir: host.root };
      });
    },
  };
}
