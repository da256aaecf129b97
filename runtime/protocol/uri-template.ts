/** An expression of a URI template (RFC 6570): an operator and its variables. */
export interface Expression {
  readonly operator: "" | "+" | "#" | "." | "/" | ";" | "?" | "&";
  readonly variables: readonly TemplateVariable[];
}

export interface TemplateVariable {
  readonly name: string;
  readonly explode: boolean;
  readonly prefix?: number;
}

export type UriTemplate = readonly (string | Expression)[];

/** Parses a URI template into literals and expressions, or returns the error. */
export function parseUriTemplate(text: string): { readonly template: UriTemplate } | { readonly error: string } {
  const template: (string | Expression)[] = [];
  const names = new Set<string>();
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{", at);
    const literal = text.slice(at, open === -1 ? undefined : open);
    if (literal.includes("}")) return { error: 'a "}" without its "{"' };
    if (literal !== "") template.push(literal);
    if (open === -1) break;
    const close = text.indexOf("}", open);
    if (close === -1) return { error: 'a "{" is not closed' };
    const body = text.slice(open + 1, close);
    const match = /^([+#./;?&]?)(.+)$/s.exec(body);
    if (!match) return { error: "an expression is empty" };
    const variables: TemplateVariable[] = [];
    for (const item of match[2]!.split(",")) {
      const variable =
        /^((?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+(?:\.(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+)*)(\*|:([1-9]\d{0,3}))?$/.exec(item);
      if (!variable) return { error: `${JSON.stringify(item)} is not a variable's name` };
      const name = variable[1]!;
      if (names.has(name)) return { error: `the variable ${JSON.stringify(name)} occurs twice` };
      names.add(name);
      const prefix = variable[3];
      variables.push({ name, explode: variable[2] === "*", ...(prefix !== undefined && { prefix: Number(prefix) }) });
    }
    template.push({ operator: match[1] as Expression["operator"], variables });
    at = close + 1;
  }
  return { template };
}

/** Returns the names of all variables in order. */
export function templateVariables(template: UriTemplate): string[] {
  return template.flatMap((part) => (typeof part === "string" ? [] : part.variables.map(({ name }) => name)));
}

/** Returns whether URIs of the template must have values for the variables. Expansion omits others (RFC 6570). */
export function isRequired({ operator, variables }: Expression): boolean {
  return (operator === "" || operator === "+") && variables.length === 1;
}
