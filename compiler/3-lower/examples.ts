import { child } from "../json-schema/pointer.js";
import type { Example } from "../model/server.js";
import type { JsonObject, Located } from "../model/source.js";

/** Lowers the examples of a tool to calls. */
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
