import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import type { Ajv, ValidateFunction } from "ajv";
import type * as Standalone from "ajv/dist/standalone/index.js";
import { createPlainAjv, lean } from "../json-schema/ajv.js";
import type { Dialect, JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";

/** A validator that the package ships as a file, so that no build has to compile it. */
interface Precompiled {
  /** The fingerprint of its source. */
  readonly of: string;
  readonly validate: ValidateFunction;
}

/** Validates manifests by `mcp.schema.json`. */
export function manifestValidator(schema: JsonObject): ValidateFunction {
  return memoized(schema, () => {
    return fromPackage("manifests", fingerprint(schema)) ?? ofManifests(schema).validate;
  });
}

function fingerprint(schema: JsonObject): string {
  return createHash("sha256").update(JSON.stringify(schema)).digest("base64url");
}

/** Validates schemas by their dialect's own. */
export function schemaValidator(dialect: Dialect): ValidateFunction {
  return memoized(dialect, () => fromPackage(dialect, dialect) ?? ofSchemas(dialect).validate);
}

const validators = new Map<unknown, ValidateFunction>();

function memoized(key: unknown, make: () => ValidateFunction): ValidateFunction {
  let validate = validators.get(key);
  if (!validate) validators.set(key, (validate = make()));
  return validate;
}

function fromPackage(name: string, of: string): ValidateFunction | undefined {
  try {
    const module = createRequire(import.meta.url)(`./${fileOf(name)}`) as Precompiled;
    return module.of === of ? module.validate : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

function fileOf(name: string): string {
  return `validator-of-${name}.cjs`;
}

/** Returns the code of these validators, as CommonJS modules by name. */
export function precompiled(schema: JsonObject): ReadonlyMap<string, string> {
  const dialects = ["draft-07", "2019-09", "2020-12"] as const;
  return new Map([
    [fileOf("manifests"), moduleOf(ofManifests(schema, true), fingerprint(schema))],
    ...dialects.map((dialect) => [fileOf(dialect), moduleOf(ofSchemas(dialect, true), dialect)] as const),
  ]);
}

interface Compiled {
  readonly ajv: Ajv;
  readonly id: string;
  readonly validate: ValidateFunction;
}

function moduleOf({ ajv, id }: Compiled, of: string): string {
  const standalone = createRequire(import.meta.url)("ajv/dist/standalone/index.js") as typeof Standalone;
  return `${standalone.default.default(ajv, { validate: id })}exports.of = ${JSON.stringify(of)};\n`;
}

// Code optimizations take longer than they save.
const optimize = false;

/** Removes descriptions, which serve editors only, and the keywords of schemas, which their dialects check. */
function withoutHelp(schema: JsonObject): JsonObject {
  const isHelp = (key: string, value: Json): boolean => {
    if (key === "description" || key === "markdownDescription") return typeof value === "string";
    return key === "keywords" || key === "unevaluatedProperties" || (key === "allOf" && isKeywords(value));
  };
  const text = JSON.stringify(schema, (key, value: Json) => (isHelp(key, value) ? undefined : value));
  return JSON.parse(text) as JsonObject;
}

function isKeywords(allOf: Json): boolean {
  return JSON.stringify(allOf) === '[{"$ref":"#/$defs/keywords"}]';
}

function ofManifests(manifestSchema: JsonObject, source = false): Compiled {
  const schema = withoutHelp(manifestSchema);
  const options = { validateSchema: false, meta: false, inlineRefs: false, verbose: true, code: { optimize, source } };
  const ajv = lean(createPlainAjv("2020-12", options), schema as JsonSchema);
  const id = "manifests";
  ajv.addSchema(schema, id);
  return { ajv, id, validate: ajv.getSchema(id)! };
}

function ofSchemas(dialect: Dialect, source = false): Compiled {
  const ajv = createPlainAjv(dialect, { validateFormats: false, code: { optimize, source } });
  const id = String(ajv.defaultMeta());
  return { ajv, id, validate: ajv.getSchema(id)! };
}
