import { readFileSync } from "node:fs";
import { rules, type Rule } from "../diff/rules.js";
import { explainRule } from "../lint/explain.js";
import { rules as lintRules, ruleTable, type RuleCode } from "../lint/rules.js";
import { packaged } from "../package-folder.js";
import { catalogue, type Code } from "./catalogue.js";
import { nearest } from "./suggest.js";

const codes = [...Object.keys(catalogue), ...Object.keys(rules)].sort() as (Code | Rule)[];

function isRule(code: Code | Rule): code is Rule {
  return Object.hasOwn(rules, code);
}

function isLintRule(code: Code | Rule): code is RuleCode {
  return Object.hasOwn(lintRules, code);
}

function explained(code: Code | Rule): string {
  return isRule(code) ? rules[code].explain : catalogue[code].explain;
}

/** Lists all codes with the first sentence of their explanation. */
export function listing(): string {
  const width = Math.max(...codes.map((code) => code.length)) + 2;
  return codes.map((code) => `${code.padEnd(width)}${explained(code).split(/(?<=\.)\s/)[0]}\n`).join("");
}

/** Explains a code, with an example; undefined for an unknown code. */
export function explanation(code: string): string | undefined {
  if (!(codes as string[]).includes(code)) return undefined;
  const known = code as Code | Rule;
  const explain = explained(known);
  const severity = isRule(known)
    ? `a change that is ${rules[known].verdict}, and asks for a ${rules[known].level} version`
    : catalogue[known].severity;
  const shown = isRule(known) ? undefined : example(code);
  const evidence = isLintRule(known) ? `\n${explainRule(ruleTable.get(known)!)}` : "";
  return `${code} (${severity})\n\n${explain}\n${evidence}${shown ? `\nFor example:\n\n${indented(shown)}` : ""}`;
}

export function suggestion(code: string): string | undefined {
  return nearest(code, codes);
}

/** Returns the expected output of the code's fixture. */
function example(code: string): string | undefined {
  for (const folder of ["invalid", "lint"]) {
    try {
      return readFileSync(packaged(`fixtures/${folder}/${code}/expected.txt`), "utf8");
    } catch {
      // The fixture is in the other folder, or the code has none.
    }
  }
  return undefined;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
