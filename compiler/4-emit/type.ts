/** A TypeScript type, as far as schemas need one. */
export type Type =
  /** Type text that needs no parentheses: a keyword, a declared name, a literal. */
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "generic"; readonly name: string; readonly parameters: readonly Type[] }
  | { readonly kind: "array"; readonly items: Type }
  | { readonly kind: "tuple"; readonly items: readonly Type[]; readonly required: number; readonly rest?: Type }
  | { readonly kind: "object"; readonly members: readonly TypeMember[]; readonly index?: Type }
  | { readonly kind: "union" | "intersection"; readonly of: readonly Type[] };

export interface TypeMember {
  readonly name: string;
  readonly optional: boolean;
  readonly type: Type;
  readonly documentation: string;
}

export const unknown: Type = { kind: "name", text: "unknown" };
export const never: Type = { kind: "name", text: "never" };

export function named(text: string): Type {
  return { kind: "name", text };
}

export function generic(name: string, parameters: readonly Type[]): Type {
  return { kind: "generic", name, parameters };
}

export function object(members: readonly TypeMember[]): Type {
  return { kind: "object", members };
}

export function union(types: readonly Type[]): Type {
  const parts = types.flatMap((type) => (type.kind === "union" ? type.of : [type]));
  const useful = distinct(parts.filter((type) => !is(type, "never")));
  if (useful.some((type) => is(type, "unknown"))) return unknown;
  // By convention, `null` comes last.
  const ordered = [...useful.filter((type) => !is(type, "null")), ...useful.filter((type) => is(type, "null"))];
  return ordered.length === 0 ? never : ordered.length === 1 ? ordered[0]! : { kind: "union", of: ordered };
}

/** Returns an intersection; objects are merged so that their members read as one interface. */
export function intersection(types: readonly Type[]): Type {
  const parts = distinct(types.flatMap((type) => (type.kind === "intersection" ? type.of : [type])));
  if (parts.some((type) => is(type, "never"))) return never;
  const merged: Type[] = [];
  for (const part of parts.filter((type) => !is(type, "unknown"))) {
    const at = merged.findIndex((type) => canMerge(type) && canMerge(part));
    if (at === -1) merged.push(part);
    else merged[at] = mergedObject(merged[at] as ObjectType, part as ObjectType);
  }
  return merged.length === 0 ? unknown : merged.length === 1 ? merged[0]! : { kind: "intersection", of: merged };
}

type ObjectType = Extract<Type, { kind: "object" }>;

/** Whether an object can be merged: every member must fit an index signature other than `unknown`. */
function canMerge(type: Type): boolean {
  return type.kind === "object" && (type.index === undefined || is(type.index, "unknown"));
}

function mergedObject(one: ObjectType, other: ObjectType): Type {
  const members = new Map(one.members.map((member) => [member.name, member]));
  for (const member of other.members) {
    const other = members.get(member.name);
    members.set(
      member.name,
      other
        ? {
            name: member.name,
            optional: other.optional && member.optional,
            type: intersection([other.type, member.type]),
            documentation: other.documentation || member.documentation,
          }
        : member,
    );
  }
  const index = one.index ?? other.index;
  return { kind: "object", members: [...members.values()], ...(index && { index }) };
}

/** Whether the text of a type contains the members of an object. */
export function isInline(type: Type): boolean {
  switch (type.kind) {
    case "name":
      return false;
    case "object":
      return true;
    case "generic":
      return type.parameters.some(isInline);
    case "array":
      return isInline(type.items);
    case "tuple":
      return [...type.items, ...(type.rest ? [type.rest] : [])].some(isInline);
    default:
      return type.of.some(isInline);
  }
}

/** Returns a wider, shorter type: the primitive type for a literal. */
export function widened(type: Type): Type {
  if (type.kind === "union") return union(type.of.map(widened));
  if (type.kind !== "name") return type;
  if (type.text.startsWith('"')) return named("string");
  if (/^-?\d/.test(type.text)) return named("number");
  return /^(?:true|false)$/.test(type.text) ? named("boolean") : type;
}

export function is(type: Type, text: string): boolean {
  return type.kind === "name" && type.text === text;
}

function distinct(types: readonly Type[]): Type[] {
  return [...new Map(types.map((type) => [JSON.stringify(type), type])).values()];
}
