import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildOptions, BuildResult, Message, OutputFile as OutputFileOfEsbuild } from "esbuild";
import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import { withHeader } from "../generated-header.js";
import type { Earlier } from "../model/earlier.js";
import type { Host } from "../host.js";
import type { OutputFile } from "../model/output.js";
import type { Server } from "../model/server.js";
import type { Span } from "../model/source.js";
import { chunkEntries, chunkFiles, chunkFolder, chunks } from "./chunks.js";
import { shortNames } from "./short-names.js";
import { portableMap } from "./source-map.js";

/** Above this many tools and templates, listings and validators become chunks of their own, loaded when first used. */
const singleFileLimit = 50;

type Options = BuildOptions & { readonly write: false; readonly metafile: true; readonly format: Format };
type Format = "cjs" | "esm";
type Built = BuildResult<Options>;

export interface Bundle {
  readonly files: readonly OutputFile[];
  /** Every file that is in it, relative to the project. */
  readonly inputs: readonly string[];
}

/**
 * Bundles `generated/main.ts`, as it stands on disk, into `dist/server.js`, which runs without `node_modules`. CommonJS
 * starts 5 ms sooner; handlers that only an ES module can hold (`import.meta`, `await` at the top) make the bundle one.
 * The runtime is the project's own where it is installed, else the one that came with the compiler.
 */
export async function bundle(server: Server, host: Host, earlier: Earlier): Promise<Result<Bundle>> {
  let options = buildOptions(server, host, "cjs");
  let result = await run(options);
  if ("failure" in result ? result.failure.some(isTopLevelAwait) : result.built.warnings.some(isImportMeta)) {
    options = buildOptions(server, host, "esm");
    result = await run(options);
    if ("built" in result && needsRequire(result.built)) {
      result = await run({ ...options, banner: { js: requireBanner } });
    }
  }
  if ("failure" in result) return { diagnostics: result.failure.map((message) => failed(message, host)) };
  const { generated, dist } = server.layout;
  const files = result.built.outputFiles.flatMap((file): OutputFile[] => {
    const path = file.path.slice(join(host.root, "/").length).replaceAll("\\", "/");
    const content = contentOf(file, path, dist, host);
    return content === undefined ? [] : [{ path, owner: "artifact", content }];
  });
  const type = options.format === "cjs" ? "commonjs" : "module";
  if (isSplit(server)) files.push(...(await chunkFiles(generated, dist, options.format, host, earlier)));
  files.push({ path: `${dist}/package.json`, owner: "artifact", content: `{ "type": "${type}" }\n` });
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { value: { files, inputs: Object.keys(result.built.metafile.inputs) }, diagnostics: [] };
}

/** A chunk carries our header, and has no map: nothing in it is written by hand. */
function contentOf(file: OutputFileOfEsbuild, path: string, dist: string, host: Host): string | undefined {
  const chunk = path.startsWith(`${dist}/${chunkFolder}/`);
  if (path.endsWith(".map")) return chunk ? undefined : portableMap(file.text, dist, runtimeOf(host).folder, host.root);
  return chunk ? withHeader(file.text) : `${file.text}//# sourceMappingURL=server.js.map\n`;
}

function isSplit({ tools, resourceTemplates }: Server): boolean {
  return tools.length + resourceTemplates.length > singleFileLimit;
}

function isTopLevelAwait({ text }: Message): boolean {
  return text.startsWith("Top-level await ");
}

function isImportMeta({ id }: Message): boolean {
  return id === "empty-import-meta";
}

function buildOptions(server: Server, host: Host, format: Format): Options {
  const { generated, dist } = server.layout;
  const runtime = runtimeOf(host);
  const split = isSplit(server);
  // Thousands of validators are not worth the time: as chunks they weigh on nothing until they are used.
  const ours = [join(runtime.folder, "dist"), ...(split ? [] : [join(host.root, generated, "validators")])];
  return {
    absWorkingDir: host.root,
    entryPoints: {
      server: `./${generated}/main.ts`,
      ...(split && chunkEntries),
    },
    plugins: [...(split ? [chunks(generated, host, format)] : []), shortNames(ours, host)],
    outdir: dist,
    bundle: true,
    format,
    platform: "node",
    target: "node20",
    charset: "utf8",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // As in an ES module.
    banner: { js: format === "cjs" ? '"use strict";' : "" },
    write: false,
    metafile: true,
    logLevel: "silent",
    external: [...server.external],
    sourcemap: "external",
    sourcesContent: false,
    define: unused(server),
    alias: runtimeAlias(host),
  };
}

export async function run(
  options: Options,
): Promise<{ readonly built: Built } | { readonly failure: readonly Message[] }> {
  const esbuild = await import("esbuild");
  try {
    return { built: await esbuild.build(options) };
  } catch (error) {
    const messages = (error as { errors?: Message[] }).errors;
    if (!messages?.length) throw error;
    return { failure: messages };
  }
}

const runtimeName = "@mcpc/runtime";

/** The runtime that goes into the bundle, links resolved; `own` when it is the project's. */
function runtimeOf(host: Host): { readonly own: boolean; readonly folder: string } {
  const manifest = `${runtimeName}/package.json`;
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
  return own ? {} : { [runtimeName]: join(folder, "dist") };
}

/** What the runtime asks itself of the bundle (`runtime/protocol/parts.ts`), so that unused parts stay out of it. */
function unused({ tools, resources, resourceTemplates, prompts, runtime }: Server): Record<string, string> {
  const completes = [...prompts, ...resourceTemplates].some(({ completions }) => completions.length > 0);
  const chooses = prompts.some((prompt) => prompt.arguments.some((argument) => argument.enum !== undefined));
  const used = {
    Prompts: prompts.length > 0,
    Resources: resources.length + resourceTemplates.length > 0,
    Completion: completes || chooses,
    Tasks: tools.some(({ task }) => task !== undefined),
    Auth: runtime.auth !== undefined,
    Cache: runtime.cache !== undefined,
  };
  return Object.fromEntries(Object.entries(used).map(([part, is]) => [`globalThis.mcpcWithout${part}`, String(!is)]));
}

const requireBanner =
  'import{createRequire as $createRequire}from"node:module";import{fileURLToPath as $fileURLToPath}from"node:url";import{dirname as $dirname}from"node:path";const require=$createRequire(import.meta.url),__filename=$fileURLToPath(import.meta.url),__dirname=$dirname(__filename);';

/**
 * CommonJS packages in the bundle reach Node's own modules through `require`, and their place through `__filename`:
 * names that an ES module does not have.
 */
function needsRequire(built: Built): boolean {
  const wanted = /Dynamic require of "|\b__(?:dirname|filename)\b/;
  return built.outputFiles.some((file) => file.path.endsWith(".js") && wanted.test(file.text));
}

export function failed(message: Message, host: Host): Diagnostic {
  const { location, text } = message;
  if (/^Could not resolve "jose"/.test(text)) {
    // Where it is missing is our own code, which says nothing to the user.
    const reason = 'signed access tokens (runtime.auth.oauth) need the package "jose": npm install jose';
    return diagnose("bundle/failed", undefined, { reason });
  }
  return diagnose("bundle/failed", location ? span(location, host) : undefined, { reason: text });
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
