import { diagnose, respell, type Diagnostic, type Fix } from "../diagnostics/diagnostic.js";
import { certain, certainKey, nearest } from "../diagnostics/suggest.js";
import { keywordsOf, knownFormats } from "../json-schema/dialect.js";
import type { Dialect } from "../model/schema.js";
import type { JsonObject, LocatedObject, Member } from "../model/source.js";

/** Words of a schema that no validator heeds: keywords that its dialect lacks, formats that nobody knows. */
export function checkKeywords(
  schema: LocatedObject,
  dialect: Dialect,
  isValid: (schema: JsonObject) => boolean,
  diagnostics: Diagnostic[],
): void {
  for (const member of schema.members) {
    const { key, node } = member;
    if (key === "format" && typeof node.value === "string" && !knownFormats.has(node.value)) {
      const parameters = { format: node.value, suggestion: nearest(node.value, knownFormats) };
      const fix = respell(node.span, certain(node.value, knownFormats));
      diagnostics.push(diagnose("schema/unknown-format", node.span, parameters, [], fix));
    } else if (!keywordsOf[dialect].has(key) && !key.startsWith("x-"))
      diagnostics.push(unknownKeyword(schema, member, dialect, isValid));
  }
}

function unknownKeyword(
  schema: LocatedObject,
  { key, keySpan, node }: Member,
  dialect: Dialect,
  isValid: (schema: JsonObject) => boolean,
): Diagnostic {
  const known = [...keywordsOf[dialect]];
  const meant = certainKey(key, Object.keys(schema.value), known);
  const fix: Fix | undefined =
    meant !== undefined && isValid({ [meant]: node.value }) ? respell(keySpan, meant) : undefined;
  const instead = Object.hasOwn(others, key) ? others[key] : undefined;
  const suggestion = instead === undefined ? nearest(key, known) : undefined;
  return diagnose("schema/unknown-keyword", keySpan, { keyword: key, dialect, instead, suggestion }, [], fix);
}

/** What says the same, for keywords of another dialect or another language of schemas. */
const others: Readonly<Record<string, string>> = {
  additionalItems: 'write "items": what follows "prefixItems" obeys it',
  dependencies: 'write "dependentRequired" or "dependentSchemas"',
  dependentRequired: 'write "dependencies", or name a newer dialect with "$schema"',
  dependentSchemas: 'write "dependencies", or name a newer dialect with "$schema"',
  disallow: 'write "not"',
  discriminator: 'remove it; "oneOf" with a "const" in each choice is understood',
  divisibleBy: 'write "multipleOf"',
  extends: 'write "allOf"',
  id: 'write "$id"; to name a property, put it into "properties"',
  nullable: 'write "type": ["…", "null"]',
  prefixItems: 'write "items" as a list, or name the dialect 2020-12 with "$schema"',
};
