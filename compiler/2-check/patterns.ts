import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { LocatedObject, Span } from "../model/source.js";
import { attackOn } from "./runaway.js";

/** Regular expressions of a schema: they compile in Unicode mode, and no text makes them run away. */
export function checkPatterns(schema: LocatedObject, diagnostics: Diagnostic[]): void {
  for (const { key, node } of schema.members) {
    if (key === "pattern") checkPattern(String(node.value), node.span, diagnostics);
    else if (key === "patternProperties" && node.kind === "object")
      for (const member of node.members) checkPattern(member.key, member.keySpan, diagnostics);
  }
}

function checkPattern(pattern: string, span: Span, diagnostics: Diagnostic[]): void {
  const reason = failure(pattern, "u");
  if (reason === undefined) {
    const attack = attackOn(pattern);
    if (attack !== undefined) diagnostics.push(diagnose("schema/runaway-pattern", span, { pattern, attack }));
    return;
  }
  const meant = failure(pattern, "") === undefined ? withoutNeedlessEscapes(pattern) : pattern;
  const instead = failure(meant, "u") === undefined ? meant : undefined;
  const parameters = { pattern, reason, instead };
  diagnostics.push(diagnose("schema/invalid-pattern", span, parameters, [], respell(span, instead)));
}

/** Why it does not compile; undefined when it does. */
function failure(pattern: string, flags: string): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^Invalid regular expression: .*: /s, "").toLowerCase();
  }
}

/** The same pattern without the backslashes that Unicode mode forbids: before characters that mean themselves. */
function withoutNeedlessEscapes(pattern: string): string {
  let inClass = false;
  return pattern.replace(/\\(.)|[[\]]/gs, (whole, escaped: string | undefined) => {
    if (escaped === undefined) inClass = whole === "[" || (inClass && whole !== "]");
    else if (!/[\w^$\\.*+?()[\]{}|/]/.test(escaped) && !(inClass && escaped === "-")) return escaped;
    return whole;
  });
}
