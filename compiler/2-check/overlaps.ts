import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import {
  parseUriTemplate,
  uriMatcher,
  type Expression,
  type UriTemplate,
} from "@mcpc/runtime/codegen/v1/uri-templates";
import type { Declared } from "../model/project.js";
import type { JsonObject } from "../model/source.js";

/**
 * Reports templates that match the same URI, of which only the first is used. Each pair is tried with URIs from the
 * templates' own words, so every report is certain. A more specific template that comes first is not an error.
 */
export function checkOverlaps(templates: readonly Declared<JsonObject>[]): Diagnostic[] {
  const patterns = templates.map((declared) => {
    const uriTemplate = declared.value["uriTemplate"] as string;
    const parsed = parseUriTemplate(uriTemplate);
    const template = "error" in parsed ? [] : parsed.template;
    const prefix = typeof template[0] === "string" ? template[0] : "";
    return { uriTemplate, declared, template, prefix, match: uriMatcher(template) };
  });
  return patterns.flatMap((later, index) => {
    for (const first of patterns.slice(0, index)) {
      if (!first.prefix.startsWith(later.prefix) && !later.prefix.startsWith(first.prefix)) continue;
      const own = samples(first.template, wordsOf(later.template));
      const others = samples(later.template, wordsOf(first.template));
      const [common] = [...own.filter(matches(later)), ...others.filter(matches(first))];
      const isMoreSpecific = own.every(matches(later)) && !others.every(matches(first));
      if (common === undefined || isMoreSpecific) continue;
      const parameters = { template: later.uriTemplate, other: first.uriTemplate, uri: common };
      return [
        diagnose("template/overlap", later.declared.span, parameters, [
          { span: first.declared.span, message: "this one answers" },
        ]),
      ];
    }
    return [];
  });
}

function matches({ match }: { readonly match: ReturnType<typeof uriMatcher> }): (uri: string) => boolean {
  return (uri) => match(uri) !== undefined;
}

/** Returns the literal texts between the delimiters of a template, with `x` for variables, shortest first. */
function wordsOf(template: UriTemplate): string[] {
  const text = template.map((part) => (typeof part === "string" ? part : expanded(part, () => "x"))).join("");
  const words = text.split(/[/?#&=.,;:]+/).filter((word) => word !== "");
  return [...new Set(["x", ...words])].slice(0, 8);
}

const most = 256;

/** Expands a template with each of the words for each variable. */
function samples(template: UriTemplate, words: readonly string[]): string[] {
  let choices: ReadonlyMap<string, string>[] = [new Map()];
  for (const name of template.flatMap((part) =>
    typeof part === "string" ? [] : part.variables.map(({ name }) => name),
  ))
    choices = choices.flatMap((chosen) => words.map((word) => new Map([...chosen, [name, word]]))).slice(0, most);
  return choices.map((chosen) =>
    template
      .map((part) => (typeof part === "string" ? part : expanded(part, (name) => chosen.get(name) ?? "x")))
      .join(""),
  );
}

/** Expands an expression (RFC 6570, section 3.2) for values that are words. */
function expanded({ operator, variables }: Expression, valueOf: (name: string) => string): string {
  const named = ";?&".includes(operator) && operator !== "";
  const values = variables.map(({ name }) => (named ? `${name}=${valueOf(name)}` : valueOf(name)));
  const first = operator === "+" ? "" : operator;
  const between = { "": ",", "+": ",", "#": ",", ".": ".", "/": "/", ";": ";", "?": "&", "&": "&" }[operator];
  return first + values.join(between);
}
