import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildOptions, BuildResult, Message } from "esbuild";
import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import type { OutputFile } from "../model/output.js";
import type { Server } from "../model/server.js";
import type { Span } from "../model/source.js";

/** Above this many tools and templates, validators become chunks of their own, loaded when first used. */
const singleFileLimit = 50;

/**
 * Bundles `generated/main.ts`, as it stands on disk, into `dist/server.js`, which runs without `node_modules`. A large
 * surface keeps its validators in `dist/chunks/`, loaded when first used. The runtime is the project's own where it is
 * installed, else the one that came with the compiler.
 */
export async function bundle(server: Server, host: Host): Promise<Result<OutputFile[]>> {
  const split = server.tools.length + server.resourceTemplates.length > singleFileLimit;
  const options = buildOptions(server, host, split);
  let result = await run(options);
  if ("failure" in result) return { diagnostics: result.failure.map((message) => failed(message, host)) };
  if (needsRequire(result.built)) {
    result = await run({ ...options, banner: { js: requireBanner } });
    if ("failure" in result) return { diagnostics: result.failure.map((message) => failed(message, host)) };
  }
  const files = result.built.outputFiles.map((file): OutputFile => {
    const path = file.path.slice(join(host.root, "/").length).replaceAll("\\", "/");
    return { path, owner: "artifact", content: file.text };
  });
  files.push({ path: `${server.layout.dist}/package.json`, owner: "artifact", content: '{ "type": "module" }\n' });
  return { value: files.sort((a, b) => (a.path < b.path ? -1 : 1)), diagnostics: [] };
}

type Built = BuildResult<{ write: false; metafile: true }>;

function buildOptions(server: Server, host: Host, split: boolean): BuildOptions & { write: false; metafile: true } {
  return {
    absWorkingDir: host.root,
    entryPoints: { server: `./${server.layout.generated}/main.ts` },
    outdir: server.layout.dist,
    chunkNames: "chunks/[hash]",
    bundle: true,
    splitting: split,
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    write: false,
    metafile: true,
    logLevel: "silent",
    alias: runtimeAlias(host),
  };
}

async function run(
  options: BuildOptions & { write: false; metafile: true },
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

/** Empty when the project has a runtime of its own. */
function runtimeAlias(host: Host): Record<string, string> {
  const name = "@mcpc/runtime";
  try {
    createRequire(pathToFileURL(join(host.root, "package.json"))).resolve(`${name}/package.json`);
    return {};
  } catch {
    const own = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    return { [name]: own };
  }
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

function failed(message: Message, host: Host): Diagnostic {
  const { location, text } = message;
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
