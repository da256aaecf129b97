import { createRequire } from "node:module";
import type { Ajv, CodeKeywordDefinition, KeywordCxt, Options } from "ajv";
import type * as Ajv2019 from "ajv/dist/2019.js";
import type * as Ajv2020 from "ajv/dist/2020.js";
import type * as Utilities from "ajv/dist/compile/util.js";
import * as formats from "@mcpc/runtime/codegen/v1/formats";
import type { Dialect, JsonSchema } from "../model/schema.js";

export type { ErrorObject } from "ajv";

/** Loaded when first asked for: few builds compile a schema. */
const require = createRequire(import.meta.url);
const ajvOf = {
  "draft-07": () => (require("ajv") as typeof import("ajv")).Ajv,
  "2019-09": () => (require("ajv/dist/2019.js") as typeof Ajv2019).Ajv2019,
  "2020-12": () => (require("ajv/dist/2020.js") as typeof Ajv2020).Ajv2020,
} as const satisfies Record<Dialect, unknown>;

/** Annotations that MCP adds to JSON Schema. */
const vocabulary = ["x-mcp-header"];

/**
 * The one configuration of ajv: what checks a schema is what emits its validator. Unknown keywords and formats pass
 * here (they are warnings elsewhere); only own properties count, so that `constructor` is a name like any other.
 */
export function createAjv(dialect: Dialect, options: Options = {}): Ajv {
  const ajv: Ajv = new (ajvOf[dialect]())({
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
  const { _ } = require("ajv") as typeof import("ajv");
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
  const { _, Name } = require("ajv") as typeof import("ajv");
  const { mergeEvaluated } = require("ajv/dist/compile/util.js") as typeof Utilities;
  definition.code = (cxt: KeywordCxt): void => {
    const { gen, it } = cxt;
    const before = it.props;
    if (!(before instanceof Name)) return code(cxt);
    it.props = gen.var("props", _`{}`);
    code(cxt);
    it.props = mergeEvaluated.props(gen, it.props, before);
  };
}
