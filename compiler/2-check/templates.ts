import type { Expression, UriTemplate } from "@mcpc/runtime/codegen/v1/uri-templates";

/** Returns two adjacent variables without a separator between them; undefined without such a pair. */
export function ambiguousPair(template: UriTemplate): readonly [first: string, second: string] | undefined {
  for (const [index, part] of template.entries()) {
    if (typeof part === "string") continue;
    const list = part.variables.findIndex(({ explode }) => explode);
    const follower = part.variables[list + 1];
    if (list !== -1 && follower !== undefined && !isByName(part)) return [part.variables[list]!.name, follower.name];
    const next = template[index + 1];
    if (typeof next !== "object") continue;
    const last = part.variables.at(-1)!;
    const isLonger = last.explode && part.operator === next.operator && !isByName(part);
    if (next.operator === "" || next.operator === "+" || isLonger) return [last.name, next.variables[0]!.name];
  }
  return undefined;
}

/** Whether the expansion includes the names of variables. */
function isByName({ operator }: Expression): boolean {
  return operator === ";" || operator === "?" || operator === "&";
}

/** Returns list variables that look like a path of any length, but are not one. */
export function listsOfItems(template: UriTemplate): readonly string[] {
  return template.flatMap((part) =>
    typeof part === "object" && part.operator === ""
      ? part.variables.filter(({ explode }) => explode).map(({ name }) => name)
      : [],
  );
}
