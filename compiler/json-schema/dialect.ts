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

/** Returns the dialect in `$schema`; 2020-12 without one; `undefined` for an unsupported one. */
export function dialectOf(schema: JsonSchema): Dialect | undefined {
  const declared = typeof schema === "object" && schema !== null ? schema["$schema"] : undefined;
  if (declared === undefined) return "2020-12";
  return typeof declared === "string" ? dialects[declared.replace(/#$/, "")] : undefined;
}

/** The values of `$schema` by dialect. */
export const dialectUris = {
  "draft-07": "http://json-schema.org/draft-07/schema#",
  "2019-09": "https://json-schema.org/draft/2019-09/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
} as const satisfies Record<Dialect, string>;

/** Keywords of all supported dialects, and common annotations. */
const shared = (
  "$schema $id $ref $comment $defs definitions " +
  "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern format " +
  "items contains maxItems minItems uniqueItems properties patternProperties additionalProperties propertyNames " +
  "required maxProperties minProperties allOf anyOf oneOf not if then else " +
  "title description default examples deprecated readOnly writeOnly contentEncoding contentMediaType " +
  // Annotations of editors, OpenAPI and forms.
  "enumNames enumDescriptions markdownDescription markdownEnumDescriptions deprecationMessage errorMessage " +
  "patternErrorMessage defaultSnippets example externalDocs xml propertyOrder propertyOrdering"
).split(" ");
const since2019 = (
  "$anchor $dynamicRef $dynamicAnchor $recursiveRef $recursiveAnchor $vocabulary unevaluatedItems " +
  "unevaluatedProperties maxContains minContains dependentRequired dependentSchemas contentSchema"
).split(" ");

/** The keywords of each dialect; ajv ignores others. */
export const keywordsOf: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  "draft-07": new Set([...shared, "additionalItems", "dependencies"]),
  "2019-09": new Set([...shared, ...since2019, "additionalItems"]),
  "2020-12": new Set([...shared, ...since2019, "prefixItems"]),
};

/** Checked formats. */
export const knownFormats: ReadonlySet<string> = new Set(
  Object.keys(formats).map((name) => name.replace(/_format$/, "").replaceAll("_", "-")),
);

/** Formats of JSON Schema that mcpc does not check. */
export const uncheckedFormats: ReadonlySet<string> = new Set(["idn-email", "idn-hostname", "iri", "iri-reference"]);

/** Formats of schema generators beyond JSON Schema, which no validator checks. */
export const annotationFormats: ReadonlySet<string> = new Set(
  // Registered for OpenAPI.
  (
    "base64url char commonmark date-time-local decimal decimal128 double-int html http-date int8 int16 media-range " +
    "sf-binary sf-boolean sf-decimal sf-integer sf-string sf-token time-local uint8 uint16 uint32 uint64 " +
    // Rust's schemars.
    "int uint int128 uint128 partial-date-time ip " +
    // Zod.
    "base64 cidrv4 cidrv6 cuid cuid2 e164 emoji guid jwt ksuid lowercase mac nanoid ulid uppercase xid " +
    // Pydantic.
    "color directory-path file-path ipvanyaddress ipvanyinterface ipvanynetwork ipv4interface ipv4network " +
    "ipv6interface ipv6network json-string multi-host-uri name-email path phone time-delta uuid1 uuid3 uuid4 uuid5 " +
    "uuid6 uuid7 uuid8 " +
    // Protocol Buffers and Google's APIs.
    "bytes fixed32 fixed64 sfixed32 sfixed64 sint32 sint64 google-datetime google-duration google-fieldmask " +
    // .NET.
    "date-span time-span " +
    // Others.
    "bigint float16 float32 float64 hex long semver timestamp unix-time unixtime"
  ).split(" "),
);
