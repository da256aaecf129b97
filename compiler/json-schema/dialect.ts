import { Ajv, type CodeKeywordDefinition, type KeywordCxt, Name, type Options, _ } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { mergeEvaluated } from "ajv/dist/compile/util.js";
import * as formats from "@mcpc/runtime/codegen/v1/formats";
import type { Dialect, JsonSchema } from "../model/schema.js";

export type { ErrorObject } from "ajv";

/** Annotations that MCP adds to JSON Schema. */
const vocabulary = ["x-mcp-header"];

/**
 * The one configuration of ajv: what checks a schema is what emits its validator. Unknown keywords and formats pass
 * here (they are warnings elsewhere); only own properties count, so that `constructor` is a name like any other.
 */
export function createAjv(dialect: Dialect, options: Options = {}): Ajv {
  const constructors = { "draft-07": Ajv, "2019-09": Ajv2019, "2020-12": Ajv2020 };
  const ajv: Ajv = new constructors[dialect]({
    allErrors: true,
    strict: false,
    logger: false,
    ownProperties: true,
    // 19.99 is a multiple of 0.01, whatever binary fractions make of it.
    multipleOfPrecision: 8,
    ...options,
  });
  for (const [name, format] of Object.entries(formats)) {
    ajv.addFormat(name.replace(/_format$/, "").replaceAll("_", "-"), format);
  }
  ajv.addVocabulary(vocabulary);
  notePatternsApart(ajv);
  matchBoundedOnly(ajv);
  return ajv;
}

/** Lets the code of a schema note what was evaluated, and dynamic anchors, only where the schema asks for either. */
export function lean(ajv: Ajv, schema: JsonSchema): Ajv {
  if (/"(?:unevaluated|\$dynamic|\$recursive)/.test(JSON.stringify(schema))) return ajv;
  // Its constructor takes no such option.
  ajv.opts.unevaluated = false;
  ajv.opts.dynamicRef = false;
  return ajv;
}

/** A text that `maxLength` refuses is not matched with `pattern`: that may take long. A character is at most two units. */
function matchBoundedOnly(ajv: Ajv): void {
  const definition = ajv.getKeyword("pattern") as CodeKeywordDefinition;
  const { code } = definition;
  definition.code = (cxt: KeywordCxt): void => {
    const longest: unknown = cxt.parentSchema["maxLength"];
    if (typeof longest !== "number" || !cxt.it.allErrors) code(cxt);
    else cxt.gen.if(_`${cxt.data}.length <= ${2 * longest}`, () => code(cxt));
  };
}

/**
 * What `patternProperties` evaluates is noted by itself, then added to what `anyOf` or `$ref` beside it evaluated: that may
 * be `true` for all, on which ajv's own code would set a property.
 */
function notePatternsApart(ajv: Ajv): void {
  const definition = ajv.getKeyword("patternProperties") as CodeKeywordDefinition;
  const { code } = definition;
  definition.code = (cxt: KeywordCxt): void => {
    const { gen, it } = cxt;
    const before = it.props;
    if (!(before instanceof Name)) return code(cxt);
    it.props = gen.var("props", _`{}`);
    code(cxt);
    it.props = mergeEvaluated.props(gen, it.props, before);
  };
}

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
  "required maxProperties minProperties dependencies allOf anyOf oneOf not if then else " +
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
  "draft-07": new Set([...shared, "additionalItems"]),
  "2019-09": new Set([...shared, ...since2019, "additionalItems"]),
  "2020-12": new Set([...shared, ...since2019, "prefixItems"]),
};

/** Formats that are checked. */
export const knownFormats: ReadonlySet<string> = new Set(
  Object.keys(formats).map((name) => name.replace(/_format$/, "").replaceAll("_", "-")),
);
