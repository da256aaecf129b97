import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { LocatedObject, Span } from "../model/source.js";
import { attackOn } from "./runaway.js";

/**
 * Checks the regular expressions of a schema: they must compile in Unicode mode and must not backtrack without bound.
 */
export function checkPatterns(schema: LocatedObject, diagnostics: Diagnostic[]): void {
  for (const { key, node } of schema.members) {
    if (key === "pattern")
      checkPattern(String(node.value), node.span, Number(child(schema, "maxLength")?.value ?? Infinity), diagnostics);
    else if (key === "patternProperties" && node.kind === "object")
      for (const member of node.members) checkPattern(member.key, member.keySpan, maxNameLength, diagnostics);
  }
}

/** Length limit of names, which are shorter than texts may be. */
const maxNameLength = 1000;
/** Step limit; so many steps take about a second. */
const maxSteps = 1e8;

/**
 * Checks one regular expression.
 * @param longest length limit of the matched texts
 */
function checkPattern(pattern: string, span: Span, longest: number, diagnostics: Diagnostic[]): void {
  const reason = failure(pattern, "u");
  if (reason === undefined) {
    const attack = attackOn(pattern);
    if (attack === "too complex") diagnostics.push(diagnose("schema/complex-pattern", span, { pattern }));
    else if (attack?.degree === Infinity)
      diagnostics.push(diagnose("schema/runaway-pattern", span, { pattern, attack: attack.text }));
    else if (attack && longest ** attack.degree > maxSteps) {
      const advice = Math.floor(maxSteps ** (1 / attack.degree) / 10);
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

/** Returns the reason why a pattern does not compile; undefined when it compiles. */
function failure(pattern: string, flags: string): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^Invalid regular expression: .*: /s, "").toLowerCase();
  }
}

/** Returns the pattern without needless escapes, which Unicode mode forbids. */
function withoutNeedlessEscapes(pattern: string): string {
  let inClass = false;
  return pattern.replace(/\\(.)|[[\]]/gs, (whole, escaped: string | undefined) => {
    if (escaped === undefined) inClass = whole === "[" || (inClass && whole !== "]");
    else if (!/[A-Za-z0-9^$\\.*+?()[\]{}|/]/.test(escaped) && !(inClass && escaped === "-")) return escaped;
    return whole;
  });
}

/** Converts a Python pattern to ECMAScript, where the translation is unambiguous. */
function fromPython(pattern: string): string {
  // In Python, a bracket at the start of a class is a member of that class.
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
