import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildOptions, OnResolveArgs, OnResolveResult, Plugin } from "esbuild";
import type { Diagnostic, Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import type { Summary } from "../model/summary.js";
import { assetsInPlace } from "./assets.js";
import { runBundler } from "./bundler.js";
import { failed } from "./index.js";
import { namesOf, type Hashed } from "./module-hashes.js";
import { isLoadedByNode, isPackageOf, packageModule, requiredPackages } from "./node-packages.js";
import { regularFiles } from "./regular-files.js";
import { requireBanner } from "./require-banner.js";
import { runtimeModule } from "./runtime.js";

/** A project's code as modules that Node can load separately. */
export interface Modules {
  /** The name of each module's file, by its path: a hash of its content and of all its imports. */
  readonly names: ReadonlyMap<string, string>;
  /** The module that passes on the server. */
  readonly entry: string;
  /** The texts of the modules that are not `known`, by name. */
  readonly texts: ReadonlyMap<string, string>;
}

/** A file as a module, in which imports of others are written as `mark` and their path. */
interface Piece extends Hashed {
  readonly text: string;
  /** The files in the module, with their bytes at build time. */
  readonly sources: readonly (readonly [path: string, bytes: Uint8Array | undefined])[];
}

const mark = `mcpc-${crypto.randomUUID()}:`;
const marks = new RegExp(`${mark}([^"]*)`, "g");

/** Batch size: for each entry point, esbuild processes all others. */
const together = 100;

/** Files that affect the output of any file. */
const environment = ["tsconfig.json", "package.json", "node_modules/.package-lock.json"];

/**
 * Compiles each file of the project to a separate module, named by a hash of its content and imports. An unchanged
 * module keeps its name, so a process that has loaded the module keeps its one instance. Packages stay external, with
 * one instance each; all versions share one runtime. A file whose bytes are the same object as before is not compiled
 * again.
 */
export function moduleMaker(host: Host): (summary: Summary, known: ReadonlySet<string>) => Promise<Result<Modules>> {
  const pieces = new Map<string, Piece>();
  let around: readonly unknown[] = [];
  const holds = (piece: Piece | undefined): boolean =>
    piece !== undefined &&
    piece.sources.every(([path, bytes]) => host.read(path) === bytes) &&
    piece.imports.every((path) => host.read(path) !== undefined);

  /** Returns all modules that the entry reaches, the entry first. */
  async function gather(entry: string, { bundle, serving }: Summary): Promise<Result<ReadonlyMap<string, Piece>>> {
    const reached = new Map<string, Piece>();
    const wanted = new Set([entry]);
    while (wanted.size > 0) {
      const fresh = [...wanted].filter((path) => !holds(pieces.get(path)));
      const batches = Array.from({ length: Math.ceil(fresh.length / together) }, (_, index) =>
        transform(fresh.slice(index * together, (index + 1) * together), bundle, serving.external),
      );
      const diagnostics = (await Promise.all(batches)).flat();
      if (diagnostics.length > 0) return { diagnostics };
      for (const path of wanted) reached.set(path, pieces.get(path)!);
      const next = [...wanted].flatMap((path) => reached.get(path)!.imports).filter((path) => !reached.has(path));
      wanted.clear();
      for (const path of next) wanted.add(path);
    }
    return { value: reached, diagnostics: [] };
  }

  async function transform(
    paths: readonly string[],
    bundle: string,
    external: readonly string[],
  ): Promise<readonly Diagnostic[]> {
    const place = join(host.root, bundle);
    const result = await runBundler({
      absWorkingDir: host.root,
      entryPoints: paths.map((path, index) => ({ in: join(host.root, path), out: String(index) })),
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      charset: "utf8",
      jsx: "automatic",
      // Node loads packages itself, so esbuild resolves them as Node does.
      conditions: [],
      plugins: [regularFiles(host), apart(host, external), assetsInPlace(host, dirname(bundle))],
      outdir: dirname(bundle),
      treeShaking: false,
      sourcemap: "inline",
      sourcesContent: false,
      sourceRoot: `${pathToFileURL(dirname(place)).href}/`,
      ...whereTheBundleStands(place),
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    if ("failure" in result) return result.failure.map((message) => failed(message, host));
    const { outputFiles, metafile } = result.built;
    for (const { path, text } of outputFiles) {
      const { inputs, imports } = metafile.outputs[relative(host.root, path).replaceAll("\\", "/")]!;
      pieces.set(paths[Number(/(\d+)\.js$/.exec(path)![1])]!, {
        text,
        hash: createHash("sha256").update(text.replaceAll(mark, "")).digest("hex"),
        imports: imports.flatMap(({ path: to }) => (to.startsWith(mark) ? [decodeURI(to.slice(mark.length))] : [])),
        sources: Object.keys(inputs)
          .filter((input) => !input.startsWith("required:"))
          .map((input) => [input, host.read(input)]),
      });
    }
    return [];
  }

  return async (summary, known) => {
    const entry = `${summary.serving.generated}/main.ts`;
    const now = [
      ...environment.map((path) => host.read(path)),
      JSON.stringify(summary.serving.external),
      summary.bundle,
    ];
    if (now.some((one, index) => one !== around[index])) pieces.clear();
    around = now;
    const { value: reached, diagnostics } = await gather(entry, summary);
    if (reached === undefined) return { diagnostics };
    for (const path of pieces.keys()) if (!reached.has(path)) pieces.delete(path);
    const names = namesOf(reached);
    const texts = new Map<string, string>();
    for (const [path, name] of names)
      if (!known.has(name))
        texts.set(
          name,
          reached.get(path)!.text.replace(marks, (_, to: string) => `./${names.get(decodeURI(to))!}`),
        );
    return { value: { names, entry: names.get(entry)!, texts }, diagnostics: [] };
  };
}

/** Returns options that set the location of modules to that of the bundle, and give CommonJS packages a `require`. */
export function whereTheBundleStands(place: string): Pick<BuildOptions, "define" | "banner"> {
  const url = JSON.stringify(pathToFileURL(place).href);
  const [file, folder] = [JSON.stringify(place), JSON.stringify(dirname(place))];
  return {
    define: {
      "import.meta.url": url,
      "import.meta.filename": file,
      "import.meta.dirname": folder,
      __filename: file,
      __dirname: folder,
    },
    banner: { js: requireBanner(url) },
  };
}

const asked = Symbol("asked here");

/** Keeps other modules of the project external, and leaves packages and the runtime to Node. */
function apart(host: Host, external: readonly string[]): Plugin {
  return {
    name: "apart",
    setup(build) {
      const runtime = new Map<string, string>();
      build.onResolve({ filter: /^@mcpc\/runtime(?:\/|$)/ }, ({ path }) => {
        if (!runtime.has(path)) runtime.set(path, replaceable(path, host));
        return { path: runtime.get(path)!, external: true };
      });
      requiredPackages(build);
      const place = (file: string, kind: OnResolveArgs["kind"]): OnResolveResult => {
        if (isLoadedByNode(file, host)) return packageModule(file, kind, host);
        if (!isModule(file, host)) return { path: file };
        return { path: mark + encodeURI(relative(host.root, file).replaceAll("\\", "/")), external: true };
      };
      build.onResolve({ filter: /./ }, async ({ path, kind, pluginData, ...from }) => {
        if (kind === "entry-point" || pluginData === asked) return undefined;
        const { importer, namespace, resolveDir } = from;
        const beside = neighbour(importer, path, host);
        if (beside !== undefined) return place(beside, kind);
        const found = await build.resolve(path, { importer, namespace, resolveDir, kind, pluginData: asked });
        if (found.errors.length > 0 && isPackageOf(external, path)) return { path, external: true };
        return found.errors.length > 0 || found.external ? found : place(found.path, kind);
      });
    },
  };
}

/** Resolves most relative imports; esbuild takes a hundred times as long. */
function neighbour(importer: string, path: string, host: Host): string | undefined {
  if (!/^\.\.?\/.*\.[cm]?js$/.test(path)) return undefined;
  const file = join(dirname(importer), path);
  const candidates = /\.[cm]?tsx?$/.test(importer) ? [file, file.replace(/js$/, "ts")] : [file];
  return candidates.find((candidate) => host.read(candidate) !== undefined);
}

/** Replaces the runtime's `main` by the variant whose server can be replaced. */
function replaceable(specifier: string, host: Host): string {
  return pathToFileURL(runtimeModule(specifier.replace(/\/codegen\/v1\/main$/, "/codegen/v1/dev"), host)).href;
}

/** Whether a file is a separate module. Data and CommonJS files become part of their importers. */
function isModule(path: string, host: Host): boolean {
  if (!/\.m?[jt]sx?$/.test(path)) return false;
  const text = textOf(path, host);
  if (/^\s*export\s*=/m.test(text)) return false;
  return /^\s*(?:import|export)\b/m.test(text) || !/\b(?:module\.exports|exports\.|require\()/.test(text);
}

function textOf(path: string, host: Host): string {
  const bytes = host.read(path);
  return bytes ? new TextDecoder().decode(bytes) : "";
}
