import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certainKey, nearest, slipOf } from "../diagnostics/suggest.js";
import { annotationFormats, keywordsOf, knownFormats, uncheckedFormats } from "../json-schema/dialect.js";
import type { Dialect } from "../model/schema.js";
import type { JsonObject, Located, LocatedObject, Member } from "../model/source.js";

/** Reports words of a schema that no validator evaluates: keywords outside its dialect, and unknown formats. */
export function checkKeywords(
  schema: LocatedObject,
  dialect: Dialect,
  isValid: (schema: JsonObject) => boolean,
  diagnostics: Diagnostic[],
): void {
  for (const member of schema.members) {
    const { key, node } = member;
    if (key === "format" && typeof node.value === "string") {
      if (!knownFormats.has(node.value) && !annotationFormats.has(node.value))
        diagnostics.push(unknownFormat(node, node.value));
    } else if (!keywordsOf[dialect].has(key) && !key.startsWith("x-"))
      diagnostics.push(unknownKeyword(schema, member, dialect, isValid));
  }
}

/** Reports an unknown format. A format of another schema language is not taken for a typo. */
function unknownFormat({ span }: Located, format: string): Diagnostic {
  const isKnown = uncheckedFormats.has(format);
  const suggestion = isKnown ? undefined : nearest(format, knownFormats);
  const fix = isKnown ? undefined : respell(span, slipOf(format, knownFormats, false));
  return diagnose("schema/unknown-format", span, { format, isKnown, suggestion }, [], fix);
}

function unknownKeyword(
  schema: LocatedObject,
  { key, keySpan, node }: Member,
  dialect: Dialect,
  isValid: (schema: JsonObject) => boolean,
): Diagnostic {
  const keywords = [...keywordsOf[dialect]];
  const instead = Object.hasOwn(others, key) ? others[key] : undefined;
  const meant = certainKey(key, Object.keys(schema.value), keywords, (word, words) => slipOf(word, words, true));
  const isSlip = instead === undefined && meant !== undefined && isValid({ [meant]: node.value });
  const fix = isSlip ? respell(keySpan, meant) : undefined;
  const suggestion = instead === undefined ? nearest(key, keywords) : undefined;
  return diagnose("schema/unknown-keyword", keySpan, { keyword: key, dialect, instead, suggestion }, [], fix);
}

/** Counterparts of keywords of another dialect or another schema language. */
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
  optional: 'remove it; what "required" does not name is optional',
  prefixItems: 'write "items" as a list, or name the dialect 2020-12 with "$schema"',
  requires: 'write "dependentRequired" beside "properties"',
};
