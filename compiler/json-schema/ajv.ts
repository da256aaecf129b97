import { createRequire } from "node:module";
import type { Ajv, CodeKeywordDefinition, KeywordCxt, Options } from "ajv";
import type * as Ajv2019 from "ajv/dist/2019.js";
import type * as Ajv2020 from "ajv/dist/2020.js";
import * as formats from "@mcpc/runtime/codegen/v1/formats";
import { isMultipleOf, repeatedItems } from "@mcpc/runtime/codegen/v1/validation";
import type { Dialect, JsonSchema } from "../model/schema.js";
import { noteEvaluated } from "./evaluated.js";
import { discriminateUnions } from "./unions.js";

export type { ErrorObject } from "ajv";

/** Loaded on demand: few builds compile a schema. */
const require = createRequire(import.meta.url);
const ajvOf = {
  "draft-07": () => (require("ajv") as typeof import("ajv")).Ajv,
  "2019-09": () => (require("ajv/dist/2019.js") as typeof Ajv2019).Ajv2019,
  "2020-12": () => (require("ajv/dist/2020.js") as typeof Ajv2020).Ajv2020,
} as const satisfies Record<Dialect, unknown>;

/** Annotations that MCP adds to JSON Schema. */
const vocabulary = ["x-mcp-header"];

/**
 * Creates ajv for users' schemas. The same configuration checks schemas and generates validators. The time of a
 * validator grows linearly with the value.
 */
export function createAjv(dialect: Dialect, options: Options = {}): Ajv {
  const ajv = createPlainAjv(dialect, options);
  compareItemsOnce(ajv);
  searchChoices(ajv);
  discriminateUnions(ajv);
  return ajv;
}

/**
 * Creates ajv for manifests and schemas, with only mcpc's own code in its output. It ignores unknown keywords and
 * formats, for which warnings exist elsewhere. Only own properties count, so that `constructor` is an ordinary name.
 */
export function createPlainAjv(dialect: Dialect, options: Options = {}): Ajv {
  const ajv: Ajv = new (ajvOf[dialect]())({
    allErrors: true,
    strict: false,
    logger: false,
    ownProperties: true,
    ...options,
  });
  for (const [name, format] of Object.entries(formats)) {
    ajv.addFormat(name.replace(/_format$/, "").replaceAll("_", "-"), format);
  }
  ajv.addVocabulary(vocabulary);
  noteEvaluated(ajv);
  divideExactly(ajv);
  matchBoundedOnly(ajv);
  return ajv;
}

/** Turns off records of evaluated members and dynamic anchors, unless the schema needs them. */
export function lean(ajv: Ajv, schema: JsonSchema): Ajv {
  if (/"(?:unevaluated|\$dynamic|\$recursive)/.test(JSON.stringify(schema))) return ajv;
  // The constructor has no such option.
  ajv.opts.unevaluated = false;
  ajv.opts.dynamicRef = false;
  return ajv;
}

/** Skips `pattern` for texts that `maxLength` refuses, which could take long. A character has at most two units. */
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

/** Replaces ajv's comparison of each item with each other one. */
function compareItemsOnce(ajv: Ajv): void {
  const definition = ajv.getKeyword("uniqueItems") as CodeKeywordDefinition;
  const { _ } = require("ajv") as typeof import("ajv");
  definition.code = (cxt: KeywordCxt): void => {
    if (cxt.schema !== true) return;
    const compare = cxt.gen.scopeValue("func", { ref: repeatedItems, code: _`repeatedItems` });
    const pair = cxt.gen.const("pair", _`${compare}(${cxt.data})`);
    cxt.setParams({ i: _`${pair}[0]`, j: _`${pair}[1]` });
    cxt.pass(_`${pair} === undefined`);
  };
}

/** Replaces ajv's comparison with each choice by a set, if all choices are scalars. */
function searchChoices(ajv: Ajv): void {
  const definition = ajv.getKeyword("enum") as CodeKeywordDefinition;
  const { code } = definition;
  const { _ } = require("ajv") as typeof import("ajv");
  definition.code = (cxt: KeywordCxt): void => {
    const choices = cxt.schema as readonly unknown[];
    const isLong = choices.length >= Number(cxt.it.opts.loopEnum ?? 200);
    if (!isLong || choices.some((choice) => typeof choice === "object" && choice !== null)) return code(cxt);
    const set = cxt.gen.scopeValue("obj", { ref: new Set(choices), code: _`new Set(${cxt.schemaCode})` });
    cxt.pass(_`${set}.has(${cxt.data})`);
  };
}

/** Replaces ajv's division, which fails for a large quotient. */
function divideExactly(ajv: Ajv): void {
  const definition = ajv.getKeyword("multipleOf") as CodeKeywordDefinition;
  const { _ } = require("ajv") as typeof import("ajv");
  definition.code = (cxt: KeywordCxt): void => {
    const isMultiple = cxt.gen.scopeValue("func", { ref: isMultipleOf, code: _`isMultipleOf` });
    cxt.pass(_`${isMultiple}(${cxt.data}, ${cxt.schemaCode})`);
  };
}
