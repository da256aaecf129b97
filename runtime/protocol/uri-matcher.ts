import { isRequired, type Expression, type UriTemplate, type TemplateVariable } from "./uri-template.js";

/** Returns the value of each variable in a URI, still percent-encoded; `undefined` for a URI that does not match. */
export type UriMatcher = (uri: string) => readonly (readonly [name: string, value: string])[] | undefined;

/** A positional variable. */
interface Place {
  readonly variable: string;
  /** Characters that may precede the value; empty if none does. */
  readonly opens: string;
  /** Characters that end the value. */
  readonly ends: string;
  /** Step after an omitted variable; absent if the variable is required. */
  readonly next?: number;
}

/** Variables of a query, in any order, among unknown parameters. */
interface Named {
  readonly parameters: readonly Parameter[];
  readonly between: "&" | ";";
  readonly opens: string;
  readonly ends: string;
}

interface Parameter {
  readonly key: string;
  /** The name of the variable; absent for a parameter with a fixed value. */
  readonly variable?: string;
  readonly value?: string;
  readonly isList?: boolean;
  readonly isRequired?: boolean;
}

type Step = string | Place | Named;

/**
 * Compiles a template. The time of a match grows with the length of the URI for any template: each step visits each
 * position once, from the end. Of several matches, it returns the one with the shortest values, the first variable
 * first.
 */
export function uriMatcher(template: UriTemplate): UriMatcher {
  const steps = stepsOf(template);
  return (uri) => {
    const rows = endings(steps, uri);
    const values: (readonly [string, string])[] = [];
    let at = 0;
    for (let index = 0; index < steps.length;) {
      const step = steps[index]!;
      const end = rows[index]![at]!;
      if (end === noMatch) return undefined;
      index += 1;
      if (typeof step !== "string") {
        const text = uri.slice(at + (step.opens === "" ? 0 : 1), end);
        if ("parameters" in step) {
          const found = matchParameters(step, text);
          if (found === undefined) return undefined;
          values.push(...found);
        } else if (end > at) values.push([step.variable, text]);
        else index = step.next!;
      }
      at = end;
    }
    return at === uri.length ? values : undefined;
  };
}

const noMatch = -1;

/**
 * Computes, for each step and position, the end of the step if it starts there and all later steps match; else
 * `noMatch`.
 */
function endings(steps: readonly Step[], uri: string): readonly Int32Array[] {
  const rows: Int32Array[] = [];
  const fits = (index: number, at: number): boolean =>
    index === steps.length ? at === uri.length : rows[index]![at] !== noMatch;
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index]!;
    const row = new Int32Array(uri.length + 1).fill(noMatch);
    rows[index] = row;
    if (typeof step === "string") {
      for (let at = 0; at + step.length <= uri.length; at += 1)
        if (fits(index + 1, at + step.length) && uri.startsWith(step, at)) row[at] = at + step.length;
      continue;
    }
    const isNamed = "parameters" in step;
    const next = isNamed ? index + 1 : step.next;
    /** The nearest end of a value that starts here, and of one that starts after this position. */
    let value = noMatch;
    for (let at = uri.length; at >= 0; at -= 1) {
      const behind = value;
      const goesOn = at < uri.length && !step.ends.includes(uri[at]!);
      value = !goesOn ? noMatch : fits(index + 1, at + 1) ? at + 1 : behind;
      if (isNamed && fits(index + 1, at)) value = at;
      if (step.opens === "") row[at] = value;
      else if (at < uri.length && step.opens.includes(uri[at]!)) row[at] = behind;
      if (row[at] === noMatch && next !== undefined && fits(next, at)) row[at] = at;
    }
  }
  return rows;
}

/** Returns the variables of a query; `undefined` if a required one is missing. */
function matchParameters(
  { parameters, between }: Named,
  text: string,
): readonly (readonly [string, string])[] | undefined {
  const given = text.split(between).map((pair) => {
    const at = pair.indexOf("=");
    return at === -1 ? ([pair, ""] as const) : ([pair.slice(0, at), pair.slice(at + 1)] as const);
  });
  const values: (readonly [string, string])[] = [];
  for (const { key, variable, value, isList, isRequired } of parameters) {
    const found = given.filter(([name]) => name === key).map(([, text]) => text);
    if (variable === undefined ? !found.includes(value!) : isRequired === true && (found[0] ?? "") === "")
      return undefined;
    if (variable !== undefined && found.length > 0) values.push([variable, isList ? found.join(",") : found[0]!]);
  }
  return values;
}

function stepsOf(template: UriTemplate): readonly Step[] {
  const steps: Step[] = [];
  for (let index = 0; index < template.length;) {
    const part = template[index]!;
    const query = typeof part === "string" ? literalQuery(template, index) : expandedQuery(template, index);
    if (typeof part === "string") steps.push(...(query?.before ?? [part]));
    else if (part.operator === ";") steps.push(byName(part.variables.map(optionalParameter), ";", ";", "/?#"));
    else if (query === undefined) steps.push(...places(part, steps.length));
    if (query !== undefined) steps.push(byName(query.parameters, "&", query.opens, "#"));
    index = query?.next ?? index + 1;
  }
  return steps;
}

/** A query within a template. */
interface Query {
  readonly parameters: readonly Parameter[];
  readonly opens: string;
  /** The text before the query. */
  readonly before: readonly string[];
  /** The index of the next part. */
  readonly next: number;
}

/** Combines adjacent query expressions (`{?a}{&b}`) into one query. */
function expandedQuery(template: UriTemplate, first: number): Query | undefined {
  const parameters: Parameter[] = [];
  let next = first;
  for (let part = template[next]; isQuery(part); part = template[next]) {
    parameters.push(...part.variables.map(optionalParameter));
    next += 1;
  }
  return next === first ? undefined : { parameters, opens: "?&", before: [], next };
}

function isQuery(part: string | Expression | undefined): part is Expression {
  return typeof part === "object" && (part.operator === "?" || part.operator === "&");
}

/** Parses a query that contains variables as values: `?kind=x&page={page}{&more}`. */
function literalQuery(template: UriTemplate, first: number): Query | undefined {
  const [before, ...rest] = (template[first] as string).split("?");
  if (rest.length === 0) return undefined;
  let text = rest.join("?");
  let next = first + 1;
  for (let part = template[next]; part !== undefined; part = template[next]) {
    if (typeof part === "object" && !(part.operator === "" && isRequired(part))) break;
    text += typeof part === "string" ? part : `{${part.variables[0]!.name}}`;
    next += 1;
  }
  const { parameters: expanded, next: end } = expandedQuery(template, next) ?? { parameters: [], next };
  const written = text === "" ? [] : text.split("&").map(parameter);
  const parameters = [...written, ...expanded].filter((one) => one !== undefined);
  const after = template[end];
  const isWhole = after === undefined || (typeof after === "object" && after.operator === "#");
  // A query without variables, or without the form of a parameter list, is matched literally.
  if (!isWhole || written.includes(undefined) || parameters.every(({ variable }) => variable === undefined))
    return undefined;
  return { parameters, opens: "?", before: before === "" ? [] : [before!], next: end };
}

/** Parses a literal parameter: `name={variable}` or `name=value`. */
function parameter(text: string): Parameter | undefined {
  const [, key, variable, value] = /^([^={}?#]+)(?:=(?:\{([^{}]+)\}|([^={}?#]*)))?$/.exec(text) ?? [];
  if (key === undefined) return undefined;
  return variable === undefined ? { key, value: value ?? "" } : { key, variable, isRequired: true };
}

function optionalParameter({ name, explode }: TemplateVariable): Parameter {
  return { key: name, variable: name, isList: explode };
}

function byName(parameters: readonly Parameter[], between: Named["between"], opens: string, ends: string): Named {
  return { parameters, between, opens, ends };
}

/** The text before the first variable of an expression, before each further one, and at the end of a value. */
const syntax: Readonly<Record<"" | "+" | "#" | "." | "/", readonly [opens: string, between: string, ends: string]>> = {
  "": ["", ",", "/?#"],
  "+": ["", ",", ""],
  "#": ["#", ",", ""],
  ".": [".", ".", "/?#"],
  "/": ["/", "/", "?#"],
};

function places(expression: Expression, first: number): readonly Place[] {
  const { variables } = expression;
  const [opens, between, ends] = syntax[expression.operator as keyof typeof syntax];
  return variables.map(({ name, explode }, index) => ({
    variable: name,
    opens: index === 0 ? opens : between,
    // Values of a list have the separator of variables.
    ends: explode || (variables.length === 1 && between === ",") ? ends : ends + between,
    ...(!isRequired(expression) && { next: first + variables.length }),
  }));
}
