import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child, locate } from "../json-schema/pointer.js";
import type { Declared } from "../model/project.js";
import type { Json, JsonObject, Located, SourceFile, Span } from "../model/source.js";
import { projectPath } from "../project-path.js";

/** The files that these checks read. */
export interface Files {
  readonly contains: (path: string) => boolean;
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly versions: ReadonlyMap<string, SourceFile>;
}

/** A path that a manifest names. */
interface Named {
  readonly written: string;
  /** The path of the manifest. */
  readonly from: string;
  /** The place of the name. It is computed only for a report, because most entries need no parsing. */
  readonly span: () => Span;
}

function namedAt(node: Located, ...way: readonly string[]): Named | undefined {
  const written = way.reduce<Json | undefined>(
    (value, key) => (typeof value === "object" && value !== null ? (value as JsonObject)[key] : undefined),
    node.value,
  );
  if (written === undefined) return undefined;
  return { written: String(written), from: node.span.path, span: () => locate(node, way)!.span };
}

/** Returns the entry with `handler` and `file` as project paths; the manifest has them relative to itself. */
export function resolveFiles(
  entry: Declared<JsonObject>,
  files: Files,
  diagnostics: Diagnostic[],
): Declared<JsonObject> {
  const handler = namedAt(entry.node, "handler");
  const file = namedAt(entry.node, "file");
  const list = namedAt(entry.node, "list");
  const completions = completionReferences(entry.node, files, diagnostics);
  if (!handler && !file && !list && !completions) return entry;
  const resolved = {
    ...completions,
    ...(list && { list: handlerReference(list, files, diagnostics) }),
    ...(handler && { handler: handlerReference(handler, files, diagnostics) }),
    ...(file && { file: contentFile(file, "resource", files, diagnostics) }),
  };
  return {
    value: { ...entry.value, ...resolved },
    node: entry.node,
    get span() {
      return entry.span;
    },
  };
}

/** Returns the functions that complete a template's variables or a prompt's arguments; undefined without any. */
function completionReferences(entry: Located, files: Files, diagnostics: Diagnostic[]): JsonObject | undefined {
  const { complete, arguments: list } = entry.value as JsonObject;
  const resolved = (...way: readonly string[]): string => handlerReference(namedAt(entry, ...way)!, files, diagnostics);
  if (typeof complete === "object" && complete !== null) {
    const entries = Object.keys(complete).map((key) => [key, resolved("complete", key)] as const);
    return { complete: Object.fromEntries(entries) };
  }
  const declared = Array.isArray(list) ? (list as readonly JsonObject[]) : [];
  if (!declared.some((argument) => argument["complete"] !== undefined)) return undefined;
  return {
    arguments: declared.map((argument, index) =>
      argument["complete"] === undefined
        ? argument
        : { ...argument, complete: resolved("arguments", String(index), "complete") },
    ),
  };
}

/** Returns the server section with `instructions.file` as a project path. */
export function resolveInstructions(
  server: Declared<JsonObject>,
  files: Files,
  diagnostics: Diagnostic[],
): Declared<JsonObject> {
  const file = namedAt(server.node, "instructions", "file");
  if (!file) return server;
  const path = contentFile(file, "server's instructions", files, diagnostics);
  return { ...server, value: { ...server.value, instructions: { file: path } } };
}

/** Returns the server section with the version from its `version.file`, and the path of that file. */
export function resolveVersion(
  server: Declared<JsonObject>,
  files: Files,
  diagnostics: Diagnostic[],
): { readonly server: Declared<JsonObject>; readonly versionFile?: string } {
  const named = namedAt(server.node, "version", "file");
  if (!named) return { server };
  const found = diagnostics.length;
  const versionFile = existingFile(named, "server's version", files, files.versions, diagnostics);
  const root = files.versions.get(versionFile)?.root;
  const written = root && child(root, "version");
  const text = typeof written?.value === "string" ? written.value : "";
  if (text.trim() === "" && diagnostics.length === found) {
    const span = written?.span ?? { ...root!.span, end: root!.span.start + 1 };
    const related = [{ span: named.span(), message: "named here" }];
    diagnostics.push(diagnose("file/no-version", span, { path: named.written }, related));
  }
  return { server: { ...server, value: { ...server.value, version: text } }, versionFile };
}

function contentFile(named: Named, what: string, files: Files, diagnostics: Diagnostic[]): string {
  return existingFile(named, what, files, files.contents, diagnostics);
}

function existingFile(
  { written, from, span }: Named,
  what: string,
  { contains }: Files,
  existing: ReadonlyMap<string, unknown>,
  diagnostics: Diagnostic[],
): string {
  const path = projectPath(from, written);
  if (path === undefined || !contains(path)) {
    diagnostics.push(diagnose("file/outside-project", span(), { path: written, what }));
    return written;
  }
  if (!existing.has(path)) diagnostics.push(diagnose("file/not-found", span(), { path: written, what }));
  return path;
}

function handlerReference({ written: reference, from, span }: Named, files: Files, diagnostics: Diagnostic[]): string {
  const [written = "", name, ...more] = reference.split("#");
  const refuse = (reason: string): string => {
    diagnostics.push(diagnose("handler/invalid-reference", span(), { reference, reason }));
    return reference;
  };
  if (more.length > 0 || name === undefined) return refuse("must name a file and an export");
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
    return refuse(`names ${JSON.stringify(name)}, which no export can be called`);
  if (reservedWords.has(name)) return refuse(`names ${JSON.stringify(name)}, which no constant can be called`);
  if (!isModule(written)) return refuse("must be a TypeScript file (.ts, .tsx or .mts)");
  const path = projectPath(from, written);
  if (path === undefined || !files.contains(path)) {
    diagnostics.push(diagnose("file/outside-project", span(), { path: written, what: "handler" }));
    return reference;
  }
  if (isOurs(path)) return refuse("stands in a folder that mcpc writes itself");
  return `${path}#${name}`;
}

/** Returns a module that a manifest names, as a project path. */
export function resolveModule(
  node: Located,
  what: string,
  files: Pick<Files, "contains">,
  diagnostics: Diagnostic[],
): string | undefined {
  const written = String(node.value);
  const path = projectPath(node.span.path, written);
  const refuse = (reason: string): undefined => {
    diagnostics.push(diagnose("handler/invalid-reference", node.span, { reference: written, reason }));
    return undefined;
  };
  if (!isModule(written)) return refuse("must be a TypeScript file (.ts, .tsx or .mts)");
  if (path === undefined || !files.contains(path)) {
    diagnostics.push(diagnose("file/outside-project", node.span, { path: written, what }));
    return undefined;
  }
  return isOurs(path) ? refuse("stands in a folder that mcpc writes itself") : path;
}

function isModule(path: string): boolean {
  return /\.(?:ts|tsx|mts)$/.test(path) && !/\.d\.m?ts$/.test(path);
}

function isOurs(path: string): boolean {
  return /^(?:generated|dist)\//.test(path);
}

/** Reserved words of modules, and the name that every stub imports. */
const reservedWords: ReadonlySet<string> = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
    "finally for function if implements import in instanceof interface let new null package private protected public " +
    "return static super switch this throw true try typeof var void while with yield notImplemented"
  ).split(" "),
);
