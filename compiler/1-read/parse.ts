import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { noCache, type Cache } from "../model/cache.js";
import type { SourceFile } from "../model/source.js";
import { parseManifest } from "./entries.js";
import { deepest, TooDeep, treeBuilder } from "./tree.js";
import { visit } from "./visit.js";

export interface Parsed {
  /** Absent when the text is not JSON. */
  readonly file?: SourceFile;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses JSON with comments and trailing commas, with the span of each value. Never throws, for any bytes. */
export function parse(path: string, bytes: Uint8Array): Parsed {
  const text = decoded(bytes);
  return text === undefined ? notText(path) : parseText(path, text);
}

/** Parses a manifest. The entries of a well-formed manifest have their own spans. */
export function parseByEntries(path: string, bytes: Uint8Array, cache: Cache = noCache): Parsed {
  const text = decoded(bytes);
  if (text === undefined) return notText(path);
  const file = parseManifest(path, text, cache);
  return file ? { file, diagnostics: [] } : parseText(path, text);
}

function notText(path: string): Parsed {
  const start = { path, start: 0, end: 0 };
  return { diagnostics: [diagnose("file/invalid-json", start, { reason: "it is not UTF-8 text" })] };
}

function parseText(path: string, text: string): Parsed {
  const builder = treeBuilder({ path }, text);
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

/** Decodes UTF-8; undefined for other bytes. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
