import { createAjv, lean } from "../../json-schema/ajv.js";
import { withoutForeignKeywords } from "../../json-schema/foreign.js";
import { silent } from "../../json-schema/silent.js";
import type { JsonSchema } from "../../model/schema.js";
import type { Json } from "../../model/source.js";
import { NotComparable } from "./formula.js";

export type Takes = (value: Json) => boolean;

/** The validator of a plain schema, compiled as those of built servers are. */
export function validatorOf(schema: JsonSchema): Takes {
  const compiled = withoutForeignKeywords(silent(schema as Json)) as JsonSchema;
  try {
    const ajv = lean(createAjv("2020-12", { messages: false, validateSchema: false, meta: false }), compiled);
    const validate = ajv.compile(compiled);
    return (value) => validate(value) === true;
  } catch (error) {
    throw new NotComparable(`a schema is not valid: ${(error as Error).message}`, { cause: error });
  }
}
