import { dirname } from "node:path/posix";
import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import { projectPath } from "../project-path.js";
import { noCache, type Cache } from "../model/cache.js";
import type { SourceFile, Sources, Span } from "../model/source.js";
import { impreciseNumbers } from "./numbers.js";
import { parse, parseByEntries } from "./parse.js";
import {
  contentFiles,
  hooksFile,
  unusualHandlers,
  manifestSchemaFiles,
  schemaFiles,
  versionFiles,
} from "./references.js";

const pattern = "**/*.mcp.json";
const clientConfiguration = ".mcp.json";
/** Size limit in bytes of a manifest and of a file that it names: it bounds memory, far above real sizes. */
const largest = 16 * 2 ** 20;
/** Size limit of all files together: their contents must fit into one string. */
const largestTogether = 64 * 2 ** 20;
const elsewhere = ["**/node_modules/**", "**/dist/**", "**/generated/**", "**/.*/**"];

/** Finds the project's manifests and all files that they refer to. No other phase reads the user's input. */
export function read(host: Host, cache: Cache = noCache): Result<Sources> {
  const paths = manifestPaths(host);
  if (paths.length === 0) return { diagnostics: [nothingToRead(host)] };
  const diagnostics: Diagnostic[] = paths.filter((path) => !host.contains(path)).map(outside);
  let together = 0;
  /**
   * Returns the bytes of the file named at `span`. A file outside the project or above the size limit is not opened.
   */
  const bytesOf = (path: string, span: Span): Uint8Array | undefined => {
    if (!host.contains(path)) return undefined;
    const size = host.size(path);
    if (size > largest) {
      diagnostics.push(diagnose("file/too-large", span, { path, megabytes: largest / 2 ** 20 }));
      return undefined;
    }
    const isFirstBeyond = together <= largestTogether;
    together += size;
    if (together <= largestTogether) return host.read(path);
    if (isFirstBeyond)
      diagnostics.push(diagnose("file/too-large-together", span, { path, megabytes: largestTogether / 2 ** 20 }));
    return undefined;
  };
  const parsedFile = (path: string, span: Span): SourceFile | undefined => {
    const found = diagnostics.length;
    const bytes = bytesOf(path, span);
    const isManifest = span.path === path;
    // The search has found this manifest and reported no other error, so the missing bytes need a report.
    if (!bytes && isManifest && diagnostics.length === found && host.contains(path))
      diagnostics.push(diagnose("file/not-regular", span, { path }));
    if (!bytes) return undefined;
    const parsed = isManifest ? parseByEntries(path, bytes, cache) : parse(path, bytes);
    diagnostics.push(...parsed.diagnostics);
    return parsed.file;
  };
  const load = (path: string, span: Span = { path, start: 0, end: 0 }): SourceFile | undefined => {
    const file = parsedFile(path, span);
    if (file) diagnostics.push(...impreciseNumbers(file));
    return file;
  };
  const manifests = paths.map((path) => load(path)).filter((file) => file !== undefined);
  const outsiders = new Set<string>();
  const loadInside = (path: string, span: Span): SourceFile | undefined => {
    if (!host.contains(path)) outsiders.add(path);
    return load(path, span);
  };
  const schemas = reachableSchemas(manifests, loadInside, cache);
  const contents = new Map<string, Uint8Array>();
  for (const manifest of manifests) {
    for (const [written, span] of contentFiles(manifest.root)) {
      const path = projectPath(manifest.path, written);
      if (path === undefined || contents.has(path)) continue;
      const bytes = bytesOf(path, span);
      if (bytes) contents.set(path, bytes);
    }
  }
  const versions = new Map<string, SourceFile>();
  for (const manifest of manifests) {
    for (const [written, span] of versionFiles(manifest.root)) {
      const path = projectPath(manifest.path, written);
      const file = path === undefined || versions.has(path) ? undefined : parsedFile(path, span);
      if (file) versions.set(file.path, file);
    }
  }
  const hooks = hooksFile(manifests);
  const start = hooks && { path: hooks, start: 0, end: 0 };
  const text = start && bytesOf(hooks, start);
  if (start && !text && host.specialFiles?.(dirname(hooks)).includes(hooks))
    diagnostics.push(diagnose("file/not-regular", start, { path: hooks }));
  const modules = new Map(text ? [[hooks, new TextDecoder().decode(text)]] : []);
  const handlers = unusualHandlers(manifests, host);
  return { value: { manifests, schemas, outside: outsiders, contents, versions, modules, handlers }, diagnostics };
}

/** Returns the well-formed manifests of a project, with spans relative to the beginning of their files. */
export function readWholeManifests(host: Host): SourceFile[] {
  return manifestPaths(host)
    .filter((path) => host.contains(path))
    .flatMap((path) => {
      const bytes = host.size(path) > largest ? undefined : host.read(path);
      return (bytes && parse(path, bytes).file) ?? [];
    });
}

function manifestPaths(host: Host): string[] {
  return host.find([pattern], elsewhere).filter((path) => !isClientConfiguration(path));
}

/** Reports a link that leads out of the project: its content does not belong to the project. */
function outside(path: string): Diagnostic {
  return diagnose("file/outside-project", { path, start: 0, end: 0 }, { path, what: "manifest" });
}

function isClientConfiguration(path: string): boolean {
  return path === clientConfiguration || path.endsWith(`/${clientConfiguration}`);
}

function nothingToRead(host: Host): Diagnostic {
  if (!host.read(clientConfiguration)) return diagnose("manifest/none", undefined, { pattern });
  return diagnose("manifest/client-configuration", { path: clientConfiguration, start: 0, end: 0 }, {});
}

/** Finds the schema files that a `$ref` of a manifest reaches, directly or through other schema files. */
function reachableSchemas(
  manifests: readonly SourceFile[],
  load: (path: string, span: Span) => SourceFile | undefined,
  cache: Cache,
): Map<string, SourceFile> {
  const found = new Map<string, SourceFile>();
  const seen = new Set<string>();
  const queue = [...manifests];
  for (let file = queue.shift(); file; file = queue.shift()) {
    const written = manifests.includes(file) ? manifestSchemaFiles(file.root, cache) : schemaFiles(file.root);
    for (const [reference, span] of written) {
      const path = projectPath(file.path, reference);
      if (path === undefined || seen.has(path)) continue;
      seen.add(path);
      const manifest = manifests.find((other) => other.path === path);
      const schema = manifest ?? load(path, span);
      if (!schema) continue;
      found.set(path, schema);
      if (!manifest) queue.push(schema);
    }
  }
  return found;
}
