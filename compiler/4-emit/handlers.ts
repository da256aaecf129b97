import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import { closestExport } from "../diagnostics/suggest.js";
import type { Artifact } from "../model/output.js";
import type { Server } from "../model/server.js";
import { importPath, literal } from "./code.js";
import {
  boundNames,
  exportedFunctions,
  exportedNames,
  parseModule,
  plainExport,
  preambleEnd,
  type ParsedModule,
} from "./module-names.js";
import { moved } from "./moved.js";
import { nameOf, stubsOf, stubText, type Stub } from "./stubs.js";

/** Paths of all handlers' files. */
export function handlerFiles(server: Server): string[] {
  return [...new Set(stubsOf(server).map(({ handler }) => handler.file))];
}

/** Paths of all files that are the user's. */
export function userFiles(server: Server): string[] {
  const { hooks } = server.runtime;
  return [...handlerFiles(server), ...(hooks ? [hooks.file] : [])];
}

/**
 * New files with stubs, and insertions of missing stubs into files that exist. TypeScript reads, we splice text: every
 * byte of the user's stays. A file that does not parse is left alone. A handler that was moved to another file, of those
 * in `elsewhere`, gets no new stub, nor does one whose file differs in case alone from one of `present`, the paths in the
 * handlers' folders: many file systems hold but one of them.
 */
export function handlers(
  server: Server,
  existing: ReadonlyMap<string, string>,
  elsewhere: ReadonlyMap<string, string>,
  present: readonly string[] = [],
): Result<Artifact[]> {
  const byFile = new Map<string, Stub[]>();
  for (const stub of stubsOf(server)) {
    const { file } = stub.handler;
    const known = byFile.get(file);
    if (known) known.push(stub);
    else byFile.set(file, [stub]);
  }
  const diagnostics: Diagnostic[] = [];
  const files: Artifact[] = [];
  // A file of the very name counts before one that differs in case.
  const ordered = [...present.filter((path) => !byFile.has(path)), ...present.filter((path) => byFile.has(path))];
  const spelling = new Map(ordered.map((path) => [path.toLowerCase(), path]));
  for (const [path, stubs] of byFile) {
    const found = stubs[0]!.handler.declared ? undefined : spelling.get(path.toLowerCase());
    if (found !== undefined && found !== path) {
      const { span, name } = stubs[0]!;
      const parameters = { what: JSON.stringify(name), file: path, found, from: nameOf(found), to: nameOf(path) };
      diagnostics.push(diagnose("handler/other-case", span, parameters));
      continue;
    }
    const unique = [...new Map(stubs.map((stub) => [stub.handler.export, stub])).values()];
    const text = existing.get(path);
    if (text === undefined) {
      const moves = unique.flatMap((stub) => moved(stub, elsewhere) ?? []);
      diagnostics.push(...moves);
      if (moves.length > 0) continue;
      const { head, typeOf } = imports(server, path, unique);
      const text = `${head}\n${unique.map((stub) => stubText(stub, typeOf(stub))).join("\n")}`;
      files.push({ path, owner: "user", content: () => text });
      continue;
    }
    const missing = unique.filter(({ handler }) => plainExport(text, handler.export) === -1);
    const inserted = missing.length === 0 ? undefined : insertion(server, path, text, unique);
    if (inserted && "code" in inserted) diagnostics.push(inserted);
    else if (inserted) files.push(inserted);
  }
  return { value: files, diagnostics };
}

function insertion(
  server: Server,
  path: string,
  text: string,
  stubs: readonly Stub[],
): Artifact | Diagnostic | undefined {
  const module = parseModule(path, text);
  if (module.error) {
    const { start, length, message } = module.error;
    return diagnose("handler/unparsable", { path, start, end: start + Math.max(1, length) }, { reason: message });
  }
  const exported = exportedNames(module);
  if (exported === "anything") return undefined;
  const bound = boundNames(module);
  // A name that is taken without being exported is the user's to sort out: the type check says so.
  const absent = stubs.filter(({ handler }) => !exported.has(handler.export) && !bound.has(handler.export));
  const missing = absent.filter((stub) => !isMisnamed(stub, stubs, module));
  if (missing.length === 0) return undefined;
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const withEnds = (code: string): string => code.replaceAll("\n", end);
  const { head, typeOf } = imports(server, path, missing, bound);
  const body = missing.map((stub) => stubText(stub, typeOf(stub))).join("\n");
  const { statements } = module.source;
  const lastImport = statements.findLast((statement) => module.ts.isImportDeclaration(statement));
  const start = text.startsWith("\uFEFF") ? 1 : 0;
  const preamble = lastImport ? lastImport.end : preambleEnd(module);
  const at = preamble > start ? endOfLine(text, preamble) : start;
  const before = lastImport ? "\n" : at === start ? "" : "\n\n";
  const after = lastImport ? "" : at === start ? "\n\n" : blankBefore(text.slice(at));
  const insert = [
    ...(head === "" ? [] : [{ at, text: withEnds(before + head.trimEnd() + after) }]),
    {
      at: text.length,
      text: withEnds(`${text === "" || text.endsWith("\n") ? "" : "\n"}${text.trim() === "" ? "" : "\n"}${body}`),
    },
  ];
  return { path, owner: "user", content: () => ({ insert }) };
}

/**
 * Whether the file seems to hold the handler under another name. Then nothing is inserted, and the type check says which
 * export is missing. A file that the handler has to itself holds no other function; in one that the manifest names, the
 * export must look like the handler.
 */
function isMisnamed({ handler, field }: Stub, stubs: readonly Stub[], module: ParsedModule): boolean {
  const claimed = new Set<string>(stubs.map(({ handler }) => handler.export));
  const functions = exportedFunctions(module).filter((each) => !claimed.has(each));
  return handler.declared ? closestExport(handler.export, functions, field) !== undefined : functions.length > 0;
}

/** Line ends that are missing between imports and what follows them, for a blank line. */
function blankBefore(text: string): string {
  if (text.trim() === "" || /^[ \t]*\r?\n[ \t]*\r?\n/.test(text)) return "";
  return /^[ \t]*\r?\n/.test(text) ? "\n" : "\n\n";
}

/** Behind a comment that ends the line, so that it stays with what it speaks of. */
function endOfLine(text: string, at: number): number {
  const [comment] = /^[ \t]*\/\/[^\r\n]*/.exec(text.slice(at)) ?? [""];
  return at + comment.length;
}

/** The imports of stubs, and their names for types: a name that the file uses otherwise is written out. */
function imports(
  server: Server,
  path: string,
  stubs: readonly Stub[],
  bound: ReadonlyMap<string, string | undefined> = new Map(),
): { readonly head: string; readonly typeOf: (stub: Stub) => string } {
  const from = importPath(path, `${server.layout.generated}/types.ts`);
  const isTaken = (type: string): boolean => bound.has(type) && bound.get(type) !== from;
  const types = [...new Set(stubs.map(({ handler }) => handler.type as string))].filter((type) => !bound.has(type));
  const head =
    (bound.has("notImplemented") ? "" : `import { notImplemented } from "@mcpc/runtime";\n`) +
    (types.length === 0 ? "" : `import type { ${types.join(", ")} } from ${literal(from)};\n`);
  return {
    head,
    typeOf: ({ handler: { type } }) => (isTaken(type) ? `import(${literal(from)}).${type}` : type),
  };
}
