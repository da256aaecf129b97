import { isRequired, templateVariables, type UriTemplate } from "@mcpc/runtime/codegen/v1/uri-templates";
import type { JsonObject } from "../model/source.js";

/** The variables as a schema: each a text, optional where expansion may leave it out. For a template without `params`. */
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
