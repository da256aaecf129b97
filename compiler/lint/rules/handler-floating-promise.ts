import type { ParsedModule, SyntaxNode } from "../../4-emit/module-names.js";
import { declarationsIn, nodesOf, type SourceFinding } from "../handler-rule.js";
import { defineRule } from "../rule.js";

export const handlerFloatingPromise = defineRule<{ call: string; isLoop: boolean }>({
  severity: "warning",
  message: ({ call, isLoop }) =>
    isLoop ? `${call} waits for none of its promises` : `the promise of ${call} is not awaited`,
  help: ({ isLoop }) =>
    isLoop
      ? "use `for … of` with await, or await Promise.all(… .map(…))"
      : "await it, or write void before it if the answer need not wait, and catch its errors",
  explain:
    "A handler that does not await a promise answers before the work is done, and an error of that work is an unhandled rejection, which ends a process of Node. The rule looks at the syntax alone: statements that call an async function of the same file, `fetch` or `Promise.all` and its like, and `forEach` with an async function. For all other promises, typescript-eslint has `no-floating-promises`.",
  profiles: ["portable", "spec-2026-07-28", "spec-2025-11-25"],
  evidence: [
    {
      who: "Node",
      demand: "an unhandled rejection ends the process",
      sources: ["Node.js, process, unhandledRejection"],
      confidence: "A",
      asOf: "2026-11",
      since: "Node 15",
    },
  ],
  handler: {
    isOnStdio: false,
    mayFind: (text) => {
      if (/\.forEach\(\s*async\b/.test(text)) return true;
      const declared = [...text.matchAll(/\basync function (\w+)|\b(?:const|let|var)\s+(\w+)[^=;]*= async\b/g)];
      const names = declared.map(([, named, assigned]) => named ?? assigned!);
      const calls = ["fetch", String.raw`Promise\.\w+`, ...names].join("|");
      return new RegExp(String.raw`(?:[;{})]|^|\belse)\s*(?:${calls})\(`, "m").test(text);
    },
    find: floating,
  },
});

const combining = new Set(["all", "allSettled", "any", "race"]);

function* floating(module: ParsedModule): Generator<SourceFinding<{ call: string; isLoop: boolean }>> {
  const { source, ts } = module;
  const declared = declarationsIn(module);
  const isAsync = (name: string): boolean => {
    // A name that is declared twice may be either.
    const [only, ...others] = declared.get(name) ?? [];
    return only !== undefined && others.length === 0 && isAsyncFunction(only, ts);
  };
  for (const node of nodesOf(source, ts)) {
    if (!ts.isExpressionStatement(node) || node.parent === source || !ts.isCallExpression(node.expression)) continue;
    const { expression: called, arguments: given } = node.expression;
    const text = called.getText(source).replace(/\s+/g, "");
    const result = { node: called, parameters: { call: `${text}()`, isLoop: false } };
    if (ts.isIdentifier(called)) {
      if (isAsync(called.text) || (called.text === "fetch" && !declared.has("fetch"))) yield result;
    } else if (ts.isPropertyAccessExpression(called)) {
      const { name, expression: object } = called;
      if (object.getText(source) === "Promise" && combining.has(name.text) && !declared.has("Promise")) yield result;
      if (name.text === "forEach" && given[0] && isAsyncFunction(given[0], ts))
        yield { node: name, parameters: { call: "forEach", isLoop: true } };
    }
  }
}

/** Whether a declaration or an expression is an async function. */
function isAsyncFunction(node: SyntaxNode, ts: ParsedModule["ts"]): boolean {
  const value = ts.isVariableDeclaration(node) ? node.initializer : node;
  if (!value || !(ts.isFunctionDeclaration(value) || ts.isFunctionExpression(value) || ts.isArrowFunction(value)))
    return false;
  const isGenerator = !ts.isArrowFunction(value) && value.asteriskToken !== undefined;
  return !isGenerator && value.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) === true;
}
