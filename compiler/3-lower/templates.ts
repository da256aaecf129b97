import { templateVariables, type Expression, type UriTemplate } from "../json-schema/uri-template.js";
import type { JsonObject } from "../model/source.js";

/**
 * The source of a regular expression that matches the whole of a URI made from the template, one capture group per
 * variable. Values are still percent-encoded. A missing query variable leaves its group empty.
 */
export function templatePattern(template: UriTemplate): string {
  return `^${template.map((part) => (typeof part === "string" ? escape(part) : expression(part))).join("")}$`;
}

function expression({ operator, variables }: Expression): string {
  const names = variables.map(({ name }) => escape(name));
  switch (operator) {
    case "":
      return names.map(() => (names.length > 1 ? "([^/?#,]+)" : "([^/?#]+)")).join(",");
    case "+":
      return names.map(() => (names.length > 1 ? "([^,]+)" : "(.+)")).join(",");
    case "#":
      return `#${names.map(() => (names.length > 1 ? "([^,]+)" : "(.+)")).join(",")}`;
    case "/":
      return names.map((_, index) => (variables[index]!.explode ? "/([^?#]+)" : "/([^/?#]+)")).join("");
    case ".":
      return names.map(() => "\\.([^./?#]+)").join("");
    case ";":
      return names.map((name) => `(?:;${name}(?:=([^;/?#]*))?)?`).join("");
    case "?":
    case "&":
      return names.map((name) => `(?:[?&]${name}=([^&#]*))?`).join("");
  }
}

/** The variables as a schema: each a text, those of a query optional. For a template without `params`. */
export function variablesSchema(template: UriTemplate): JsonObject {
  const optional = new Set(
    template.flatMap((part) =>
      typeof part !== "string" && "?&;".includes(part.operator) && part.operator !== ""
        ? part.variables.map(({ name }) => name)
        : [],
    ),
  );
  const names = templateVariables(template);
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
    required: names.filter((name) => !optional.has(name)),
    additionalProperties: false,
  };
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, (character) =>
    character === "/" || character === "-" ? character : `\\${character}`,
  );
}
