import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { quote } from "../diagnostics/catalogue/definition.js";
import { certain, certainKey } from "../diagnostics/suggest.js";
import { isObject } from "../json-schema/in-place.js";
import type { JsonObject, Located, SourceFile } from "../model/source.js";
import { fieldsOf, otherWords, partsOf } from "./fields.js";

/**
 * Warns of members that are called almost like one that `mcp.schema.json` knows, in objects that take others as well:
 * `annotations`, for example.
 */
export function checkOpenObjects(manifest: SourceFile, manifestSchema: JsonObject): Diagnostic[] {
  const found: Diagnostic[] = [];
  visit("a manifest", manifest.root, [manifestSchema], manifestSchema, found);
  return found;
}

function visit(
  what: string,
  node: Located,
  schemas: readonly JsonObject[],
  root: JsonObject,
  found: Diagnostic[],
): void {
  if (node.kind === "scalar") return;
  const parts = schemas.flatMap((schema) => partsOf(schema, root));
  if (node.kind === "array") {
    const items = parts.flatMap(({ items }) => (isObject(items) ? [items] : []));
    if (items.length > 0) for (const item of node.items) visit(what, item, items, root, found);
    return;
  }
  const known = [...new Set(parts.flatMap((part) => Object.keys(fieldsOf(part))))];
  const isOpen = known.length > 0 && parts.every((part) => !isClosed(part) && !("allOf" in part));
  const keys = node.members.map(({ key }) => key);
  for (const { key, keySpan, node: member } of node.members) {
    const below = parts.flatMap((part) => [fieldsOf(part)[key] ?? part["additionalProperties"]].filter(isObject));
    if (below.length > 0) visit(quote(key), member, below, root, found);
    if (!isOpen || known.includes(key)) continue;
    const meant = certainKey(key, keys, known, intended);
    if (meant === undefined) continue;
    const parameters = { property: key, what, suggestion: meant };
    found.push(diagnose("manifest/misspelt-property", keySpan, parameters, [], respell(keySpan, meant)));
  }
}

function intended(word: string, known: readonly string[]): string | undefined {
  return certain(word, known) ?? known.find((name) => otherWords[name]?.includes(word));
}

function isClosed({ additionalProperties, unevaluatedProperties }: JsonObject): boolean {
  return additionalProperties === false || unevaluatedProperties === false;
}
