import { join, relative } from "node:path";
import type { Message, OutputFile as OutputFileOfEsbuild, Plugin } from "esbuild";
import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import { installCommand } from "../diagnostics/install-command.js";
import { withHeader } from "../generated-header.js";
import { fingerprint } from "../fingerprint.js";
import type { Host } from "../host.js";
import type { Cache } from "../model/cache.js";
import type { Artifact, IsUpToDate } from "../model/output.js";
import type { Server } from "../model/server.js";
import type { Span } from "../model/source.js";
import { isOtherJsx, type Built, type Bundler, type BundlerOptions, type BundlerResult } from "./bundler.js";
import { assets, copies, type Assets } from "./assets.js";
import { chunkFiles, chunkFolder } from "./chunks.js";
import { dependencies } from "./dependencies.js";
import { codeFile, entryPoints, hashbang, loaderModule } from "./entry-points.js";
import { generatedModules } from "./generated-modules.js";
import { isSplit, listingFiles, listingsModule, projectionsModule } from "./listing-files.js";
import { externalPackages } from "./node-packages.js";
import { unusedExternals } from "./unused-externals.js";
import { ownFiles } from "./own-files.js";
import { namesAsking, namesEnabled, namesSession, namesTraceHeaders, unusedParts, type Uses } from "./parts.js";
import { regularFiles } from "./regular-files.js";
import { requireBanner } from "./require-banner.js";
import { isPrebundled, prebundledRuntime, runtimeAlias, runtimeOf } from "./runtime.js";
import { shortNames } from "./short-names.js";
import { portableMap } from "./source-map.js";

type Options = BundlerOptions & { readonly format: Format };
type Format = "cjs" | "esm";

export interface Bundle {
  readonly files: readonly Artifact[];
  /** Every file in the bundle except the runtime's, relative to the project. */
  readonly code: readonly string[];
  /** Every file in the bundle, including the runtime's. */
  readonly inputs: readonly string[];
}

/** The services of a bundle. */
interface Services {
  readonly host: Host;
  readonly cache: Cache;
  readonly artifacts: { readonly isUpToDate: IsUpToDate };
  readonly bundler: Bundler;
}

/** Generated code in the form for bundles. */
interface BundledCode {
  /** The texts of modules that a bundle has in another form than the disk, by name. */
  modules(form: "single" | Format): Readonly<Record<string, () => string>>;
  /** The paths of the modules of entries' validators. */
  readonly validators: readonly string[];
}

/**
 * Bundles `generated/main.ts` from disk into `dist/server.js`, which runs without `node_modules`. CommonJS starts 5 ms
 * sooner. Code that requires an ES module makes the bundle one: `import.meta`, top-level `await`, also in packages, and
 * an import of an external ES package. The runtime is the project's own if installed, otherwise the one that the
 * compiler ships.
 */
export async function bundle(server: Server, code: BundledCode, services: Services): Promise<Result<Bundle>> {
  const { host } = services;
  const { generated, source } = server.layout;
  const some =
    (names: (code: string) => boolean) =>
    (paths: readonly string[]): boolean =>
      paths.some((path) => names(textOf(path, host)));
  const [asking, keeping, tracing] = [some(namesAsking), some(namesSession), some(namesTraceHeaders)];
  const sources = host.find([`${source}/**/*.{ts,tsx,mts}`], []);
  const all = isSplit(server);
  const { hooks } = server.runtime;
  const hides = hooks !== undefined && namesEnabled(textOf(hooks.file, host));
  const uses = { asks: all || asking(sources), keeps: all || keeping(sources), traces: all || tracing(sources), hides };
  const first = await make(server, code, services, uses);
  // Handlers may pass their context to any code of the project. Packages have sessions of their own, and do not use the
  // server's.
  const foreign = first.value?.code.filter((path) => !path.startsWith(`${generated}/`)) ?? [];
  const own = foreign.filter((path) => !path.includes("node_modules/"));
  const found = {
    ...uses,
    asks: uses.asks || asking(foreign),
    keeps: uses.keeps || keeping(own),
    traces: uses.traces || tracing(own),
  };
  return JSON.stringify(found) === JSON.stringify(uses) ? first : make(server, code, services, found);
}

async function make(
  server: Server,
  code: BundledCode,
  { host, cache, artifacts, bundler }: Services,
  uses: Uses,
): Promise<Result<Bundle>> {
  const split = isSplit(server);
  const parts = unusedParts(server, uses, split);
  const { generated, dist } = server.layout;
  const runtime = prebundledRuntime(generated, parts, host, cache);
  const listings = split ? listingFiles(server, cache) : undefined;
  const chunked = async (format: Format): Promise<Artifact[]> => [
    ...(await chunkFiles(code.validators, generated, dist, format, host, artifacts.isUpToDate)),
    ...listings!.files,
  ];
  const regular = regularFiles(host);
  const plugins = (format: Format): Plugin[] => [
    regular,
    // Thousands of validators take too long to bundle. As chunks they cost nothing until they are used.
    ...(listings
      ? [
          generatedModules(
            generated,
            {
              ...code.modules(format),
              listings: () => listingsModule(listings.forms, format),
              projections: () => projectionsModule(server, listings.forms, format),
            },
            host,
          ),
        ]
      : [
          generatedModules(generated, code.modules("single"), host),
          shortNames(join(host.root, generated, "validators"), host),
        ]),
    runtime.plugin,
    externalPackages(server.external, format, host, () => (importsEsPackage = true)),
    ...(codeFile(server) === "bundle.js" ? [loaderModule(server, host, format, Object.keys(installed))] : []),
    // Only in an ES module does code use its own URL.
    ...(format === "esm" ? [named.plugin] : []),
  ];
  const named = assets(host, dist);
  const installed = dependencies(server.external, host);
  let importsEsPackage = false;
  let options = buildOptions(server, host, "cjs", plugins("cjs"), parts);
  const bundling = bundler(options);
  // Chunks are emitted while esbuild runs.
  const beside = split && !wasModule(dist, host) ? chunked("cjs") : undefined;
  beside?.catch(() => {});
  let result = await bundling;
  if (importsEsPackage || needsEsModule(result)) {
    options = buildOptions(server, host, "esm", plugins("esm"), parts);
    result = await withRequire(options, bundler);
  }
  if ("failure" in result) return { diagnostics: result.failure.map((message) => failed(message, host)) };
  const scripts = await bundleScripts(named, options, bundler);
  if ("failure" in scripts) return { diagnostics: scripts.failure.map((message) => failed(message, host)) };
  const isStrict = options.format === "esm" || !holdsSloppyCode(result.built, host);
  const files = result.built.outputFiles.flatMap((file): Artifact[] => {
    const path = file.path.slice(join(host.root, "/").length).replaceAll("\\", "/");
    const content = contentOf(file, path, server, host, isStrict);
    return content === undefined ? [] : [artifact(path, content, path === `${dist}/server.js`)];
  });
  for (const { path, text } of scripts.files)
    files.push(artifact(relative(host.root, path).replaceAll("\\", "/"), text));
  files.push(...copies(named, dist, host));
  const type = options.format === "cjs" ? "commonjs" : "module";
  if (split) files.push(...(await (options.format === "cjs" && beside ? beside : chunked(options.format))));
  files.push(artifact(`${dist}/package.json`, manifestText(type, installed)));
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const inputs = [result.built.metafile.inputs, ...scripts.graphs].flatMap((graph) => Object.keys(graph));
  const own = [...new Set(inputs)].filter((path) => !isPrebundled(path));
  const diagnostics = [
    ...named.diagnostics.values(),
    ...ownFiles(result.built.metafile, server.external, host),
    ...unusedExternals([result.built.metafile.inputs, ...scripts.graphs], server.external, host),
  ];
  return { value: { files, code: own, inputs: [...own, ...runtime.inputs, ...named.found.keys()] }, diagnostics };
}

function artifact(path: string, content: string, executable = false): Artifact {
  // The hash of a bundle's own text serves as its fingerprint, so that the next build recognizes the file as its own.
  return {
    path,
    owner: "artifact",
    inputs: fingerprint(content),
    content: () => content,
    ...(executable && { executable }),
  };
}

/**
 * Bundles an ES module, and adds `require` where CommonJS packages in the bundle use it for Node's built-in modules.
 */
async function withRequire(options: Options, bundler: Bundler): Promise<BundlerResult> {
  const result = await bundler(options);
  if ("failure" in result || !needsRequire(result.built)) return result;
  return bundler({ ...options, banner: { js: requireBanner("import.meta.url") } });
}

/** Bundles code that other code names by a URL, such as workers, and the code that they name in turn. */
async function bundleScripts(
  { found }: Assets,
  options: Options,
  bundler: Bundler,
): Promise<
  | { readonly files: OutputFileOfEsbuild[]; readonly graphs: Built["metafile"]["inputs"][] }
  | Exclude<BundlerResult, { built: Built }>
> {
  const files: OutputFileOfEsbuild[] = [];
  const graphs: Built["metafile"]["inputs"][] = [];
  const done = new Set<string>();
  for (;;) {
    const next = [...found.values()].filter(({ isScript, source }) => isScript && !done.has(source));
    if (next.length === 0) return { files, graphs };
    for (const { source } of next) done.add(source);
    const entryPoints = next.map(({ source, name }) => ({ in: `./${source}`, out: name.slice(0, -".js".length) }));
    const result = await withRequire({ ...options, entryPoints, sourcemap: false }, bundler);
    if ("failure" in result) return result;
    files.push(...result.built.outputFiles);
    graphs.push(result.built.metafile.inputs);
  }
}

/** Whether the last bundle was an ES module. */
function wasModule(dist: string, host: Host): boolean {
  return /"type": "module"/.test(textOf(`${dist}/package.json`, host));
}

function manifestText(type: string, dependencies: Readonly<Record<string, string>>): string {
  if (Object.keys(dependencies).length === 0) return `{ "type": "${type}" }\n`;
  return `${JSON.stringify({ private: true, type, dependencies }, undefined, 2)}\n`;
}

/**
 * Returns the content of a file. A chunk carries the generated header. Only the file with handwritten code has a source
 * map.
 */
function contentOf(
  file: OutputFileOfEsbuild,
  path: string,
  server: Server,
  host: Host,
  isStrict: boolean,
): string | undefined {
  const { dist } = server.layout;
  const code = codeFile(server);
  const prefix = path.startsWith(`${dist}/server.js`) ? hashbang : "";
  if (path.endsWith(".map"))
    return path === `${dist}/${code}.map`
      ? portableMap(file.text, dist, runtimeOf(host).folder, host.root, prefix)
      : undefined;
  if (path.startsWith(`${dist}/${chunkFolder}/`)) return withHeader(file.text);
  const text = `${prefix}${isStrict ? file.text : file.text.slice(strict.length)}`;
  return path === `${dist}/${code}` ? `${text}${mapComment}${code}.map\n` : text;
}

/** Directive that makes a CommonJS bundle as strict as the ES modules in it. */
const strict = '"use strict";';

/** Whether the bundle contains a CommonJS module without strict mode, which may break in strict mode. */
function holdsSloppyCode({ metafile }: Built, host: Host): boolean {
  const outputs = Object.values(metafile.outputs);
  return Object.entries(metafile.inputs).some(
    ([path, { format }]) =>
      format === "cjs" &&
      /\.c?js$/.test(path) &&
      outputs.some(({ inputs }) => (inputs[path]?.bytesInOutput ?? 0) > 0) &&
      !/^(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*\n)*(["'])use strict\1/.test(textOf(path, host)),
  );
}

/** Two parts, because tools would read the whole comment as this module's own. */
const mapComment = ["//#", "sourceMappingURL="].join(" ");

/** Whether the bundle contains, or should contain, code that only works in an ES module. */
function needsEsModule(result: BundlerResult): boolean {
  if ("failure" in result) return result.failure.some(({ text }) => text.startsWith("Top-level await "));
  const { warnings, metafile } = result.built;
  const outputs = Object.values(metafile.outputs);
  const isBundled = (path: string): boolean => outputs.some(({ inputs }) => (inputs[path]?.bytesInOutput ?? 0) > 0);
  return warnings.some(({ id, location }) => id === "empty-import-meta" && isBundled(location?.file ?? ""));
}

function buildOptions(
  server: Server,
  host: Host,
  format: Format,
  plugins: Plugin[],
  parts: Readonly<Record<string, string>>,
): Options {
  return {
    absWorkingDir: host.root,
    entryPoints: entryPoints(server),
    plugins,
    outdir: server.layout.dist,
    bundle: true,
    format,
    platform: "node",
    target: "node20",
    // Node reads and compiles text in one-byte characters faster.
    charset: "ascii",
    // The type check of handlers has the same default without a tsconfig.json.
    jsx: "automatic",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    banner: { js: format === "cjs" ? strict : "" },
    // CommonJS packages find their location by these names, which an ES module lacks.
    define: {
      ...parts,
      ...(format === "esm" && { __dirname: "import.meta.dirname", __filename: "import.meta.filename" }),
    },
    // Without the override, esbuild does not report this in packages.
    logOverride: { "empty-import-meta": "warning" },
    write: false,
    metafile: true,
    logLevel: "silent",
    sourcemap: "external",
    sourcesContent: false,
    alias: runtimeAlias(host),
  };
}

function needsRequire({ outputFiles }: Built): boolean {
  return outputFiles.some(({ path, text }) => path.endsWith(".js") && text.includes('Dynamic require of "'));
}

export function failed(message: Message, host: Host): Diagnostic {
  const { location, text } = message;
  const [, missing] = /^Could not resolve "(jose|redis)"/.exec(text) ?? [];
  if (missing !== undefined) {
    // The import is in generated code, so its location does not help the user.
    const feature = missing === "jose" ? "signed access tokens (runtime.auth.oauth) need" : "runtime.store.redis needs";
    const reason = `${feature} the package "${missing}": ${installCommand(missing)}`;
    return diagnose("bundle/failed", undefined, { reason, external: undefined });
  }
  if (isOtherJsx(message)) {
    const runtime = text.includes("import source") ? "automatic" : "classic";
    const reason = `this comment counts only beside /** @jsxRuntime ${runtime} */, or with another "jsx" in tsconfig.json`;
    return diagnose("bundle/failed", location ? span(location, host) : undefined, { reason, external: undefined });
  }
  // Names the package that contains this code. For the project's own code, names the package of the file that cannot be
  // bundled.
  const isCode = !text.endsWith("is not a regular file");
  const external = isCode ? (packageOf(location?.file ?? "") ?? packageOf(text)) : undefined;
  return diagnose("bundle/failed", location ? span(location, host) : undefined, { reason: text, external });
}

function packageOf(path: string): string | undefined {
  return /.*\bnode_modules\/((?:@[\w.~-]+\/)?[\w.~-]+)\//.exec(path.replaceAll("\\", "/"))?.[1];
}

function span(location: NonNullable<Message["location"]>, host: Host): Span | undefined {
  const bytes = host.read(location.file);
  if (!bytes) return undefined;
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\n");
  const line = Buffer.from(lines[location.line - 1] ?? "");
  const column = line.subarray(0, location.column).toString().length;
  const length = line.subarray(location.column, location.column + location.length).toString().length;
  const start = lines.slice(0, location.line - 1).reduce((offset, text) => offset + text.length + 1, 0) + column;
  return { path: location.file, start, end: start + length };
}

function textOf(path: string, host: Host): string {
  const bytes = host.read(path);
  return bytes ? new TextDecoder().decode(bytes) : "";
}
