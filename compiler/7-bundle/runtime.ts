import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import { hashAt, HostError, type Host } from "../host.js";
import type { Cache, Traced } from "../model/cache.js";
import { esbuild } from "./esbuild.js";

const name = "@mcpc/runtime";

/** Returns the real path of the runtime in the bundle; `own` when it is the project's. */
export function runtimeOf(host: Host): { readonly own: boolean; readonly folder: string } {
  const manifest = `${name}/package.json`;
  try {
    const resolve = createRequire(pathToFileURL(join(host.root, "package.json"))).resolve;
    return { own: true, folder: dirname(resolve(manifest)) };
  } catch {
    return { own: false, folder: dirname(createRequire(import.meta.url).resolve(manifest)) };
  }
}

/**
 * Returns aliases for the compiler's runtime; empty when the project has its own. An alias bypasses `exports`, so each
 * one names the file itself.
 */
export function runtimeAlias(host: Host): Record<string, string> {
  const { own, folder } = runtimeOf(host);
  return own ? {} : { [name]: join(folder, "dist") };
}

/** Returns the file that Node resolves for a module of the compiler's runtime. */
export function runtimeModule(specifier: string, host: Host): string {
  const { folder } = runtimeOf(host);
  try {
    return createRequire(join(folder, "package.json")).resolve(specifier);
  } catch {
    throw new HostError(`${specifier} is missing in ${folder}: mcpc and ${name} must be of the same version`);
  }
}

/** Modules of `generated/` that import the runtime, except validators, which share one module of the runtime. */
const importers = ["main", "server", "health", "settings", "application", "upstreams"];

/** Modules of the runtime that other generated code imports, and handlers. */
const always = ["/codegen/v1/validation", "/codegen/v1/node-listings", "/http-call"];

export interface PrebundledRuntime {
  readonly plugin: Plugin;
  /** Every file of the runtime in the bundle, relative to the project; complete after the build. */
  readonly inputs: ReadonlySet<string>;
}

/**
 * Prebundles the runtime as one minified module. All its names are short, while those of the user's functions and
 * classes stay, since user code may read them. Modules with dynamic imports stay separate.
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
  /** Virtual path of a prebundled module; its source map is relative to the folder. */
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
      // The user's tsconfig.json does not apply to the runtime.
      tsconfigRaw: "{}",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    const read = Object.keys(metafile.inputs).filter((path) => path !== "prebundled:whole");
    const files = Object.fromEntries(read.map((path) => [path, hashAt(host, path)]));
    const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
    return { value: { texts, read }, trace: { files, searches: [], contained: [], days: {} } };
  };
  const modules = async (): Promise<Modules> => {
    const result = await cache.traced("runtime", [key], host, make);
    for (const path of result.read) inputs.add(path);
    return result;
  };
  let loading: Promise<Modules> | undefined;
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
          const contents = (await (loading ??= modules())).texts.get(path);
          return contents === undefined ? undefined : { contents, loader: "js", resolveDir: dist };
        });
      },
    },
  };
}

interface Modules {
  readonly texts: ReadonlyMap<string, string>;
  /** The source files of the modules. */
  readonly read: readonly string[];
}

/** Whether a module of the bundle is a prebundled one. */
export function isPrebundled(path: string): boolean {
  return /[\\/]prebundled-\w+\.js$/.test(path);
}

/** Provides the entry point `whole` as text. */
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
