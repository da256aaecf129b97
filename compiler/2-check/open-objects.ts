import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { quote } from "../diagnostics/catalogue/definition.js";
import { certain, certainKey } from "../diagnostics/suggest.js";
import { isObject } from "../json-schema/in-place.js";
import type { JsonObject, Located, LocatedObject, SourceFile } from "../model/source.js";
import { fieldsOf, otherWords, partsOf } from "./fields.js";

/** The schemas of a value, as far as these checks use them. */
interface Shape {
  /** The schemas of each known field, by its name. */
  readonly fields: ReadonlyMap<string, readonly JsonObject[]>;
  /** The schemas of all other members. */
  readonly others: readonly JsonObject[];
  readonly items: readonly JsonObject[];
  /** Whether an object may have other members than the known ones. */
  readonly isOpen: boolean;
}

/** Checks for misspelt members in objects of manifests that allow additional members, such as `annotations`. */
export interface OpenObjectChecks {
  /** Checks a manifest without the entries of its lists. */
  surroundings(manifest: SourceFile): Diagnostic[];
  /** Checks an entry of a list; `section` is the name of the list. */
  entry(section: string, node: Located): Diagnostic[];
}

/** Warns of members with a name similar to a field of `mcp.schema.json`. */
export function openObjectChecks(manifestSchema: JsonObject): OpenObjectChecks {
  const shapes = new Map<readonly JsonObject[], Shape>();
  const root = [manifestSchema];
  /** Memoized, because a manifest has many values of the same schemas. */
  const shapeFor = (schemas: readonly JsonObject[]): Shape => {
    let shape = shapes.get(schemas);
    if (!shape) shapes.set(schemas, (shape = shapeOf(schemas, manifestSchema)));
    return shape;
  };
  const visit = (what: string, node: Located, schemas: readonly JsonObject[], isList: boolean): Diagnostic[] => {
    if (schemas.length === 0 || node.kind === "scalar") return [];
    const { fields, others, items, isOpen } = shapeFor(schemas);
    if (node.kind === "array") return isList ? [] : node.items.flatMap((item) => visit(what, item, items, false));
    const below = node.members.flatMap(({ key, node: member }) =>
      visit(quote(key), member, fields.get(key) ?? others, schemas === root),
    );
    return isOpen ? [...below, ...slips(what, node, [...fields.keys()])] : below;
  };
  return {
    surroundings: (manifest) => visit("a manifest", manifest.root, root, false),
    entry: (section, node) =>
      visit(quote(section), node, shapeFor(shapeFor(root).fields.get(section) ?? []).items, false),
  };
}

function shapeOf(schemas: readonly JsonObject[], root: JsonObject): Shape {
  const parts = schemas.flatMap((schema) => partsOf(schema, root));
  const names = new Set(parts.flatMap((part) => Object.keys(fieldsOf(part))));
  const below = (name: string): JsonObject[] =>
    parts.flatMap((part) => [fieldsOf(part)[name] ?? part["additionalProperties"]].filter(isObject));
  return {
    fields: new Map([...names].map((name) => [name, below(name)])),
    others: parts.flatMap((part) => [part["additionalProperties"]].filter(isObject)),
    items: parts.flatMap(({ items }) => (isObject(items) ? [items] : [])),
    isOpen: names.size > 0 && parts.every((part) => !isClosed(part) && !("allOf" in part)),
  };
}

function slips(what: string, { members }: LocatedObject, names: readonly string[]): Diagnostic[] {
  const keys = members.map(({ key }) => key);
  return members.flatMap(({ key, keySpan }) => {
    const meant = names.includes(key) ? undefined : certainKey(key, keys, names, intended);
    if (meant === undefined) return [];
    const parameters = { property: key, what, suggestion: meant };
    return [diagnose("manifest/misspelt-property", keySpan, parameters, [], respell(keySpan, meant))];
  });
}

function intended(word: string, names: readonly string[]): string | undefined {
  return certain(word, names) ?? names.find((name) => otherWords[name]?.includes(word));
}

function isClosed({ additionalProperties, unevaluatedProperties }: JsonObject): boolean {
  return additionalProperties === false || unevaluatedProperties === false;
}
