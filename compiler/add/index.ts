import { relative, resolve, sep } from "node:path";
import { readWholeManifests } from "../1-read/index.js";
import { plan } from "../5-write/index.js";
import { prefix, textOf } from "../command.js";
import { compileManifests, lintManifests } from "../compile-manifests.js";
import { hasErrors, type Diagnostic } from "../diagnostics/diagnostic.js";
import { linesOf, positionAt } from "../diagnostics/position.js";
import { printable } from "../diagnostics/printable.js";
import { formatPretty } from "../diagnostics/render.js";
import { bytesOf, HostError, type Host } from "../host.js";
import { withBuildLock } from "../host-node/build-lock.js";
import { recover } from "../host-node/commit.js";
import { nodeHost } from "../host-node/index.js";
import type { JsonObject, SourceFile } from "../model/source.js";
import { emitStubs } from "../user-files.js";
import { insertEntry } from "./insert-entry.js";
import { newEntry, sectionOf, type NewEntry } from "./new-entry.js";

export interface AddOptions {
  readonly entry: NewEntry;
  /** The project folder. */
  readonly folder: string;
  /** The manifest to edit, relative to the working directory. */
  readonly file?: string | undefined;
  /** The working directory, absolute. */
  readonly cwd: string;
  readonly color: boolean;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/**
 * Runs `mcpc add`: adds an entry to a manifest, writes the stub of its handler, and returns the exit code. If the
 * result has an error, nothing is written.
 */
export async function add(options: AddOptions): Promise<number> {
  const host = nodeHost(options.folder, options.cwd);
  const waiting = (pid: number, lock: string): void =>
    options.stderr(`waiting for a build of this folder, process ${pid} (if that is none, remove ${lock})\n`);
  return withBuildLock(
    host.root,
    async () => {
      recover(host.root);
      return addTo(host, options);
    },
    waiting,
  );
}

function addTo(host: Host, options: AddOptions): number {
  const { entry, cwd, stdout, stderr } = options;
  if (entry.kind === "tool" && !portableName.test(entry.name))
    throw new HostError(
      `${JSON.stringify(entry.name)} is no name that every client takes: begin a tool's name with a letter, and use only letters, digits, "_" and "-", at most 64`,
    );
  const section = sectionOf[entry.kind];
  const manifests = readWholeManifests(host);
  const manifest = manifestFor(section, manifests, options, host);
  const { path, root, text } = manifest;
  if (root.kind !== "object") throw new HostError(`${JSON.stringify(path)} is no manifest: it holds no object`);
  const edited = insertEntry(text, root, section, newEntry(entry, serverName(manifests)));
  const bytes = bytesOf(edited);
  const after: Host = { ...host, read: (other) => (other === path ? bytes : host.read(other)) };
  const { value, diagnostics } = compileManifests(after);
  const stubs = value && emitStubs(value.server, after);
  const planned =
    stubs?.value &&
    plan(stubs.value, after, { sweep: [], force: false, isUpToDate: () => false, isUnmodified: () => false });
  const errors = [...diagnostics, ...(stubs?.diagnostics ?? []), ...(planned?.diagnostics ?? [])].filter(
    ({ severity }) => severity === "error",
  );
  const report = { diagnostics: errors, textOf: (file: string) => textOf(after, file), prefix: prefix(host, cwd) };
  if (!planned?.value || hasErrors(errors)) {
    stderr(formatPretty(report, options));
    stderr(`${printable(`${section}/${entry.name}`)} was not added: nothing was written\n`);
    return 1;
  }
  host.commit([{ path, bytes }, ...planned.value.changes]);
  const start = firstDifference(text, edited);
  const isOfEntry = ({ span }: Diagnostic): boolean =>
    span?.path === path && span.start >= start && span.start < start + edited.length - text.length;
  const warnings = { ...report, diagnostics: lintManifests(after).diagnostics.filter(isOfEntry) };
  if (warnings.diagnostics.length > 0) stderr(formatPretty(warnings, options));
  const { line } = positionAt(linesOf(edited), start);
  const shown = (file: string): string => printable(prefix(host, cwd) + file);
  stdout(`${printable(`${section}/${entry.name}`)} is in ${shown(path)}, line ${line}\n`);
  for (const { path: stub } of planned.value.changes) stdout(`stub for you to fill in: ${shown(stub)}\n`);
  return 0;
}

/** Names of tools that all clients and model providers take; `name/unportable` has the evidence. */
const portableName = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** Returns the manifest that gets the entry: the named one, the one with such entries, or the one with the server. */
function manifestFor(
  section: string,
  manifests: readonly SourceFile[],
  { file, folder, cwd }: AddOptions,
  host: Host,
): SourceFile {
  if (file !== undefined) {
    const path = relative(host.root, resolve(cwd, file)).split(sep).join("/");
    const named = manifests.find((manifest) => manifest.path === path);
    if (named) return named;
    throw new HostError(`${JSON.stringify(file)} is not a readable manifest of the project ${JSON.stringify(folder)}`);
  }
  const having = (key: string): SourceFile[] =>
    manifests.filter(({ root }) => root.kind === "object" && Object.hasOwn(root.value, key));
  const candidates = [having(section), having("server"), manifests].find(({ length }) => length > 0) ?? [];
  const [only, second] = candidates;
  if (!only) throw new HostError(`${JSON.stringify(folder)} has no readable manifest: mcpc init makes a new project`);
  if (!second) return only;
  const names = candidates.map(({ path }) => path).join(", ");
  throw new HostError(`several manifests could hold the entry: name one of them with --file (${names})`);
}

function serverName(manifests: readonly SourceFile[]): string {
  for (const { root } of manifests) {
    const server = root.kind === "object" ? root.value["server"] : undefined;
    const name = (server as JsonObject | undefined)?.["name"];
    if (typeof name === "string") return name;
  }
  return "app";
}

/** Returns the offset of the first line that the edit has added. */
function firstDifference(before: string, after: string): number {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at++;
  const entry = /[^\s,]/g;
  entry.lastIndex = at;
  return entry.exec(after)?.index ?? at;
}
