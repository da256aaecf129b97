import type { ParsedModule, SyntaxNode } from "../../4-emit/module-names.js";
import { declarationsIn, nodesOf, type SourceFinding } from "../handler-rule.js";
import { defineRule } from "../rule.js";

export interface Writing {
  readonly what: string;
  /** Whether it writes past Node's streams, into the protocol. */
  readonly isDirect: boolean;
}

/** Methods of `console` that write to standard output. */
const methods = new Set("log info debug table dir dirxml group count timeEnd timeLog".split(" "));

export const handlerStandardOutput = defineRule<Writing>({
  severity: "warning",
  message: ({ what, isDirect }) =>
    isDirect
      ? `${what} writes between the messages of the protocol`
      : `${what} writes to standard error here, because standard output carries the protocol`,
  help: ({ isDirect }) =>
    isDirect ? 'use "pipe", "ignore" or process.stderr instead' : "use `log` of the context, or console.error",
  explain:
    'A server on standard streams has its standard output for messages alone. mcpc redirects `console` and `process.stdout` of handlers to standard error, so `console.log` breaks nothing, but the level, format and redaction of the log do not apply to it. What writes past Node\'s streams is not redirected: a child process with `stdio: "inherit"`, or `writeSync(1, …)`, breaks the connection.',
  profiles: ["portable", "spec-2026-07-28", "spec-2025-11-25"],
  evidence: [
    {
      who: "the MCP specification",
      demand: "a server writes nothing to its standard output that is no message",
      sources: ["MCP specification, basic/transports, stdio"],
      confidence: "A",
      asOf: "2026-11",
    },
  ],
  handler: {
    isOnStdio: true,
    mayFind: (text) => /\bconsole\b|\bprocess\s*\.\s*stdout\b|["'`]inherit["'`]|\bwriteSync\b/.test(text),
    find: writings,
  },
});

function* writings(module: ParsedModule): Generator<SourceFinding<Writing>> {
  const { source, ts } = module;
  const declared = declarationsIn(module);
  for (const node of nodesOf(source, ts)) {
    if (ts.isCallExpression(node)) {
      const { expression: called, arguments: given } = node;
      const name = ts.isPropertyAccessExpression(called) || ts.isIdentifier(called) ? called.getText(source) : "";
      const [object = "", member = ""] = name.split(".");
      if (object === "console" && methods.has(member) && !declared.has("console"))
        yield { node: called, parameters: { what: name, isDirect: false } };
      if (name === "process.stdout.write" && declared.get("process")?.some((each) => !isImport(each, ts)) !== true)
        yield { node: called, parameters: { what: name, isDirect: false } };
      if (/^(\w+\.)?writeSync$/.test(name) && given[0]?.getText(source) === "1")
        yield { node: called, parameters: { what: `${name}(1, …)`, isDirect: true } };
    } else if (ts.isPropertyAssignment(node) && node.name.getText(source) === "stdio" && inherits(node.initializer, ts))
      yield { node, parameters: { what: 'a child process with "inherit"', isDirect: true } };
  }
}

function isImport(node: SyntaxNode, ts: ParsedModule["ts"]): boolean {
  return ts.isImportClause(node) || ts.isImportSpecifier(node) || ts.isNamespaceImport(node);
}

/** Whether a child process gets the server's standard output. */
function inherits(stdio: SyntaxNode, ts: ParsedModule["ts"]): boolean {
  const output = ts.isArrayLiteralExpression(stdio) ? stdio.elements[1] : stdio;
  if (!output) return false;
  if (ts.isNumericLiteral(output)) return output.text === "1";
  return ts.isStringLiteralLike(output) && output.text === "inherit";
}
