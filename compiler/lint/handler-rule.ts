import type { ParsedModule, SyntaxNode } from "../4-emit/module-names.js";

/** The part of a rule that reads the source of handlers. */
export interface HandlerRule<P> {
  /** Whether the rule concerns only servers on standard streams. */
  readonly isOnStdio: boolean;
  /** Whether a text may have findings. Most files then need no parser. */
  readonly mayFind: (text: string) => boolean;
  readonly find: (module: ParsedModule) => Iterable<SourceFinding<P>>;
}

export interface SourceFinding<P> {
  readonly node: SyntaxNode;
  readonly parameters: P;
}

/** Yields a node and all nodes in it, in the order of the text. */
export function* nodesOf(root: SyntaxNode, ts: ParsedModule["ts"]): Generator<SyntaxNode> {
  yield root;
  const children: SyntaxNode[] = [];
  ts.forEachChild(root, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child, ts);
}

/** Returns the declarations of values in a module, in any scope, by name. */
export function declarationsIn({ source, ts }: ParsedModule): Map<string, SyntaxNode[]> {
  const found = new Map<string, SyntaxNode[]>();
  for (const node of nodesOf(source, ts)) {
    const isDeclaration =
      ts.isVariableDeclaration(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node);
    if (!isDeclaration || !node.name || !ts.isIdentifier(node.name)) continue;
    const { text } = node.name;
    found.set(text, [...(found.get(text) ?? []), node]);
  }
  return found;
}
