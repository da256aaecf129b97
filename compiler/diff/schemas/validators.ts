import { createAjv, lean } from "../../json-schema/ajv.js";
import { withoutForeignKeywords } from "../../json-schema/foreign.js";
import { withoutAnnotations } from "../../json-schema/without-annotations.js";
import type { JsonSchema } from "../../model/schema.js";
import type { Json } from "../../model/source.js";
import { NotComparable } from "./formula.js";

/**
 * Compilers, shared because creating one takes longer than compiling most schemas. Each keeps all that it has compiled.
 */
const compilers = new Map<boolean, { readonly ajv: ReturnType<typeof createAjv>; uses: number }>();
const maxUses = 200;

// A validator runs a few times, so optimized code takes longer to make than it saves.
const options = { messages: false, validateSchema: false, meta: false, code: { optimize: false } } as const;

function compilerFor(schema: JsonSchema): ReturnType<typeof createAjv> {
  const notes = /"(?:unevaluated|\$dynamic|\$recursive)/.test(JSON.stringify(schema));
  let compiler = compilers.get(notes);
  if (!compiler || compiler.uses >= maxUses) {
    const ajv = lean(createAjv("2020-12", options), schema);
    compilers.set(notes, (compiler = { ajv, uses: 0 }));
  }
  compiler.uses++;
  return compiler.ajv;
}

export type Takes = (value: Json) => boolean;

/** Returns the validator of a plain schema, compiled in the same way as in built servers. */
export function validatorOf(schema: JsonSchema): Takes {
  const compiled = withoutForeignKeywords(withoutAnnotations(schema as Json)) as JsonSchema;
  try {
    const validate = compilerFor(compiled).compile(compiled);
    return (value) => validate(value) === true;
  } catch (error) {
    throw new NotComparable(`a schema is not valid: ${(error as Error).message}`, { cause: error });
  }
}
