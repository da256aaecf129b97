import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { SourceFile } from "../model/source.js";
import { endOfComment, endOfString } from "./extent.js";

/** Pattern of every number that a double may change. Most files have no match, which spares them the scan. */
const suspicion = /[\d.]{16}|\d[eE]/;
const lead = /["/\d-]/g;
const numeric = /[-+.\deE]+/y;

/** Reports the numbers of a valid file that lose digits as doubles. */
export function impreciseNumbers({ path, text }: SourceFile): Diagnostic[] {
  if (!suspicion.test(text)) return [];
  const found: Diagnostic[] = [];
  for (const [start, written] of numbersOf(text)) {
    const double = Number(written);
    if (isKept(written, double)) continue;
    const span = { path, start, end: start + written.length };
    found.push(diagnose("file/imprecise-number", span, { written, double: JSON.stringify(double) }));
  }
  return found;
}

function* numbersOf(text: string): Generator<[start: number, written: string]> {
  for (let at = next(lead, text, 0); at !== -1; at = next(lead, text, at)) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) + 1;
    else if (character === "/") at = endOfComment(text, at) + 1;
    else {
      numeric.lastIndex = at;
      const written = numeric.exec(text)![0];
      yield [at, written];
      at += written.length;
    }
  }
}

function next(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? -1;
}

/** Whether a double preserves the written number. Every JSON reader rounds fractions; an integer has to stay exact. */
function isKept(written: string, double: number): boolean {
  const [before, after] = [decimal(written), decimal(String(double))];
  if (before.digits === after.digits && before.exponent === after.exponent) return true;
  return before.exponent < 0 && after.exponent < 0;
}

/** Returns a number's absolute value, `digits` × 10^`exponent`, with as few digits as possible. */
function decimal(written: string): { readonly digits: string; readonly exponent: number } {
  const [mantissa = "", power = "0"] = written.replace(/^-/, "").split(/e/i);
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  let end = all.length;
  while (all[end - 1] === "0") end -= 1;
  const digits = all.slice(0, end).replace(/^0+/, "");
  return { digits, exponent: digits === "" ? 0 : Number(power) - fraction.length + all.length - end };
}
