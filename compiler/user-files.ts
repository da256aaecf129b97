import { emitUserFiles, orphans, parseModule, renamed, unwritten, userFiles, type Rename } from "./4-emit/index.js";
import { lockPath } from "./4-emit/generated.js";
import type { Diagnostic, Result } from "./diagnostics/diagnostic.js";
import { bytesOf, textOf, type Change, type Host } from "./host.js";
import { lintHandlers, type HandlerSettings } from "./lint/index.js";
import type { Artifact } from "./model/output.js";
import type { Layout, Server } from "./model/server.js";

/** Returns the texts of the files that are the user's, where they exist. */
export function existingUserFiles(server: Server, host: Host): Map<string, string> {
  return textsAt(userFiles(server), host);
}

/** Moves the handlers of entries that have a new name. */
export function renameHandlers(server: Server, host: Host, renames: readonly Rename[] = []): Result<Change[]> {
  if (renames.length === 0) return { value: [], diagnostics: [] };
  const diagnostics: Diagnostic[] = [];
  const before = handlerTexts(server.layout, host);
  const texts = new Map(before);
  for (const rename of renames) {
    const { value: move, diagnostics: mistakes } = renamed(server, rename, texts);
    diagnostics.push(...mistakes);
    if (!move) return { diagnostics };
    texts.delete(move.from);
    texts.set(move.to, move.text);
  }
  const written = [...texts].filter(([path, text]) => before.get(path) !== text);
  const removed = [...before.keys()].filter((path) => !texts.has(path));
  return {
    value: [...written.map(([path, text]) => ({ path, bytes: bytesOf(text) })), ...removed.map((path) => ({ path }))],
    diagnostics,
  };
}

/** Stubs of the handlers and hooks that are missing. */
export function emitStubs(server: Server, host: Host): Result<Artifact[]> {
  const existing = existingUserFiles(server, host);
  const elsewhere = host.size(lockPath) > 0 ? otherSources(server, existing, host) : new Map<string, string>();
  return emitUserFiles(server, existing, elsewhere, [...handlerTexts(server.layout, host).keys()]);
}

/** Findings in the files of handlers. */
export interface InspectedHandlers {
  /** Findings of lint. */
  readonly linted: readonly Diagnostic[];
  /** Handlers that are stubs. */
  readonly unwritten: readonly Diagnostic[];
}

/** Lints the files of handlers, and finds stubs. `texts` are those of files that this build writes. */
export function inspectHandlers(
  { server, handlers }: { readonly server: Server; readonly handlers: HandlerSettings },
  host: Host,
  texts: ReadonlyMap<string, string>,
): InspectedHandlers {
  const existing = existingUserFiles(server, host);
  return {
    linted: lintHandlers(server, handlers, existing, parseModule),
    unwritten: unwritten(server, new Map([...existing, ...texts])),
  };
}

/** Files of handlers that belong to no entry: those to remove, and reports of the others. */
export interface Orphans {
  readonly pruned: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Finds files of handlers that belong to no entry. `found` has the files to which a handler was moved. */
export function findOrphans(server: Server, host: Host, prune: boolean, found: readonly Diagnostic[]): Orphans {
  const moved = new Set(found.flatMap(({ code, related }) => (code === "handler/moved" ? related[0]?.span.path : [])));
  const all = orphans(server, handlerTexts(server.layout, host), () => listedNames(host)).filter(
    ({ path }) => !moved.has(path),
  );
  const pruned = prune ? all.filter(({ isStub }) => isStub) : [];
  return {
    pruned: pruned.map(({ path }) => ({ path })),
    diagnostics: all.filter((orphan) => !pruned.includes(orphan)).map(({ diagnostic }) => diagnostic),
  };
}

/** The names and URIs in the lock file of the last build. */
function listedNames(host: Host): Set<string> | undefined {
  const bytes = host.read(lockPath);
  try {
    const lock = JSON.parse(bytes ? textOf(bytes) : "") as Record<string, readonly Record<string, string>[]>;
    const entries = [lock["tools"], lock["resources"], lock["resourceTemplates"], lock["prompts"]].flat();
    return new Set(entries.map((entry) => String(entry?.["uri"] ?? entry?.["uriTemplate"] ?? entry?.["name"])));
  } catch {
    return undefined;
  }
}

/** Sources in which a handler may be that is not in its place. */
function otherSources(server: Server, existing: ReadonlyMap<string, string>, host: Host): Map<string, string> {
  if (userFiles(server).every((path) => existing.has(path))) return new Map();
  const { source } = server.layout;
  return textsAt(host.find([`${source}/**/*.ts`, `${source}/**/*.tsx`, `${source}/**/*.mts`], []), host);
}

/** The files where handlers are by convention. */
function handlerTexts(layout: Layout, host: Host): Map<string, string> {
  const folders = ["tools", "resources", "resource-templates", "prompts"];
  const patterns = folders.map((folder) => `${layout.source}/${folder}/*.{ts,mts,cts,tsx}`);
  return textsAt(host.find(patterns, []), host);
}

function textsAt(paths: readonly string[], host: Host): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const bytes = host.read(path);
    if (bytes) found.set(path, textOf(bytes));
  }
  return found;
}
