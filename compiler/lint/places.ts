import { appendMember, spacedJson, type Fix } from "../diagnostics/diagnostic.js";
import { child, pointerTokens } from "../json-schema/pointer.js";
import { selfContained } from "../json-schema/self-contained.js";
import type { Declared } from "../model/project.js";
import type { Reachable } from "../model/schema.js";
import type { Located, Span } from "../model/source.js";
import type { Repair } from "./rule.js";

/** A place in the manifests, or in a file of schemas. */
export interface ListingPlace {
  readonly node: Located;
  /** The span of the member's key, if the place is the value of a member. */
  readonly keySpan?: Span;
  /** Whether the place exists as written; otherwise it is the nearest one that does. */
  readonly isExact: boolean;
}

/**
 * Returns the place of a JSON Pointer into an entry's listing. A place in the `$defs` of a listed schema may be in a
 * shared definition or in another file.
 */
export function placeIn({ node }: Declared<object>, at: string, reachable: Reachable): ListingPlace {
  const [field, ...tokens] = pointerTokens(at);
  if (field === undefined) return { node, isExact: true };
  const [section, name, ...rest] = tokens;
  const schema = field === "inputSchema" || field === "outputSchema" ? child(node, field) : undefined;
  if (schema && section === "$defs" && name !== undefined) {
    const { written } = selfContained({ node: schema, file: schema.span.path }, reachable);
    const copied = written.copied.get(name);
    if (copied) return walk(copied, rest);
  }
  return walk(node, [field, ...tokens]);
}

/** Follows tokens as far as they lead. */
export function walk(root: Located, tokens: readonly string[]): ListingPlace {
  let place: ListingPlace = { node: root, isExact: true };
  for (const token of tokens) {
    const { node } = place;
    const member = node.kind === "object" ? node.members.findLast(({ key }) => key === token) : undefined;
    const next = member?.node ?? (node.kind === "array" ? child(node, token) : undefined);
    if (!next) return { ...place, isExact: false };
    place = { node: next, isExact: true, ...(member && { keySpan: member.keySpan }) };
  }
  return place;
}

/** Returns what a report underlines: a scalar, or else the key or the opening bracket of a value. */
export function spanOf({ node, keySpan }: ListingPlace): Span {
  if (node.kind === "scalar") return node.span;
  return keySpan ?? { ...node.span, end: node.span.start + 1 };
}

/** Returns the edit of a repair; undefined where the place is not written in the project. */
export function fixOf({ node, keySpan, isExact }: ListingPlace, repair: Repair): Fix | undefined {
  if (!isExact) return undefined;
  if (repair.kind === "replace") return { span: node.span, text: JSON.stringify(repair.value) };
  if (repair.kind === "exchange") {
    const text = `${JSON.stringify(repair.key)}: ${spacedJson(repair.value)}`;
    return keySpan && { span: { ...node.span, start: keySpan.start }, text };
  }
  return node.kind === "object" ? appendMember(node, repair.key, repair.value) : undefined;
}
