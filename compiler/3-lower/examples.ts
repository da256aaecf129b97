import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import { child } from "../json-schema/pointer.js";
import type { Project } from "../model/project.js";
import type { Example, Schema, Server, Tool } from "../model/server.js";
import type { JsonObject, Located } from "../model/source.js";
import { failuresOf } from "./failures.js";

/** The examples of a tool, as calls. */
export function lowerExamples(tool: Located): Example[] {
  const examples = child(tool, "examples");
  if (examples?.kind !== "array") return [];
  return examples.items.map(({ value, span }) => {
    const { description, arguments: input, result, error } = value as JsonObject;
    const expected: Example["expected"] =
      error !== undefined
        ? { kind: "error", code: error as string }
        : result !== undefined
          ? { kind: "result", value: result }
          : { kind: "anything" };
    return {
      ...(description !== undefined && { description: description as string }),
      arguments: input as JsonObject,
      expected,
      span: { ...span, end: span.start + 1 },
    };
  });
}

/** Examples are promises: their arguments and results must fit the schemas, their errors must be declared. */
export function checkExamples(project: Project, server: Server): Diagnostic[] {
  return project.tools.flatMap(({ node }, index) => {
    const examples = child(node, "examples");
    if (examples?.kind !== "array") return [];
    const tool = server.tools[index]!;
    return examples.items.flatMap((example) => checkExample(example, tool));
  });
}

function checkExample(example: Located, { input, output, errors }: Tool): Diagnostic[] {
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
  const codes = errors.map(({ code }) => code);
  if (!codes.includes(error.value as string)) {
    const reason = `the tool declares no error ${JSON.stringify(error.value)}`;
    const parameters = { reason, suggestion: nearest(String(error.value), codes) };
    const fix = respell(error.span, certain(String(error.value), codes));
    found.push(diagnose("example/mismatch", error.span, parameters, [], fix));
  }
  return found;
}

function checkValue(node: Located, schema: Schema, what: string): Diagnostic[] {
  return failuresOf(node, schema, what).map(({ span, reason, rule, suggestion }) => {
    const related = rule ? [{ span: rule.span, message: `${JSON.stringify(rule.keyword)} says so here` }] : [];
    return diagnose("example/mismatch", span, { reason, suggestion }, related);
  });
}
