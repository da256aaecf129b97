import { relative, resolve, sep } from "node:path";
import { readWholeManifests } from "../1-read/index.js";
import { parse } from "../1-read/parse.js";
import { prefix } from "../command.js";
import { compileManifests } from "../compile-manifests.js";
import { formatPretty } from "../diagnostics/render.js";
import { printable } from "../diagnostics/printable.js";
import { isObject } from "../diff/schemas/classes.js";
import { isProject, sideOf } from "../diff/sides.js";
import { NoSide, type SideOptions, type Surface } from "../diff/surface.js";
import { bytesOf, HostError, textOf, type Change, type Host } from "../host.js";
import { withBuildLock } from "../host-node/build-lock.js";
import { recover } from "../host-node/commit.js";
import { nodeHost } from "../host-node/index.js";
import type { Server } from "../model/server.js";
import type { JsonObject, LocatedObject } from "../model/source.js";
import { writeHandlers } from "./handlers.js";
import { importable } from "./importable.js";
import { merge, recordOf } from "./merge.js";
import { proxyCapabilities, proxyOf, refuseOtherSources, wasProxied } from "./proxy.js";
import { readDocument } from "./openapi/read-document.js";
import type { OpenApiDocument } from "./openapi/document.js";
import { serverName } from "./openapi/names.js";
import { serverInfo, toolsOf, type Api } from "./openapi/operations.js";
import { readImportFile, type ImportFile, type ManifestRecord } from "./record.js";
import { mergeSettings, settingsIn, type ManifestText } from "./settings.js";

export interface ImportOptions extends Omit<SideOptions, "folder"> {
  /** A server, a file with its lists, or an OpenAPI document. */
  readonly source: string;
  /** The project folder. */
  readonly folder: string;
  /** The manifest to write, relative to the working directory. */
  readonly out?: string | undefined;
  /** Handlers of the entries: stubs, or the imported server. Default: as in the last import, else stubs. */
  readonly handlers?: "stub" | "proxy" | undefined;
  readonly stdout: (text: string) => void;
}

/**
 * Runs `mcpc import`: writes a manifest for the entries of a server or the operations of an API, or merges them into the
 * one that an earlier import wrote. Returns the exit code: 0, or 2 if the source could not be had.
 */
export async function importSurface(options: ImportOptions): Promise<number> {
  const { source, handlers, stderr } = options;
  try {
    if (isProject(source, options.cwd))
      throw new NoSide(
        `${JSON.stringify(source)} is a folder: name a server (stdio:COMMAND or a URL), a file with its lists, or an OpenAPI document`,
      );
    if (handlers === "proxy") refuseOtherSources(source);
    const document = await readDocument(source, options);
    const host = nodeHost(options.folder, options.cwd);
    const shown = prefix(host, options.cwd);
    const mayProxy = handlers === "proxy" || (handlers === undefined && hasProxy(readImportFile(host, shown)));
    const omitted: string[] = [];
    const onOmitted = (sentence: string): void => void omitted.push(`${sentence}, and is left out`);
    const listing = { ...options, onOmitted, ...(mayProxy && { capabilities: proxyCapabilities }) };
    const surface = document ? undefined : (await sideOf(source, listing)).surface;
    const waiting = (pid: number, lock: string): void =>
      stderr(`waiting for a build of this folder, process ${pid} (if that is none, remove ${lock})\n`);
    return await withBuildLock(
      host.root,
      async () => {
        recover(host.root);
        const file = readImportFile(host, shown);
        return write(
          document ? apiSource(document, file, host, options) : { surface: surface!, omitted },
          file,
          host,
          options,
        );
      },
      waiting,
    );
  } catch (error) {
    if (!(error instanceof NoSide)) throw error;
    stderr(`${error.report}error: ${printable(error.message)}\n`);
    return 2;
  }
}

/** The entries to import; for an API also their handlers and settings. */
interface Source {
  readonly surface: Surface;
  /** Sentences about listed entries without a name of their own. */
  readonly omitted?: readonly string[];
  readonly api?: Api;
}

/** Returns the tools of a document as a surface. Their names suit the name of the project's server. */
function apiSource(document: OpenApiDocument, file: ImportFile, host: Host, { out, cwd }: ImportOptions): Source {
  const { info } = document.root;
  const title = isObject(info) && typeof info["title"] === "string" ? info["title"] : "";
  const manifests = manifestTexts(host);
  const declared = manifests.map(({ root }) => root["server"]).find(isObject)?.["name"];
  const name = serverName(title);
  const path = manifestPath(out, name, host, cwd);
  // Settings of another import keep their names, so those of this one begin with its name.
  const own = file.recordOf(path).settings;
  const foreign = manifests.some(({ root }) => Object.keys(settingsIn(root)).some((each) => !Object.hasOwn(own, each)));
  const isFirst = Object.hasOwn(own, "baseUrl") || !foreign;
  const api = toolsOf(document, {
    rules: file.rules,
    server: typeof declared === "string" ? declared : name,
    prefix: isFirst ? "" : path.slice(0, -".mcp.json".length).split("/").at(-1)!,
  });
  const { name: _, version, ...details } = serverInfo(document, name);
  const entries = api.tools.map(({ name, tool }, index) => ({ section: "tools" as const, name, index, listing: tool }));
  return { surface: { name, version: String(version), details, entries }, api };
}

function write({ surface, omitted = [], api }: Source, file: ImportFile, host: Host, options: ImportOptions): number {
  const { cwd, out, stdout, stderr } = options;
  const path = manifestPath(out, fileName(surface.name), host, cwd);
  const { server, imported: listed, notes: refused } = importable(surface, host.manifestSchema);
  const before = host.read(path);
  const text = before ? textOf(before) : `${JSON.stringify(newManifest(server, host), null, 2)}\n`;
  const record = file.recordOf(path);
  const isProxied = options.handlers === "proxy" || (options.handlers === undefined && wasProxied(record.entries));
  const proxying = { ...options, root: host.root };
  const proxy = isProxied && !api ? proxyOf(surface, listed, rootOf(path, text).value, proxying) : undefined;
  const imported = proxy?.imported ?? listed;
  const defined = proxy?.define(text) ?? text;
  const departed = new Map([...(api?.departed ?? [])].map(([name, why]) => [`tools/${name}`, why]));
  const merged = merge(defined, imported, record.entries, (edited) => rootOf(path, edited), departed);
  const texts = new Map([[path, merged.text]]);
  const next = { ...record, entries: { ...record.entries, ...recordOf(imported) } };
  const notes = [...(api?.notes ?? []), ...omitted, ...refused, ...merged.notes];
  const changes: Change[] = [];
  let handlers = 0;
  let variables: readonly string[] = [];
  if (api) {
    const others = manifestTexts(host).filter((other) => other.path !== path);
    const own = { path, text: merged.text, root: rootOf(path, merged.text).value };
    const settings = mergeSettings(api.settings, record.settings, own, others);
    texts.set(settings.path, settings.text);
    const project = compiled(host, texts, options);
    variables = newVariables(project, api, record.settings);
    const written = writeHandlers(project, path, api.tools, record.handlers, host);
    changes.push(...written.changes);
    notes.push(...written.notes);
    handlers = written.changes.length;
    Object.assign(next, { settings: settings.record, handlers: { ...record.handlers, ...written.record } });
  }
  for (const [path, text] of texts) changes.push({ path, bytes: bytesOf(text) });
  host.commit([...changes, file.withRecord(path, next)]);
  for (const note of notes) stderr(`note: ${printable(note)}\n`);
  const { added, changed, gone } = merged.counts;
  const shown = printable(prefix(host, cwd) + path);
  stdout(`${shown}: ${added} added, ${changed} changed, ${gone} gone upstream\n`);
  if (proxy) stdout(`next: ${proxy.next}\n`);
  else if (handlers > 0) stdout(`${handlers} handlers call the API; mcpc build checks and bundles them\n`);
  else if (added > 0 && !api) stdout("next: mcpc build writes a stub of each new handler\n");
  if (variables.length > 0) stdout(`next: set ${variables.join(", ")} for the built server, then mcpc build\n`);
  return 0;
}

/** Returns the environment variables of settings that this import adds and that have no default. */
function newVariables(
  { runtime: { config } }: Server,
  { settings }: Api,
  record: ManifestRecord["settings"],
): string[] {
  const isNew = (name: string): boolean => settings.has(name) && !Object.hasOwn(record, name);
  return (config?.settings ?? []).flatMap(({ name, env, default: preset }) =>
    isNew(name) && preset === undefined ? [env] : [],
  );
}

/** Returns the server of the project with other texts of manifests. Throws `NoSide` with the errors of the manifests. */
function compiled(host: Host, texts: ReadonlyMap<string, string>, { cwd, color }: ImportOptions) {
  const bytes = new Map([...texts].map(([path, text]) => [path, bytesOf(text)]));
  const after: Host = {
    ...host,
    find: (patterns, ignore) =>
      [...new Set([...host.find(patterns, ignore), ...(patterns.includes(manifests) ? bytes.keys() : [])])].sort(),
    read: (path) => bytes.get(path) ?? host.read(path),
  };
  const { value, diagnostics } = compileManifests(after);
  if (value) return value.server;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const source = (path: string): string | undefined => {
    const found = after.read(path);
    return found && textOf(found);
  };
  const report = formatPretty({ diagnostics: errors, textOf: source, prefix: prefix(host, cwd) }, { color });
  throw new NoSide("the manifests have errors with what is imported, so nothing was written", report);
}

const manifests = "**/*.mcp.json";

function manifestTexts(host: Host): ManifestText[] {
  return readWholeManifests(host).flatMap(({ path, text, root }) =>
    root.kind === "object" ? [{ path, text, root: root.value }] : [],
  );
}

/** Returns a manifest without entries. The `server` section is left out if another manifest has it. */
function newManifest(server: JsonObject, host: Host): JsonObject {
  const $schema = "./node_modules/mcpc/mcp.schema.json";
  const isFirst = !manifestTexts(host).some(({ root }) => "server" in root);
  return { $schema, ...(isFirst && { server }) };
}

function rootOf(path: string, text: string): LocatedObject {
  const { file } = parse(path, bytesOf(text));
  if (file?.root.kind === "object") return file.root;
  throw new HostError(`${JSON.stringify(path)} is not a well-formed manifest: mcpc check shows its errors`);
}

function manifestPath(out: string | undefined, name: string, { root }: Host, cwd: string): string {
  if (out === undefined) return `${name}.mcp.json`;
  const path = relative(root, resolve(cwd, out)).split(sep).join("/");
  if (path.startsWith("../") || !path.endsWith(".mcp.json"))
    throw new HostError(`--out ${JSON.stringify(out)} must be a file of the project whose name ends in .mcp.json`);
  return path;
}

function hasProxy(file: ImportFile): boolean {
  return file.manifests.some((manifest) => wasProxied(file.recordOf(manifest).entries));
}

/** Returns the name of a file for a server's name. */
function fileName(name: string): string {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  return (
    words
      .filter((word) => word !== "")
      .join("-")
      .slice(0, 60) || "imported"
  );
}
