import { explain, type ValidationError } from "@mcpc/runtime/codegen/v1/explain";
import { createAjv } from "./ajv.js";
import { typeOf } from "./facts.js";
import { withoutForeignKeywords } from "./foreign.js";
import { isObject, type Part } from "./in-place.js";
import { pointer } from "./pointer.js";
import type { Json, JsonObject } from "../model/source.js";

/** Returns the reason why a part of a plain schema refuses a default; `undefined` if it accepts it. */
export function misfit(root: Json, { schema, tokens }: Part, value: Json): string | undefined {
  if (fitsPlainly(schema, value)) return undefined;
  const validate = validatorOf(root as JsonObject, tokens);
  if (validate(value)) return undefined;
  return explain((validate.errors ?? []) as ValidationError[], "default", value);
}

const annotations: ReadonlySet<string> = new Set(["title", "description", "default", "examples", "deprecated"]);

/** Whether the keywords are all simple, and the value passes them. */
function fitsPlainly(schema: Json, value: Json): boolean {
  if (!isObject(schema)) return schema === true;
  return Object.entries(schema).every(
    ([keyword, rule]) => annotations.has(keyword) || (Object.hasOwn(rules, keyword) && rules[keyword]!(rule, value)),
  );
}

const rules: Readonly<Record<string, (rule: Json, value: Json) => boolean>> = {
  type: (rule, value) => [rule].flat().some((name) => isOfType(value, name)),
  enum: (rule, value) => Array.isArray(rule) && rule.includes(value),
  const: (rule, value) => rule === value,
  minimum: (rule, value) => typeof value === "number" && value >= Number(rule),
  maximum: (rule, value) => typeof value === "number" && value <= Number(rule),
};

function isOfType(value: Json, name: Json): boolean {
  return name === "integer" ? Number.isInteger(value) : typeOf(value) === name;
}

const ajvs = new WeakMap<object, ReturnType<typeof createAjv>>();

function validatorOf(root: JsonObject, tokens: readonly string[]): ReturnType<ReturnType<typeof createAjv>["compile"]> {
  let ajv = ajvs.get(root);
  if (!ajv) {
    ajv = createAjv("2020-12", { meta: false, validateSchema: false, messages: false });
    ajv.addSchema(withoutForeignKeywords(root) as JsonObject, "mcpc:root");
    ajvs.set(root, ajv);
  }
  const way = pointer(tokens).split("/").map(encodeURIComponent).join("/");
  return ajv.compile({ $ref: `mcpc:root#${way}` });
}
