import { isBuiltin } from "node:module";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { Host } from "../host.js";
import { esbuild } from "./esbuild.js";

/** Whether Node loads the module from its file: a module of an installed package, in a format that Node supports. */
export function isLoadedByNode(path: string, host: Host): boolean {
  if (!/[\\/]node_modules[\\/]/.test(path)) return false;
  const extension = extname(path);
  if (extension === ".js" && !isEsModule(path, host)) return !/^\s*(?:import|export)\b/m.test(textOf(path, host));
  return [".js", ".mjs", ".cjs", ".node"].includes(extension);
}

/** Whether Node loads a file as an ES module, according to its name and the nearest `package.json`. */
function isEsModule(path: string, host: Host): boolean {
  if (!path.endsWith(".js")) return path.endsWith(".mjs");
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = host.read(join(folder, "package.json"));
    if (manifest) return (JSON.parse(new TextDecoder().decode(manifest)) as { type?: string }).type === "module";
  }
  return false;
}

/** Resolves an import of a package's file that Node loads: Node imports an ES module and requires a CommonJS module. */
export function packageModule(path: string, kind: OnResolveArgs["kind"], host: Host): OnResolveResult {
  if (kind === "require-call" || kind === "require-resolve") return { path, external: true };
  return isEsModule(path, host) ? { path: pathToFileURL(path).href, external: true } : { path, namespace: required };
}

const required = "required";

/** Wraps required modules in esbuild's interop for CommonJS, which allows any named import, as in a bundle. */
export function requiredPackages(build: PluginBuild): void {
  build.onResolve({ filter: /./, namespace: required }, ({ path }) => ({ path, external: true }));
  build.onLoad({ filter: /./, namespace: required }, ({ path }) => ({
    contents: `module.exports = require(${JSON.stringify(path)});`,
  }));
}

/** Whether an import names one of the packages, or a subpath of one. */
export function isPackageOf(packages: readonly string[], specifier: string): boolean {
  return packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

/** Keeps installed packages external, for Node to load; the packages of `external` need not be installed. */
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
 * Keeps the packages of `external` external in a bundle of this format. An ES package is imported: every supported Node
 * can import one, but only in an ES module. A CommonJS package is required, so that its exports are the same in both
 * formats. `onEsModule` is called for each import of an ES package.
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

/** Returns the format of the module that an import resolves to; undefined when it is not installed. */
async function formatOf(specifier: string, host: Host): Promise<"cjs" | "esm" | undefined> {
  try {
    const { metafile } = await esbuild().build({
      absWorkingDir: host.root,
      stdin: { contents: `import ${JSON.stringify(specifier)};`, resolveDir: host.root },
      plugins: [alone],
      bundle: true,
      format: "esm",
      platform: "node",
      // Node loads packages itself, so esbuild resolves them as Node does.
      conditions: [],
      mainFields: ["main"],
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    const [path, input] = Object.entries(metafile.inputs).find(([path]) => path !== entry) ?? [];
    if (path === undefined) return undefined;
    // The trace has to include this file, since the result depends on it.
    host.read(path);
    return input?.format === "esm" || isEsModule(join(host.root, path), host) ? "esm" : "cjs";
  } catch {
    return undefined;
  }
}

/** Name that esbuild gives to a module without a file. */
const entry = "<stdin>";

/** Plugin that loads the module that the entry imports, but none of that module's imports. */
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
