import { isBuiltin } from "node:module";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { Host } from "../host.js";
import { esbuild } from "./esbuild.js";

/** Whether Node loads the module as it stands: one of an installed package, in a form that Node understands. */
export function isLoadedByNode(path: string, host: Host): boolean {
  if (!/[\\/]node_modules[\\/]/.test(path)) return false;
  const extension = extname(path);
  if (extension === ".js" && !isEsModule(path, host)) return !/^\s*(?:import|export)\b/m.test(textOf(path, host));
  return [".js", ".mjs", ".cjs", ".node"].includes(extension);
}

/** Whether Node loads a file as an ES module, by its name and the nearest `package.json`. */
function isEsModule(path: string, host: Host): boolean {
  if (!path.endsWith(".js")) return path.endsWith(".mjs");
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = host.read(join(folder, "package.json"));
    if (manifest) return (JSON.parse(new TextDecoder().decode(manifest)) as { type?: string }).type === "module";
  }
  return false;
}

/** An import of a package's file that Node loads: an ES module is imported, a CommonJS module is required. */
export function packageModule(path: string, kind: OnResolveArgs["kind"], host: Host): OnResolveResult {
  if (kind === "require-call" || kind === "require-resolve") return { path, external: true };
  return isEsModule(path, host) ? { path: pathToFileURL(path).href, external: true } : { path, namespace: required };
}

const required = "required";

/** Imports of what Node requires have esbuild's way of importing CommonJS, which takes any name, as in a bundle. */
export function requiredPackages(build: PluginBuild): void {
  build.onResolve({ filter: /./, namespace: required }, ({ path }) => ({ path, external: true }));
  build.onLoad({ filter: /./, namespace: required }, ({ path }) => ({
    contents: `module.exports = require(${JSON.stringify(path)});`,
  }));
}

/** Whether an import names one of the packages, or a part of one. */
export function isPackageOf(packages: readonly string[], specifier: string): boolean {
  return packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

/** Leaves installed packages where they are, for Node to load; those of `external` need not be installed. */
export function installedPackages(external: readonly string[], host: Host): Plugin {
  const asked = Symbol("asked here");
  return {
    name: "installed-packages",
    setup(build) {
      requiredPackages(build);
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, pluginData, ...from }) => {
        if (kind === "entry-point" || pluginData === asked || isBuiltin(path) || isPackageOf(["@mcpc/runtime"], path))
          return undefined;
        const { importer, namespace, resolveDir } = from;
        const found = await build.resolve(path, { importer, namespace, resolveDir, kind, pluginData: asked });
        if (found.errors.length > 0) return isPackageOf(external, path) ? { path, external: true } : undefined;
        return isLoadedByNode(found.path, host) ? packageModule(found.path, kind, host) : undefined;
      });
    },
  };
}

/**
 * Leaves the packages of `external` to Node in a bundle of this format. An ES package is imported, which every version
 * of Node can do in an ES module alone; a CommonJS package is required, so that its exports are the same in both formats.
 * `onEsModule` is called for each import of an ES package.
 */
export function externalPackages(
  external: readonly string[],
  format: "cjs" | "esm",
  host: Host,
  onEsModule: () => void,
): Plugin {
  return {
    name: "external-packages",
    setup(build) {
      if (external.length === 0) return;
      const names = external.map((name) => name.replaceAll(".", "\\."));
      requiredPackages(build);
      build.onResolve({ filter: new RegExp(`^(?:${names.join("|")})(?:/|$)`) }, async ({ path, kind, namespace }) => {
        if (namespace === required || kind !== "import-statement") return { path, external: true };
        const loaded = await formatOf(path, host);
        if (loaded === "esm") onEsModule();
        return loaded === "cjs" && format === "esm" ? { path, namespace: required } : { path, external: true };
      });
    },
  };
}

/** Returns the format of the module that an import in the bundle loads; `undefined` if it is not installed. */
async function formatOf(specifier: string, host: Host): Promise<"cjs" | "esm" | undefined> {
  try {
    const { metafile } = await esbuild().build({
      absWorkingDir: host.root,
      stdin: { contents: `import ${JSON.stringify(specifier)};`, resolveDir: host.root },
      plugins: [alone],
      bundle: true,
      format: "esm",
      platform: "node",
      // As Node resolves packages.
      conditions: [],
      mainFields: ["main"],
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    const [path, input] = Object.entries(metafile.inputs).find(([path]) => path !== entry) ?? [];
    if (path === undefined) return undefined;
    // A build is up to date only while this file is what it was.
    host.read(path);
    return input?.format === "esm" || isEsModule(join(host.root, path), host) ? "esm" : "cjs";
  } catch {
    return undefined;
  }
}

/** The name that esbuild gives to a module without a file. */
const entry = "<stdin>";

/** Reads the module that the entry imports, and none of those that it imports itself. */
const alone: Plugin = {
  name: "alone",
  setup(build) {
    build.onResolve({ filter: /./ }, ({ path, importer, kind }) =>
      kind === "entry-point" || importer === entry ? undefined : { path, external: true },
    );
  },
};

function textOf(path: string, host: Host): string {
  const bytes = host.read(path);
  return bytes ? new TextDecoder().decode(bytes) : "";
}
