import { createRequire } from "node:module";
import type { ts as TS } from "ts-morph";
import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import type { OutputFile } from "../model/output.js";
import type { Handler, Prompt, Resource, ResourceTemplate, Server, Tool } from "../model/server.js";
import { docComment, importPath, literal } from "./code.js";

/** A stub still to be written, and the words that describe it. */
interface Stub {
  readonly handler: Handler;
  readonly name: string;
  readonly description: string | undefined;
  readonly parameters: string;
}

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
 * byte of the user's stays. A file that does not parse is left alone.
 */
export function handlers(server: Server, existing: ReadonlyMap<string, string>): Result<OutputFile[]> {
  const byFile = new Map<string, Stub[]>();
  for (const stub of stubsOf(server)) byFile.set(stub.handler.file, [...(byFile.get(stub.handler.file) ?? []), stub]);
  const diagnostics: Diagnostic[] = [];
  const files: OutputFile[] = [];
  for (const [path, stubs] of byFile) {
    const unique = [...new Map(stubs.map((stub) => [stub.handler.export, stub])).values()];
    const text = existing.get(path);
    if (text === undefined) {
      const content = imports(server, path, unique) + unique.map(stubText).join("\n");
      files.push({ path, owner: "user", content });
      continue;
    }
    const missing = unique.filter(({ handler }) => !plainlyExports(text, handler.export));
    const inserted = missing.length === 0 ? undefined : insertion(server, path, text, unique);
    if (inserted && "code" in inserted) diagnostics.push(inserted);
    else if (inserted) files.push(inserted);
  }
  return { value: files, diagnostics };
}

/** A quick look that spares most files the parser: the export stands at the start of a line, as stubs have it. */
function plainlyExports(text: string, name: string): boolean {
  const escaped = name.replaceAll("$", "\\$");
  return new RegExp(`^export (?:const|(?:async )?function) ${escaped}(?![\\w$])`, "m").test(text);
}

function insertion(
  server: Server,
  path: string,
  text: string,
  stubs: readonly Stub[],
): OutputFile | Diagnostic | undefined {
  const { ts } = createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph");
  const kind = path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  const [error] = (source as unknown as { parseDiagnostics: readonly TS.DiagnosticWithLocation[] }).parseDiagnostics;
  if (error) {
    const span = { path, start: error.start, end: error.start + Math.max(1, error.length) };
    return diagnose("handler/unparsable", span, { reason: ts.flattenDiagnosticMessageText(error.messageText, " ") });
  }
  const exported = exportedNames(source, ts);
  if (exported === "anything") return undefined;
  const missing = stubs.filter(({ handler }) => !exported.has(handler.export));
  if (missing.length === 0) return undefined;
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const withEnds = (code: string): string => code.replaceAll("\n", end);
  const bound = topLevelNames(source, ts);
  const head = imports(server, path, missing, bound);
  const body = missing.map(stubText).join("\n");
  const lastImport = source.statements.findLast((statement) => ts.isImportDeclaration(statement));
  const start = text.startsWith("\uFEFF") ? 1 : 0;
  const at = lastImport ? lastImport.end : text.slice(start).startsWith("#!") ? text.indexOf("\n") + 1 : start;
  const before = lastImport ? end : "";
  const insert = [
    ...(head.trim() === "" ? [] : [{ at, text: withEnds(lastImport ? before + head.trimEnd() : `${head}\n`) }]),
    {
      at: text.length,
      text: withEnds(`${text === "" || text.endsWith("\n") ? "" : "\n"}${text.trim() === "" ? "" : "\n"}${body}`),
    },
  ];
  return { path, owner: "user", content: { insert } };
}

/** Names that a module exports; `anything` when it re-exports all of another. */
function exportedNames(source: TS.SourceFile, ts: typeof TS): Set<string> | "anything" {
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement)) {
      if (!statement.exportClause) return "anything";
      if (ts.isNamespaceExport(statement.exportClause)) names.add(statement.exportClause.name.text);
      else for (const element of statement.exportClause.elements) names.add(element.name.text);
    } else if (isExported(statement, ts)) declaredNames(statement, ts).forEach((name) => names.add(name));
  }
  return names;
}

function isExported(statement: TS.Statement, ts: typeof TS): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  const has = (kind: TS.SyntaxKind): boolean => modifiers.some((modifier) => modifier.kind === kind);
  return has(ts.SyntaxKind.ExportKeyword) && !has(ts.SyntaxKind.DefaultKeyword);
}

/** Every name bound at the top of the module, imports included. */
function topLevelNames(source: TS.SourceFile, ts: typeof TS): Set<string> {
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const clause = statement.importClause;
      if (clause?.name) names.add(clause.name.text);
      const bindings = clause?.namedBindings;
      if (bindings && ts.isNamespaceImport(bindings)) names.add(bindings.name.text);
      if (bindings && ts.isNamedImports(bindings)) bindings.elements.forEach(({ name }) => names.add(name.text));
    } else declaredNames(statement, ts).forEach((name) => names.add(name));
  }
  return names;
}

function declaredNames(statement: TS.Statement, ts: typeof TS): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name, ts));
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
    return statement.name ? [statement.name.text] : [];
  return [];
}

function boundNames(name: TS.BindingName, ts: typeof TS): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name, ts) : []));
}

function imports(server: Server, path: string, stubs: readonly Stub[], bound: ReadonlySet<string> = new Set()): string {
  const types = [...new Set(stubs.map(({ handler }) => handler.type as string))].filter((type) => !bound.has(type));
  const from = literal(importPath(path, `${server.layout.generated}/types.ts`));
  return (
    (bound.has("notImplemented") ? "" : `import { notImplemented } from "@mcpc/runtime";\n`) +
    (types.length === 0 ? "" : `import type { ${types.join(", ")} } from ${from};\n`) +
    "\n"
  );
}

function stubText({ handler, name, description, parameters }: Stub): string {
  return (
    `${docComment([description])}export const ${handler.export}: ${handler.type} = async (${parameters}) => {\n` +
    `  throw notImplemented(${literal(name)});\n};\n`
  );
}

function stubsOf(server: Server): Stub[] {
  const stub = (entry: Tool | Resource | ResourceTemplate | Prompt, name: string, parameters: string): Stub[] => {
    const handler = "handler" in entry ? entry.handler : "handler" in entry.source ? entry.source.handler : undefined;
    // What the compiler writes needs no beginning.
    if (handler?.file.startsWith(`${server.layout.generated}/`)) return [];
    return handler ? [{ handler, name, description: entry.description, parameters }] : [];
  };
  return [
    ...server.tools.flatMap((tool) => stub(tool, tool.name, "_input, _context")),
    ...server.resources.flatMap((resource) => stub(resource, resource.uri, "_input, _context")),
    ...server.resourceTemplates.flatMap((template) => stub(template, template.uriTemplate, "_params, _context")),
    ...server.prompts.flatMap((prompt) => stub(prompt, prompt.name, "_arguments, _context")),
    ...[...server.resourceTemplates, ...server.prompts].flatMap(({ completions }) =>
      completions.map(({ name, handler }): Stub => {
        const description = `Completes ${JSON.stringify(name)} while the user types.`;
        return { handler, name, description, parameters: "_value, _context" };
      }),
    ),
  ];
}
