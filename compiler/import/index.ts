import { relative, resolve, sep } from "node:path";
import { readWholeManifests } from "../1-read/index.js";
import { parse } from "../1-read/parse.js";
import { prefix } from "../command.js";
import { printable } from "../diagnostics/printable.js";
import { isObject } from "../diff/schemas/classes.js";
import { sideOf } from "../diff/sides.js";
import { NoSide, type SideOptions, type Surface } from "../diff/surface.js";
import { bytesOf, HostError, textOf, type Host } from "../host.js";
import { withBuildLock } from "../host-node/build-lock.js";
import { recover } from "../host-node/commit.js";
import { nodeHost } from "../host-node/index.js";
import type { Json, JsonObject, LocatedObject } from "../model/source.js";
import { importable } from "./importable.js";
import { merge, recordOf, type ImportRecord } from "./merge.js";

export interface ImportOptions extends Omit<SideOptions, "folder"> {
  /** A server or a file with its lists, as for `mcpc diff`. */
  readonly source: string;
  /** The project folder. */
  readonly folder: string;
  /** The manifest to write, relative to the working directory. */
  readonly out?: string | undefined;
  readonly stdout: (text: string) => void;
}

/** The file that holds what the last import wrote, so that the next one can merge. */
const recordFile = "import.json";

/**
 * Runs `mcpc import`: writes a manifest for the entries that a server lists, or merges them into the one that an
 * earlier import wrote. Returns the exit code: 0, or 2 if the source could not be had.
 */
export async function importSurface(options: ImportOptions): Promise<number> {
  const { source, stderr } = options;
  let surface: Surface;
  try {
    ({ surface } = await sideOf(source, options));
  } catch (error) {
    if (!(error instanceof NoSide)) throw error;
    stderr(`${error.report}error: ${printable(error.message)}\n`);
    return 2;
  }
  const host = nodeHost(options.folder, options.cwd);
  const waiting = (pid: number, lock: string): void =>
    stderr(`waiting for a build of this folder, process ${pid} (if that is none, remove ${lock})\n`);
  return withBuildLock(
    host.root,
    async () => {
      recover(host.root);
      return write(surface, host, options);
    },
    waiting,
  );
}

function write(surface: Surface, host: Host, { cwd, out, stdout, stderr }: ImportOptions): number {
  const path = out === undefined ? `${fileName(surface.name)}.mcp.json` : pathInProject(out, host.root, cwd);
  const { server, imported, notes } = importable(surface, host.manifestSchema);
  const records = recordsIn(host);
  const before = host.read(path);
  const text = before ? textOf(before) : `${JSON.stringify(newManifest(server, host), null, 2)}\n`;
  const merged = merge(text, imported, records[path] ?? {}, (edited) => rootOf(path, edited));
  const next = { ...records, [path]: { ...records[path], ...recordOf(imported) } };
  host.commit([
    { path, bytes: bytesOf(merged.text) },
    { path: recordFile, bytes: bytesOf(`${JSON.stringify({ imports: next }, null, 2)}\n`) },
  ]);
  for (const note of [...notes, ...merged.notes]) stderr(`note: ${printable(note)}\n`);
  const { added, changed, gone } = merged.counts;
  stdout(`${printable(prefix(host, cwd) + path)}: ${added} added, ${changed} changed, ${gone} gone upstream\n`);
  if (added > 0) stdout("next: mcpc build writes a stub of each new handler\n");
  return 0;
}

/** Returns a manifest without entries. The `server` section is left out if another manifest has it. */
function newManifest(server: JsonObject, host: Host): JsonObject {
  const $schema = "./node_modules/mcpc/mcp.schema.json";
  const isFirst = !readWholeManifests(host).some(({ root }) => root.kind === "object" && "server" in root.value);
  return { $schema, ...(isFirst && { server }) };
}

function recordsIn(host: Host): Readonly<Record<string, ImportRecord>> {
  const bytes = host.read(recordFile);
  if (!bytes) return {};
  try {
    const { imports } = JSON.parse(textOf(bytes)) as { imports?: Json };
    if (isObject(imports)) return imports as unknown as Readonly<Record<string, ImportRecord>>;
  } catch {
    // Reported below, like other content.
  }
  throw new HostError(`"${recordFile}" is not what an import wrote: restore it, or delete it and import anew`);
}

function rootOf(path: string, text: string): LocatedObject {
  const { file } = parse(path, bytesOf(text));
  if (file?.root.kind === "object") return file.root;
  throw new HostError(`${JSON.stringify(path)} is not a well-formed manifest: mcpc check shows its errors`);
}

function pathInProject(out: string, root: string, cwd: string): string {
  const path = relative(root, resolve(cwd, out)).split(sep).join("/");
  if (path.startsWith("../") || !path.endsWith(".mcp.json"))
    throw new HostError(`--out ${JSON.stringify(out)} must be a file of the project whose name ends in .mcp.json`);
  return path;
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
