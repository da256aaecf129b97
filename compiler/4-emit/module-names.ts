import { createRequire } from "node:module";
import type { ts as TS } from "ts-morph";
import type { Replacement } from "../model/output.js";

/** A node of TypeScript's syntax tree. */
export type SyntaxNode = TS.Node;

/** A handler file, parsed by TypeScript. */
export interface ParsedModule {
  readonly source: TS.SourceFile;
  readonly ts: typeof TS;
  /** The first syntax error. */
  readonly error: { readonly start: number; readonly length: number; readonly message: string } | undefined;
}

export function parseModule(path: string, text: string): ParsedModule {
  const { ts } = createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph");
  const kind = path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  const [first] = (source as unknown as { parseDiagnostics: readonly TS.DiagnosticWithLocation[] }).parseDiagnostics;
  const message = first && ts.flattenDiagnosticMessageText(first.messageText, " ");
  return { source, ts, error: first && { start: first.start, length: first.length, message: message! } };
}

/** Line ends of regular expressions with the flag `m`. */
const lineEnds: ReadonlySet<string> = new Set(["\n", "\r", "\u2028", "\u2029"]);

/**
 * Returns the offset of an export in the form of stubs, at the start of a line; -1 without one. Most files then need no
 * parser.
 */
export function plainExport(text: string, name: string): number {
  for (const how of ["const", "function", "async function"]) {
    const export_ = `export ${how} ${name}`;
    for (let at = text.indexOf(export_); at !== -1; at = text.indexOf(export_, at + 1)) {
      const end = at + export_.length;
      if ((at === 0 || lineEnds.has(text[at - 1]!)) && !/[\w$]/.test(text[end] ?? "")) return end - name.length;
    }
  }
  return -1;
}

/**
 * Returns the end of the preamble of a module without imports: `#!`, file comments (licence, `@ts-nocheck`, JSX
 * pragmas), directives. A comment right above the first statement belongs to the statement, unless it is a file
 * comment.
 */
export function preambleEnd({ source, ts }: ParsedModule): number {
  const { statements, text } = source;
  const isDirective = (statement: TS.Statement): boolean =>
    ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
  const first = statements.find((statement) => !isDirective(statement));
  const directives = first ? statements.slice(0, statements.indexOf(first)) : statements;
  let end = /^#!.*/.exec(text)?.[0].length ?? 0;
  const last = directives.at(-1);
  if (last) end = last.end;
  for (const comment of ts.getLeadingCommentRanges(text, last?.end ?? 0) ?? []) {
    const isOfFile = first === undefined || /^\s*\n\s*\n/.test(text.slice(comment.end).replaceAll("\r", ""));
    if (isOfFile || ofFile.test(text.slice(comment.pos, comment.end))) end = comment.end;
  }
  return end;
}

const ofFile = /@ts-(?:no)?check|@jsx|@file\b|@fileoverview|copyright|licen[cs]e|SPDX-|^\/\*!|^\/\/\/\s*</i;

/**
 * Returns the names that a module exports, with their nodes; `anything` when it re-exports all names of another module.
 */
export function exportedNames({ source, ts }: ParsedModule): Map<string, TS.Node> | "anything" {
  const names = new Map<string, TS.Node>();
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement)) {
      if (!statement.exportClause) return "anything";
      if (ts.isNamespaceExport(statement.exportClause))
        names.set(statement.exportClause.name.text, statement.exportClause.name);
      else for (const { name } of statement.exportClause.elements) names.set(name.text, name);
    } else if (isExported(statement, ts)) declaredNames(statement, ts).forEach((name) => names.set(name.text, name));
  }
  return names;
}

/**
 * Returns the names of exported functions, including re-exports; `default` for the default export. A value that the
 * syntax does not show, such as the result of a call, counts as a function.
 */
export function exportedFunctions({ source, ts }: ParsedModule): string[] {
  const mayBe = (value: TS.Expression | undefined): boolean =>
    value !== undefined &&
    !ts.isLiteralExpression(value) &&
    !ts.isObjectLiteralExpression(value) &&
    !ts.isArrayLiteralExpression(value) &&
    !ts.isNewExpression(value);
  return source.statements.flatMap((statement): string[] => {
    if (ts.isExportAssignment(statement)) return mayBe(statement.expression) ? ["default"] : [];
    if (ts.isExportDeclaration(statement)) {
      const { exportClause: clause, isTypeOnly } = statement;
      if (isTypeOnly || !clause || !ts.isNamedExports(clause)) return [];
      return clause.elements.filter((element) => !element.isTypeOnly).map(({ name }) => name.text);
    }
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isFunctionDeclaration(statement)) {
      const isDefault = modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
      return isDefault ? ["default"] : statement.name ? [statement.name.text] : [];
    }
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      ts.isIdentifier(name) && mayBe(initializer) ? [name.text] : [],
    );
  });
}

function isExported(statement: TS.Statement, ts: typeof TS): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  const has = (kind: TS.SyntaxKind): boolean => modifiers.some((modifier) => modifier.kind === kind);
  return has(ts.SyntaxKind.ExportKeyword) && !has(ts.SyntaxKind.DefaultKeyword);
}

/** Returns every name bound at the top level of the module, types included, with the module it is imported from. */
export function boundNames({ source, ts }: ParsedModule): Map<string, string | undefined> {
  const names = new Map<string, string | undefined>();
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const from = (statement.moduleSpecifier as TS.StringLiteral).text;
      const clause = statement.importClause;
      if (clause?.name) names.set(clause.name.text, from);
      const bindings = clause?.namedBindings;
      if (bindings && ts.isNamespaceImport(bindings)) names.set(bindings.name.text, from);
      if (bindings && ts.isNamedImports(bindings)) bindings.elements.forEach(({ name }) => names.set(name.text, from));
    } else
      [...declaredNames(statement, ts), ...declaredTypes(statement, ts)].forEach(({ text }) =>
        names.set(text, undefined),
      );
  }
  return names;
}

function declaredNames(statement: TS.Statement, ts: typeof TS): TS.Identifier[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => patternNames(name, ts));
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) || ts.isEnumDeclaration(statement))
    return statement.name ? [statement.name] : [];
  return [];
}

function declaredTypes(statement: TS.Statement, ts: typeof TS): TS.ModuleName[] {
  const named =
    ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) || ts.isModuleDeclaration(statement);
  return named ? [statement.name] : [];
}

function patternNames(name: TS.BindingName, ts: typeof TS): TS.Identifier[] {
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? patternNames(element.name, ts) : []));
}

/** Returns the name of a constant's declared type. */
export function annotation({ source, ts }: ParsedModule, name: string): string | undefined {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name: declared, type } of statement.declarationList.declarations) {
      if (declared.getText() !== name || !type || !ts.isTypeReferenceNode(type)) continue;
      return type.typeName.getText();
    }
  }
  return undefined;
}

/** Returns replacements for each identifier among the words; names of members stay. */
export function respelled({ source, ts }: ParsedModule, words: ReadonlyMap<string, string>): Replacement[] {
  const found: Replacement[] = [];
  const visit = (node: TS.Node): void => {
    const word = ts.isIdentifier(node) ? words.get(node.text) : undefined;
    if (word !== undefined && !isMember(node, ts)) {
      const shorthand = isShorthand(node, ts) ? `${node.getText()}: ` : "";
      found.push({ start: node.getStart(), end: node.getEnd(), text: shorthand + word });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether an identifier is a shorthand property: the name of a member and of a variable. */
function isShorthand({ parent }: TS.Node, ts: typeof TS): boolean {
  if (ts.isBindingElement(parent)) return ts.isObjectBindingPattern(parent.parent) && !parent.propertyName;
  return ts.isShorthandPropertyAssignment(parent);
}

function isMember(node: TS.Node, ts: typeof TS): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return node !== parent.getChildAt(0);
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent)) &&
    parent.name === node
  );
}
