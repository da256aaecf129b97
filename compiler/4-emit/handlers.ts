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

/** Returns the paths of all handler files. */
export function handlerFiles(server: Server): string[] {
  return [...new Set(stubsOf(server).map(({ handler }) => handler.file))];
}

/** Returns the paths of all files that belong to the user. */
export function userFiles(server: Server): string[] {
  const { hooks } = server.runtime;
  return [...handlerFiles(server), ...(hooks ? [hooks.file] : [])];
}

/**
 * Emits new files with stubs, and insertions of missing stubs into existing files. TypeScript only parses and
 * insertions are spliced in, so every byte of the user's code stays. A file with a syntax error stays unchanged. A
 * handler that has moved to a file of `elsewhere` gets no new stub. A handler also gets none when its file differs only
 * in case from one of `present`, the paths in the handlers' folders: many file systems treat the two as one file.
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
    const stubs = byFile.get(file);
    if (stubs) stubs.push(stub);
    else byFile.set(file, [stub]);
  }
  const diagnostics: Diagnostic[] = [];
  const files: Artifact[] = [];
  // A file of the exact name takes precedence over one that differs in case.
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
  // The type check reports a name that is declared but not exported; only the user can resolve it.
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
 * Whether the file seems to hold the handler under another name. Then no stub is inserted, and the type check names the
 * missing export. A default file of a handler holds no other function. In a file that the manifest names, the export
 * must look like the handler.
 */
function isMisnamed({ handler, field }: Stub, stubs: readonly Stub[], module: ParsedModule): boolean {
  const claimed = new Set<string>(stubs.map(({ handler }) => handler.export));
  const functions = exportedFunctions(module).filter((each) => !claimed.has(each));
  return handler.declared ? closestExport(handler.export, functions, field) !== undefined : functions.length > 0;
}

/** Returns the line ends that are missing for a blank line between imports and the following code. */
function blankBefore(text: string): string {
  if (text.trim() === "" || /^[ \t]*\r?\n[ \t]*\r?\n/.test(text)) return "";
  return /^[ \t]*\r?\n/.test(text) ? "\n" : "\n\n";
}

/** Returns the offset after a comment that ends the line, so that the comment stays with its code. */
function endOfLine(text: string, at: number): number {
  const [comment] = /^[ \t]*\/\/[^\r\n]*/.exec(text.slice(at)) ?? [""];
  return at + comment.length;
}

/**
 * Returns the imports of stubs, and their names for types. A type whose name the file uses otherwise is written as an
 * `import` type.
 */
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
