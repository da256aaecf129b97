import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { Again } from "../model/again.js";
import type { SourceFile } from "../model/source.js";
import { parseByEntries } from "./entries.js";
import { deepest, TooDeep, treeBuilder } from "./tree.js";
import { visit } from "./visit.js";

export interface Parsed {
  /** Absent when the text is not JSON at all. */
  readonly file?: SourceFile;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Parses JSON with comments and trailing commas, keeping where each value stands. Never throws, whatever the bytes. With
 * `again`, entries that say what they said are of the very same values.
 */
export function parse(path: string, bytes: Uint8Array, again?: Again): Parsed {
  const text = decoded(bytes);
  if (text === undefined) {
    const start = { path, start: 0, end: 0 };
    return { diagnostics: [diagnose("file/invalid-json", start, { reason: "it is not UTF-8 text" })] };
  }
  const entries = again && parseByEntries(path, text, again);
  if (entries) return { file: { path, text, root: entries }, diagnostics: [] };
  const builder = treeBuilder(path, text);
  try {
    visit(text, builder.visitor);
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    const span = { path, start: error.offset, end: error.offset + 1 };
    return { diagnostics: [diagnose("file/too-deep", span, { limit: deepest })] };
  }
  const root = builder.root();
  return {
    ...(root && builder.diagnostics.length === 0 && { file: { path, text, root } }),
    diagnostics: builder.diagnostics,
  };
}

/** Undefined where it is no UTF-8. */
export function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
