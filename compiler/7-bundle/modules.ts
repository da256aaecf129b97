import { createHash } from "node:crypto";
import { dirname, extname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildOptions, Metafile, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import type { Summary } from "../model/summary.js";
import { failed, run } from "./index.js";
import { runtimeModule } from "./runtime.js";

/** A project's code as modules that Node can load one by one. */
export interface Modules {
  /** The name of each module's file, by its path: a hash of what it says and of all that it imports. */
  readonly names: ReadonlyMap<string, string>;
  /** The module that hands over the server. */
  readonly entry: string;
  /** Those that are not `known`, by name. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Each file of the project as a module of its own, named for its contents and those of its imports: what has not changed
 * keeps its name, and so a process that has loaded it keeps its one instance of it. Packages stay where they are, of
 * one instance too; the runtime is one for all versions.
 */
export async function modules(
  { bundle, serving: { generated, external } }: Summary,
  host: Host,
  known: ReadonlySet<string>,
): Promise<Result<Modules>> {
  const entry = `${generated}/main.ts`;
  const options = (plugin: Plugin): BuildOptions & { write: false; metafile: true; format: "esm" } => ({
    absWorkingDir: host.root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    // As Node resolves packages, which it loads itself.
    conditions: [],
    plugins: [plugin],
    outdir: dirname(bundle),
    write: false,
    metafile: true,
    logLevel: "silent",
    external: [...external],
  });
  const apart = new Map<string, string>();
  const explored = await run({ ...options(packagesApart(host, apart)), entryPoints: [`./${entry}`] });
  if ("failure" in explored) return { diagnostics: explored.failure.map((message) => failed(message, host)) };
  const { inputs } = explored.built.metafile;
  const names = named(inputs, host);
  const wanted = new Map([...names].filter(([, name]) => !known.has(name)).map(([path, name]) => [name, path]));
  const texts = new Map<string, string>();
  if (wanted.size > 0) {
    const place = join(host.root, bundle);
    const made = await run({
      ...options(linked(inputs, names, apart, host)),
      entryPoints: [...wanted].map(([name, path]) => ({
        in: join(host.root, path),
        out: name.slice(0, -".mjs".length),
      })),
      outExtension: { ".js": ".mjs" },
      treeShaking: false,
      sourcemap: "inline",
      sourcesContent: false,
      sourceRoot: `${pathToFileURL(dirname(place)).href}/`,
      ...whereTheBundleStands(place),
    });
    if ("failure" in made) return { diagnostics: made.failure.map((message) => failed(message, host)) };
    for (const { path, text } of made.built.outputFiles) texts.set(relative(dirname(place), path), text);
  }
  return { value: { names, entry: names.get(entry)!, texts }, diagnostics: [] };
}

/** What is in a module finds itself where the server's bundle stands; CommonJS packages find `require`. */
export function whereTheBundleStands(place: string): Pick<BuildOptions, "define" | "banner"> {
  const url = JSON.stringify(pathToFileURL(place).href);
  const [file, folder] = [JSON.stringify(place), JSON.stringify(dirname(place))];
  return {
    define: { "import.meta.url": url, "import.meta.filename": file, "import.meta.dirname": folder },
    banner: {
      js: `import{createRequire as $createRequire}from"node:module";const require=$createRequire(${url}),__filename=${file},__dirname=${folder};`,
    },
  };
}

const marked = Symbol("resolved here");

/** Leaves packages, and the runtime, to Node; `apart` is where each stands, by importer and specifier. */
function packagesApart(host: Host, apart: Map<string, string>): Plugin {
  return {
    name: "packages-apart",
    setup(build) {
      const leave = ({ importer, path }: OnResolveArgs, place: string): OnResolveResult => {
        apart.set(`${importer} ${path}`, place);
        return { path: place, external: true };
      };
      build.onResolve({ filter: /^@mcpc\/runtime(?:\/|$)/ }, (given) => leave(given, replaceable(given.path, host)));
      build.onResolve({ filter: /^[^./]/ }, async (given) => {
        if (given.kind === "entry-point" || given.pluginData === marked) return undefined;
        const found = await resolved(build, given);
        if (found.errors.length > 0 || found.external) return found;
        return isLoadedByNode(found.path, host) ? leave(given, found.path) : { path: found.path };
      });
    },
  };
}

function resolved(build: PluginBuild, { path, importer, namespace, resolveDir, kind }: OnResolveArgs) {
  return build.resolve(path, { importer, namespace, resolveDir, kind, pluginData: marked });
}

/** In place of `main`, the one whose server can be replaced. */
function replaceable(specifier: string, host: Host): string {
  return pathToFileURL(runtimeModule(specifier.replace(/\/codegen\/v1\/main$/, "/codegen/v1/dev"), host)).href;
}

/** Of an installed package, and in a form that Node understands. */
function isLoadedByNode(path: string, host: Host): boolean {
  if (!/[\\/]node_modules[\\/]/.test(path)) return false;
  const extension = extname(path);
  if (extension === ".js" && !isEsModule(path, host)) return !/^\s*(?:import|export)\b/m.test(textOf(path, host));
  return [".js", ".mjs", ".cjs", ".node"].includes(extension);
}

/** As Node decides it. */
function isEsModule(path: string, host: Host): boolean {
  if (!path.endsWith(".js")) return path.endsWith(".mjs");
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = host.read(join(folder, "package.json"));
    if (manifest) return (JSON.parse(new TextDecoder().decode(manifest)) as { type?: string }).type === "module";
  }
  return false;
}

type Inputs = Metafile["inputs"];

/** A module that others can name; anything else becomes part of whoever imports it. */
function isModule(path: string, { format }: Inputs[string]): boolean {
  return format !== "cjs" && /\.[cm]?[jt]sx?$/.test(path);
}

/** Modules that import each other in a circle are named together. */
function named(inputs: Inputs, host: Host): Map<string, string> {
  const names = new Map<string, string>();
  const digests = new Map<string, string>();
  const salt = textOf("tsconfig.json", host);
  for (const circle of circles(inputs)) {
    const inside = new Set(circle);
    const hash = createHash("sha256").update(salt);
    for (const path of circle.toSorted()) {
      hash.update(`\n${path}\n`).update(host.read(path) ?? "");
      for (const { path: target, original = "" } of inputs[path]!.imports)
        hash.update(`\n${original} ${inside.has(target) ? target : (digests.get(target) ?? target)}`);
    }
    const digest = hash.digest("hex").slice(0, 20);
    for (const path of circle) {
      digests.set(path, digest);
      if (isModule(path, inputs[path]!)) names.set(path, nameOf(path, digest));
    }
  }
  return names;
}

function nameOf(path: string, digest: string): string {
  const own = createHash("sha256").update(`${path}\n${digest}`).digest("hex").slice(0, 16);
  return `${path
    .replace(/\.\w+$/, "")
    .replace(/^.*\//, "")
    .replace(/[^\w-]/g, "_")}-${own}.mjs`;
}

/** Tarjan's strongly connected components, each after all that it imports. */
function circles(inputs: Inputs): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.get(path)!);
    open.push(path);
    isOpen.add(path);
    for (const { path: target } of inputs[path]!.imports) {
      if (inputs[target] === undefined) continue;
      if (!index.has(target)) visit(target);
      if (isOpen.has(target)) low.set(path, Math.min(low.get(path)!, low.get(target)!));
    }
    if (low.get(path) !== index.get(path)) return;
    const circle = open.splice(open.indexOf(path));
    for (const member of circle) isOpen.delete(member);
    found.push(circle);
  };
  for (const path of Object.keys(inputs)) if (!index.has(path)) visit(path);
  return found;
}

/** Imports as the exploration has found them, with the names of the modules. */
function linked(
  inputs: Inputs,
  names: ReadonlyMap<string, string>,
  apart: ReadonlyMap<string, string>,
  host: Host,
): Plugin {
  return {
    name: "linked",
    setup(build) {
      build.onResolve({ filter: /./ }, ({ path, importer, kind, namespace }) => {
        if (kind === "entry-point") return undefined;
        if (namespace === "required") return { path, external: true };
        const place = apart.get(`${importer} ${path}`);
        if (place !== undefined) return packageModule(place, kind, host);
        const from = relative(host.root, importer).replaceAll("\\", "/");
        const found = inputs[from]?.imports.find(({ original }) => original === path);
        if (found === undefined || found.external) return undefined;
        const name = names.get(found.path);
        return name === undefined ? { path: join(host.root, found.path) } : { path: `./${name}`, external: true };
      });
      // What it exports is told by esbuild's way of importing CommonJS, which takes any name, as in the bundle.
      build.onLoad({ filter: /./, namespace: "required" }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
      }));
    },
  };
}

function packageModule(path: string, kind: OnResolveArgs["kind"], host: Host): OnResolveResult {
  if (!/^(?:[A-Za-z]:)?[\\/]/.test(path) || kind === "require-call") return { path, external: true };
  return isEsModule(path, host) ? { path: pathToFileURL(path).href, external: true } : { path, namespace: "required" };
}

function textOf(path: string, host: Host): string {
  const bytes = host.read(path);
  return bytes ? new TextDecoder().decode(bytes) : "";
}
