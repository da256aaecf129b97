import * as formats from "@mcpc/runtime/codegen/v1/formats";
import type { Dialect, JsonSchema } from "../model/schema.js";

const dialects: Readonly<Record<string, Dialect>> = {
  "http://json-schema.org/draft-07/schema": "draft-07",
  "https://json-schema.org/draft-07/schema": "draft-07",
  "http://json-schema.org/schema": "2020-12",
  "https://json-schema.org/schema": "2020-12",
  "https://json-schema.org/draft/2019-09/schema": "2019-09",
  "https://json-schema.org/draft/2020-12/schema": "2020-12",
};

/** The dialect a schema declares with `$schema`; 2020-12 when it declares none; undefined for any other. */
export function dialectOf(schema: JsonSchema): Dialect | undefined {
  const declared = typeof schema === "object" ? schema["$schema"] : undefined;
  if (declared === undefined) return "2020-12";
  return typeof declared === "string" ? dialects[declared.replace(/#$/, "")] : undefined;
}

/** The dialects by the URI to write in `$schema`. */
export const dialectUris = {
  "draft-07": "http://json-schema.org/draft-07/schema#",
  "2019-09": "https://json-schema.org/draft/2019-09/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
} as const satisfies Record<Dialect, string>;

/** Keywords of all supported dialects, and annotations that are common enough not to be slips. */
const shared = (
  "$schema $id $ref $comment $defs definitions " +
  "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern format " +
  "items contains maxItems minItems uniqueItems properties patternProperties additionalProperties propertyNames " +
  "required maxProperties minProperties allOf anyOf oneOf not if then else " +
  "title description default examples deprecated readOnly writeOnly contentEncoding contentMediaType " +
  // Of editors, OpenAPI and forms.
  "enumNames enumDescriptions markdownDescription markdownEnumDescriptions deprecationMessage errorMessage " +
  "patternErrorMessage defaultSnippets example externalDocs xml propertyOrder propertyOrdering"
).split(" ");
const since2019 = (
  "$anchor $dynamicRef $dynamicAnchor $recursiveRef $recursiveAnchor $vocabulary unevaluatedItems " +
  "unevaluatedProperties maxContains minContains dependentRequired dependentSchemas contentSchema"
).split(" ");

/** What means something in a schema of each dialect; ajv ignores the rest. */
export const keywordsOf: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  "draft-07": new Set([...shared, "additionalItems", "dependencies"]),
  "2019-09": new Set([...shared, ...since2019, "additionalItems"]),
  "2020-12": new Set([...shared, ...since2019, "prefixItems"]),
};

/** Formats that are checked. */
export const knownFormats: ReadonlySet<string> = new Set(
  Object.keys(formats).map((name) => name.replace(/_format$/, "").replaceAll("_", "-")),
);
