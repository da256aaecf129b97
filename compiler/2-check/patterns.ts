import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { LocatedObject, Span } from "../model/source.js";
import { attackOn } from "./runaway.js";

/** Regular expressions of a schema: they compile in Unicode mode, and no text makes them run away. */
export function checkPatterns(schema: LocatedObject, diagnostics: Diagnostic[]): void {
  for (const { key, node } of schema.members) {
    if (key === "pattern")
      checkPattern(String(node.value), node.span, Number(child(schema, "maxLength")?.value ?? Infinity), diagnostics);
    else if (key === "patternProperties" && node.kind === "object")
      for (const member of node.members) checkPattern(member.key, member.keySpan, longestName, diagnostics);
  }
}

/** Names are not as long as texts may be. */
const longestName = 1000;
/** Steps that take about a second. */
const mostSteps = 1e8;

/** @param longest the texts that are matched have at most so many characters */
function checkPattern(pattern: string, span: Span, longest: number, diagnostics: Diagnostic[]): void {
  const reason = failure(pattern, "u");
  if (reason === undefined) {
    const attack = attackOn(pattern);
    if (attack === "too complex") diagnostics.push(diagnose("schema/complex-pattern", span, { pattern }));
    else if (attack?.degree === Infinity)
      diagnostics.push(diagnose("schema/runaway-pattern", span, { pattern, attack: attack.text }));
    else if (attack && longest ** attack.degree > mostSteps) {
      const advice = Math.floor(mostSteps ** (1 / attack.degree) / 10);
      diagnostics.push(
        diagnose("schema/slow-pattern", span, { pattern, attack: attack.text, degree: attack.degree, advice }),
      );
    }
    return;
  }
  const translated = fromPython(pattern);
  const meant = failure(translated, "") === undefined ? withoutNeedlessEscapes(translated) : translated;
  const instead = failure(meant, "u") === undefined ? meant : undefined;
  const parameters = { pattern, reason, instead };
  diagnostics.push(diagnose("schema/invalid-pattern", span, parameters, [], respell(span, instead)));
}

/** Returns the reason why a pattern does not compile; `undefined` if it compiles. */
function failure(pattern: string, flags: string): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^Invalid regular expression: .*: /s, "").toLowerCase();
  }
}

/** Removes the backslashes that Unicode mode forbids: those before ordinary characters. */
function withoutNeedlessEscapes(pattern: string): string {
  let inClass = false;
  return pattern.replace(/\\(.)|[[\]]/gs, (whole, escaped: string | undefined) => {
    if (escaped === undefined) inClass = whole === "[" || (inClass && whole !== "]");
    else if (!/[A-Za-z0-9^$\\.*+?()[\]{}|/]/.test(escaped) && !(inClass && escaped === "-")) return escaped;
    return whole;
  });
}

/** The same pattern in ECMAScript's words, where Python's have but one translation. */
function fromPython(pattern: string): string {
  // There, the bracket that follows is a member of the class.
  if (/\[\^?\]/.test(pattern)) return pattern;
  let inClass = false;
  const parts = /\\U([0-9a-fA-F]{8})|\\(?:[^])|\(\?P<(?![=!])|\(\?P=(\w+)\)|\(\?#[^)]*\)|\{,(?=\d+\})|[[\]]/g;
  return pattern.replace(parts, (whole, point: string | undefined, group: string | undefined) => {
    if (whole === "[" || whole === "]") inClass = whole === "[" || (inClass && whole !== "]");
    if (point !== undefined) return `\\u{${point.replace(/^0+(?=.)/, "")}}`;
    if (inClass) return whole;
    if (whole === "\\A") return "^";
    if (whole === "\\Z") return "$";
    if (whole.startsWith("(?P<")) return "(?<";
    if (group !== undefined) return `\\k<${group}>`;
    if (whole.startsWith("(?#")) return "";
    return whole === "{," ? "{0," : whole;
  });
}
