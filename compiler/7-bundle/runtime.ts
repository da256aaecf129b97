import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import { hashAt, HostError, type Host } from "../host.js";
import type { Cache, Traced } from "../model/cache.js";
import { esbuild } from "./esbuild.js";

const name = "@mcpc/runtime";

/** The runtime that goes into the bundle, links resolved; `own` when it is the project's. */
export function runtimeOf(host: Host): { readonly own: boolean; readonly folder: string } {
  const manifest = `${name}/package.json`;
  try {
    const resolve = createRequire(pathToFileURL(join(host.root, "package.json"))).resolve;
    return { own: true, folder: dirname(resolve(manifest)) };
  } catch {
    return { own: false, folder: dirname(createRequire(import.meta.url).resolve(manifest)) };
  }
}

/** Empty when the project has a runtime of its own. Leads to what its `exports` say, which an alias goes past. */
export function runtimeAlias(host: Host): Record<string, string> {
  const { own, folder } = runtimeOf(host);
  return own ? {} : { [name]: join(folder, "dist") };
}

/** The file that Node finds for a module of that runtime. */
export function runtimeModule(specifier: string, host: Host): string {
  const { folder } = runtimeOf(host);
  try {
    return createRequire(join(folder, "package.json")).resolve(specifier);
  } catch {
    throw new HostError(`${specifier} is missing in ${folder}: mcpc and ${name} must be of the same version`);
  }
}

/** Modules of `generated/` that import the runtime, beside validators, which share one module of it. */
const importers = ["main", "server", "health", "settings", "application"];

/** Modules of the runtime that other generated code imports. */
const always = ["/codegen/v1/validation", "/codegen/v1/node-listings"];

export interface PrebundledRuntime {
  readonly plugin: Plugin;
  /** Every file of it, relative to the project; complete once the bundle is made. */
  readonly inputs: ReadonlySet<string>;
}

/**
 * The runtime as one module, minified as a whole: every name in it is short, while those of the user's functions and
 * classes, which their code may read, stay. What is imported when first used stays apart from the rest.
 */
export function prebundledRuntime(
  generated: string,
  parts: Readonly<Record<string, string>>,
  host: Host,
  cache: Cache,
): PrebundledRuntime {
  const dist = join(runtimeOf(host).folder, "dist");
  const inputs = new Set<string>();
  const texts = importers.map((module) => textOf(`${generated}/${module}.ts`, host)).join("");
  const named = (pattern: RegExp): string[] => [...texts.matchAll(pattern)].map(([, path]) => path!);
  const late = [...new Set(named(/\bimport\("@mcpc\/runtime(\/[\w/-]+)"\)/g))];
  const early = new Set(["", ...always, ...named(/\bfrom "@mcpc\/runtime(\/[\w/-]+)"/g)]);
  for (const path of late) early.delete(path);
  /** The folder of the modules, if they were files; their source maps are relative to it. */
  const place = (module: string | number): string => join(dist, `prebundled-${module}.js`);
  const whole = [...early].map((path) => `export * from ${JSON.stringify(`${name}${path}`)};\n`).join("");
  const key = JSON.stringify([dist, [...early], late, parts]);
  const make = async (): Promise<Traced<Modules>> => {
    const { build } = esbuild();
    const { outputFiles, metafile } = await build({
      absWorkingDir: host.root,
      entryPoints: [
        { in: "whole", out: "prebundled-whole" },
        ...late.map((path, index) => ({ in: `${name}${path}`, out: `prebundled-${index}` })),
      ],
      plugins: [entry(whole, dist)],
      outdir: dist,
      chunkNames: "prebundled-[hash]",
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20",
      charset: "utf8",
      minifyIdentifiers: true,
      minifySyntax: true,
      legalComments: "none",
      sourcemap: "inline",
      sourcesContent: false,
      packages: "external",
      alias: { [name]: dist },
      define: { ...parts },
      // None of the user's.
      tsconfigRaw: "{}",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    const read = Object.keys(metafile.inputs).filter((path) => path !== "prebundled:whole");
    const files = Object.fromEntries(read.map((path) => [path, hashAt(host, path)]));
    const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
    return { value: { texts, read }, trace: { files, searches: [], contained: [] } };
  };
  const modules = async (): Promise<Modules> => {
    const result = await cache.traced("runtime", [key], host, make);
    for (const path of result.read) inputs.add(path);
    return result;
  };
  let made: Promise<Modules> | undefined;
  return {
    inputs,
    plugin: {
      name: "prebundled-runtime",
      setup(build) {
        build.onResolve({ filter: /^@mcpc\/runtime(?:\/|$)/ }, ({ path, kind }) => {
          const part = path.slice(name.length);
          const index = late.indexOf(part);
          if (kind === "entry-point" || (index === -1 && !early.has(part))) return undefined;
          return { path: place(index === -1 ? "whole" : index), sideEffects: false };
        });
        build.onResolve({ filter: /^\.\/prebundled-/ }, ({ path }) => ({ path: join(dist, path), sideEffects: false }));
        build.onLoad({ filter: /[\\/]prebundled-\w+\.js$/ }, async ({ path }) => {
          const contents = (await (made ??= modules())).texts.get(path);
          return contents === undefined ? undefined : { contents, loader: "js", resolveDir: dist };
        });
      },
    },
  };
}

interface Modules {
  readonly texts: ReadonlyMap<string, string>;
  /** The files that they are made of. */
  readonly read: readonly string[];
}

/** Whether a module of the bundle is one that `prebundled` makes. */
export function isPrebundled(path: string): boolean {
  return /[\\/]prebundled-\w+\.js$/.test(path);
}

/** The entry point `whole`, as a text. */
function entry(contents: string, resolveDir: string): Plugin {
  return {
    name: "entry",
    setup(build) {
      build.onResolve({ filter: /^whole$/ }, ({ path }) => ({ path, namespace: "prebundled" }));
      build.onLoad({ filter: /./, namespace: "prebundled" }, () => ({ contents, resolveDir, loader: "js" }));
    },
  };
}

function textOf(path: string, host: Host): string {
  const bytes = host.read(path);
  return bytes ? new TextDecoder().decode(bytes) : "";
}
