import type { Fingerprint } from "./cache.js";

/** A file that the compiler wants in the project. */
export interface Artifact {
  /** Relative to the project. */
  readonly path: string;
  /**
   * `generated`: ours, rewritten at will, carries the `@generated` header with a hash of what follows it.
   * `user`: created when absent, else only ever inserted into. `artifact`: ours, no header (lock file, bundle).
   */
  readonly owner: "generated" | "user" | "artifact";
  /** Stands for all that the content depends on: while it is the same, so is the content. */
  readonly inputs?: Fingerprint;
  /** Makes the content; not called for a file that is up to date. */
  content(): string | Uint8Array | Insertions;
  /** Marks the file as executable for everybody who may read it. */
  readonly executable?: true;
}

/** Whether a file is as the last build wrote it, from these inputs. */
export type IsUpToDate = (path: string, inputs: Fingerprint) => boolean;

/** Text to add to a file of the user's; every other byte stays. */
export interface Insertions {
  readonly insert: readonly Insertion[];
}
export interface Insertion {
  /** UTF-16 offset in the file as read (a byte order mark counts as one). */
  readonly at: number;
  readonly text: string;
}

/** The text with all insertions made; their order does not matter, except at one and the same offset. */
export function applyInsertions(text: string, insertions: readonly Insertion[]): string {
  return applyReplacements(
    text,
    insertions.map(({ at, text: inserted }) => ({ start: at, end: at, text: inserted })),
  );
}

/** Text in place of a part of another; the parts do not overlap. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function applyReplacements(text: string, replacements: readonly Replacement[]): string {
  let result = "";
  let from = 0;
  for (const { start, end, text: instead } of replacements.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(from, start) + instead;
    from = end;
  }
  return result + text.slice(from);
}
