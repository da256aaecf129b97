import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import { child } from "../json-schema/pointer.js";
import type { SelfContained } from "../json-schema/self-contained.js";
import type { Located } from "../model/source.js";
import { failuresOf } from "./failures.js";

/** The parts of a tool that its examples must fit. */
export interface Promises {
  readonly input: SelfContained;
  readonly output: SelfContained | undefined;
  /** The codes of the tool's errors. */
  readonly errors: readonly string[];
}

/** Checks that the arguments and results of examples are valid, and that their errors are declared. */
export function checkExamples(tool: Located, promises: Promises): Diagnostic[] {
  const examples = child(tool, "examples");
  return examples?.kind === "array" ? examples.items.flatMap((example) => checkExample(example, promises)) : [];
}

function checkExample(example: Located, { input, output, errors }: Promises): Diagnostic[] {
  const given = child(example, "arguments");
  const result = child(example, "result");
  const error = child(example, "error");
  const found = [
    ...(given ? checkValue(given, input, "arguments") : []),
    ...(result && output ? checkValue(result, output, "result") : []),
  ];
  if (error === undefined) return found;
  if (result !== undefined)
    found.push(diagnose("example/mismatch", error.span, { reason: "it has a result and an error" }));
  if (!errors.includes(error.value as string)) {
    const reason = `the tool declares no error ${JSON.stringify(error.value)}`;
    const parameters = { reason, suggestion: nearest(String(error.value), errors) };
    const fix = respell(error.span, certain(String(error.value), errors));
    found.push(diagnose("example/mismatch", error.span, parameters, [], fix));
  }
  return found;
}

function checkValue(node: Located, schema: SelfContained, what: string): Diagnostic[] {
  return failuresOf(node, schema, what).map(({ span, reason, rule, suggestion }) => {
    const related = rule ? [{ span: rule.span, message: `${JSON.stringify(rule.keyword)} says so here` }] : [];
    return diagnose("example/mismatch", span, { reason, suggestion }, related);
  });
}
