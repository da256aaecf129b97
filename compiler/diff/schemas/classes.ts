import { pointerTokens } from "../../json-schema/pointer.js";
import { applicators } from "../../json-schema/walk.js";
import type { JsonSchema } from "../../model/schema.js";
import type { Json, JsonObject } from "../../model/source.js";
import { canonical, NotComparable } from "./formula.js";

/** A schema of a document, in the plain form: every `$ref` is a pointer into `root`. */
export interface Node {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

/** Equivalence classes of schemas, by number. */
export interface Classes {
  classOf(node: Node): number;
  /** Returns one schema of the class. */
  representative(number: number): Node;
}

/** Keywords that reject no value. */
const annotations: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$comment",
  "$defs",
  "definitions",
  "title",
  "description",
  "default",
  "deprecated",
  "examples",
  "readOnly",
  "writeOnly",
  "contentEncoding",
  "contentMediaType",
  "contentSchema",
]);

export function isAnnotation(keyword: string): boolean {
  return annotations.has(keyword) || keyword.startsWith("x-");
}

const maxNodes = 4000;

/** Partitions all reachable schemas into classes: two schemas are equal unless a keyword somewhere in them differs. */
export function classify(roots: readonly JsonSchema[]): Classes {
  const nodes: Node[] = [];
  const indices = new Map<JsonSchema, Map<JsonSchema, number>>();
  const indexOf = (node: Node): number => {
    let byRoot = indices.get(node.schema);
    if (!byRoot) indices.set(node.schema, (byRoot = new Map<JsonSchema, number>()));
    let index = byRoot.get(node.root);
    if (index === undefined) {
      if (nodes.length >= maxNodes) throw new NotComparable("the schemas are too large");
      byRoot.set(node.root, (index = nodes.length));
      nodes.push(node);
    }
    return index;
  };
  for (const root of roots) indexOf({ schema: root, root });
  const signatures: ((classes: readonly number[]) => string)[] = [];
  // The loop extends the list that it iterates: a schema refers to others.
  for (let index = 0; index < nodes.length; index++) signatures.push(signatureOf(nodes[index]!, indexOf));
  let classes: readonly number[] = nodes.map(() => 0);
  for (let count = 0; ;) {
    const numbers = new Map<string, number>();
    const finer = signatures.map((signature, index) => {
      const text = `${classes[index]} ${signature(classes)}`;
      if (!numbers.has(text)) numbers.set(text, numbers.size);
      return numbers.get(text)!;
    });
    classes = finer;
    if (numbers.size === count) break;
    count = numbers.size;
  }
  const representatives = new Map<number, Node>();
  for (const [index, node] of nodes.entries())
    if (!representatives.has(classes[index]!)) representatives.set(classes[index]!, node);
  return {
    classOf: (node) => classes[indices.get(node.schema)!.get(node.root)!]!,
    representative: (number) => representatives.get(number)!,
  };
}

type Signature = (classes: readonly number[]) => string;

/** Returns the text that distinguishes a schema from others, given the classes of its subschemas. */
function signatureOf({ schema, root }: Node, indexOf: (node: Node) => number): Signature {
  if (typeof schema !== "object") return () => String(schema);
  const parts: (string | number)[] = [];
  const below = (child: Json): void => void parts.push(indexOf({ schema: asSchema(child), root }));
  for (const keyword of Object.keys(schema)
    .filter((each) => !isAnnotation(each))
    .sort()) {
    const value = (schema as JsonObject)[keyword]!;
    parts.push(`|${keyword}:`);
    if (keyword === "$ref") parts.push(indexOf({ schema: targetOf(value, root), root }));
    else if (!applicators.has(keyword)) parts.push(canonical(value));
    else if (Array.isArray(value)) (value as readonly Json[]).forEach(below);
    else if (isMap(keyword) && isObject(value))
      for (const name of Object.keys(value).sort()) {
        parts.push(JSON.stringify(name));
        below(value[name]!);
      }
    else below(value);
  }
  return (classes) => parts.map((part) => (typeof part === "number" ? `<${classes[part]}>` : part)).join("");
}

function isMap(keyword: string): boolean {
  return applicators.get(keyword) === "map" || applicators.get(keyword) === "map-or-names";
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asSchema(value: Json | undefined): JsonSchema {
  if (typeof value === "boolean" || isObject(value)) return value;
  throw new NotComparable("a schema is neither an object nor a boolean");
}

/** Returns the target of a reference in a plain schema. */
export function targetOf(reference: Json, root: JsonSchema): JsonSchema {
  if (typeof reference !== "string" || !/^#(?:\/|$)/.test(reference))
    throw new NotComparable(`the reference ${JSON.stringify(reference)} does not resolve`);
  let target: Json | undefined = root as Json;
  for (const token of pointerTokens(decoded(reference.slice(1))))
    target =
      typeof target === "object" && target !== null && Object.hasOwn(target, token)
        ? (target as JsonObject)[token]
        : undefined;
  if (target === undefined) throw new NotComparable(`the reference ${JSON.stringify(reference)} does not resolve`);
  return asSchema(target);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
