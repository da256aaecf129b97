import { isRequired, templateVariables, type UriTemplate } from "@mcpc/runtime/codegen/v1/uri-templates";
import type { JsonObject } from "../model/source.js";

/**
 * Returns a schema of a template's variables, for a template without `params`. Each variable is a string; a variable
 * that the expansion may omit is optional.
 */
export function variablesSchema(template: UriTemplate): JsonObject {
  const names = templateVariables(template);
  const required = template.flatMap((part) =>
    typeof part === "object" && isRequired(part) ? part.variables.map(({ name }) => name) : [],
  );
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
    required,
    additionalProperties: false,
  };
}
