import { templateVariables, type Expression, type UriTemplate } from "../json-schema/uri-template.js";
import type { JsonObject } from "../model/source.js";

/**
 * The source of a regular expression that matches the whole of a URI made from the template, one capture group per
 * variable. Values are still percent-encoded. A missing query variable leaves its group empty.
 */
export function templatePattern(template: UriTemplate): string {
  const parts = template.map((part, index) => {
    return typeof part === "string" ? escape(part) : expression(part, delimiter(template, index));
  });
  return `^${parts.join("")}$`;
}

/**
 * What ends a variable that others follow: the first character of the text behind it. A value cannot hold it, or a
 * hostile URI could be cut in so many ways that trying them all takes minutes.
 */
function delimiter(template: UriTemplate, index: number): string {
  const next = template[index + 1];
  const more = template.slice(index + 2).some((part) => typeof part !== "string" && ["", "+"].includes(part.operator));
  if (typeof next !== "string" || !more) return "";
  return escape(next[0]!).replace("-", "\\-");
}

function expression({ operator, variables }: Expression, end: string): string {
  const names = variables.map(({ name }) => escape(name));
  switch (operator) {
    case "":
      return names.map(() => (names.length > 1 ? `([^/?#,${end}]+)` : `([^/?#${end}]+)`)).join(",");
    case "+":
      return names.map(() => (names.length > 1 ? `([^,${end}]+)` : end === "" ? "(.+)" : `([^${end}]+)`)).join(",");
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
