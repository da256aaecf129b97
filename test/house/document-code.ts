import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";
import ts from "typescript";

/** An excerpt without the lines that stand for what is left out. */
const withoutGaps = (excerpt: string): string => excerpt.replace(/^\s*(?:\/\/ )?…$/gm, "");

/** What a language's own parser has against an excerpt, or `undefined`. */
export function syntaxFault(language: string, excerpt: string): string | undefined {
  const text = withoutGaps(excerpt);
  if (language === "json") return jsonFault(text);
  if (language === "jsonl") return text.trim().split("\n").map(jsonFault).find(Boolean);
  if (language === "ts" || language === "js") return scriptFault(text, language);
  return undefined;
}

/** A value, such as an element of a list, or members of an object. */
function jsonFault(text: string): string | undefined {
  const faultOf = (json: string): string | undefined => {
    const errors: ParseError[] = [];
    parse(json, errors, { allowTrailingComma: true });
    return errors[0] && printParseErrorCode(errors[0].error);
  };
  return /^\s*"[^"]*":/.test(text) ? faultOf(`{${text}}`) : faultOf(text.replace(/,\s*$/, ""));
}

function scriptFault(text: string, language: "ts" | "js"): string | undefined {
  const { diagnostics = [] } = ts.transpileModule(text, {
    fileName: `block.${language}`,
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
  });
  return diagnostics[0] && ts.flattenDiagnosticMessageText(diagnostics[0].messageText, " ");
}

const parsed = (text: string): ts.SourceFile => ts.createSourceFile("block.ts", text, ts.ScriptTarget.Latest, true);

/** The names that a file imports, with the module of each. */
export function importsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const statement of parsed(withoutGaps(text)).statements) {
    if (!ts.isImportDeclaration(statement) || statement.importClause === undefined) continue;
    const { name, namedBindings } = statement.importClause;
    const bindings =
      namedBindings === undefined ? [] : ts.isNamedImports(namedBindings) ? namedBindings.elements : [namedBindings];
    const module = (statement.moduleSpecifier as ts.StringLiteral).text;
    for (const each of [name, ...bindings.map((binding) => binding.name)]) if (each) found.set(each.text, module);
  }
  return found;
}

/** The names that an excerpt uses and its file imports. */
export function importedNames(excerpt: string, file: string): string[] {
  const imports = importsOf(file);
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isMemberName(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(parsed(withoutGaps(excerpt)));
  return [...used].filter((name) => imports.has(name));
}

const isMemberName = (node: ts.Identifier): boolean =>
  (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) ||
  (ts.isPropertyAssignment(node.parent) && node.parent.name === node);
