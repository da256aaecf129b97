import { dirname } from "node:path/posix";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { nearest } from "../diagnostics/suggest.js";
import type { Server } from "../model/server.js";
import { handlerFiles } from "./handlers.js";
import { isStubFile, nameOf, stubsOf, type Stub } from "./stubs.js";

/** A file in the handlers' folders that belongs to no entry. */
export interface Orphan {
  readonly path: string;
  /** Whether the file holds only stubs. */
  readonly isStub: boolean;
  readonly diagnostic: Diagnostic;
}

/**
 * Finds orphans. `texts` are the contents of all files in the handlers' folders. `listed` are the names in the lock
 * file: entries without one are new since the last build.
 */
export function orphans(
  server: Server,
  texts: ReadonlyMap<string, string>,
  listed: () => ReadonlySet<string> | undefined,
): Orphan[] {
  const used = new Set(handlerFiles(server));
  // A manifest may spell a path in any way that the file system accepts.
  const declared = new Set(
    stubsOf(server).flatMap(({ handler: { declared, file } }) => (declared ? [file.toLowerCase()] : [])),
  );
  const alone = [...texts].filter(
    ([path]) =>
      !used.has(path) && !declared.has(path.toLowerCase()) && !/(?:\.(?:test|spec|d)|\/index)\.[mc]?tsx?$/.test(path),
  );
  if (alone.length === 0) return [];
  const names = listed();
  const added = stubsOf(server).filter(({ name, handler }) => {
    const text = texts.get(handler.file);
    return names && !names.has(name) && !handler.declared && (text === undefined || isStubFile(text));
  });
  const written = alone.filter(([, text]) => !isStubFile(text)).map(([path]) => path);
  return alone.map(([path, text]) => {
    const isStub = isStubFile(text);
    const heir = isStub ? undefined : heirOf(path, added, written);
    const parameters = { path, isStub, from: nameOf(path), to: heir && nameOf(heir.handler.file) };
    const related = heir ? [{ span: heir.span, message: "new, and without a handler" }] : [];
    return {
      path,
      isStub,
      diagnostic: diagnose("handler/orphaned", { path, start: 0, end: 0 }, parameters, related),
    };
  });
}

/**
 * Returns the new entry that the orphan's entry was probably renamed to. Its name differs only in case or is similar,
 * or it is the only new one of its kind.
 */
function heirOf(path: string, added: readonly Stub[], orphaned: readonly string[]): Stub | undefined {
  const same = added.find(({ handler }) => handler.file.toLowerCase() === path.toLowerCase());
  if (same) return same;
  const near = (other: string): boolean => dirname(other) === dirname(path);
  const heirs = added.filter(({ handler }) => near(handler.file));
  if (heirs.length === 1 && orphaned.filter(near).length === 1) return heirs[0];
  const meant = nearest(
    nameOf(path),
    heirs.map(({ handler }) => nameOf(handler.file)),
  );
  return heirs.find(({ handler }) => nameOf(handler.file) === meant);
}
