import { isObject } from "../../diff/schemas/classes.js";
import type { Json, JsonObject } from "../../model/source.js";
import { itemsOf, membersOf, objectAt, type OpenApiDocument } from "./document.js";
import { isJsonType } from "./parameters.js";
import { schemaTranslator } from "./schemas.js";

/** The result of a tool. */
export interface ApiOutput {
  /** The `outputSchema`, if all successes are objects. */
  readonly schema: JsonObject | undefined;
  /** The media type to ask for, if the document names one. */
  readonly accept: string | undefined;
}

/** Returns the result of an operation. A result that is no object, or not always one, is text. */
export function outputOf(
  document: OpenApiDocument,
  operation: JsonObject,
  report: (sentence: string) => void,
): ApiOutput {
  const successes = membersOf(operation["responses"]).filter(([status]) => /^2(?:\d\d|XX)$/i.test(status));
  const contents = successes.map(([, response]) =>
    membersOf(objectAt(document, response, "a response")["content"]).map(([type, media]) => [type, media] as const),
  );
  const accept = contents.flat().find(([type]) => isJsonType(type)) ?? contents.flat()[0];
  const accepted = accept?.[0].split(";")[0]!.trim();
  const schemas = contents.map((types) => {
    const json = types.find(([type]) => isJsonType(type))?.[1];
    return isObject(json) ? json["schema"] : undefined;
  });
  const result = (schema: JsonObject | undefined): ApiOutput => ({ schema, accept: accepted });
  if (schemas.length === 0 || schemas.every((schema) => schema === undefined)) return result(undefined);
  const isAlwaysObject = schemas.every((schema) => schema !== undefined && isObjectSchema(document, schema));
  if (!isAlwaysObject) {
    if (schemas.some((schema) => schema !== undefined && isObjectSchema(document, schema)))
      report("only some of its successful responses are objects, so its result is text");
    return result(undefined);
  }
  const translator = schemaTranslator(document, "output", report);
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema!])).values()];
  const translated = distinct.map((schema) => translator.translate(rootOf(document, schema)));
  const schema: JsonObject =
    translated.length === 1 ? withType(translated[0]!) : { type: "object", anyOf: translated.map(withType) };
  const definitions = translator.definitions();
  return result({ ...schema, ...(definitions && { $defs: definitions }) });
}

/** Returns the schema itself instead of a reference to it, since some clients read no reference at the root. */
function rootOf(document: OpenApiDocument, schema: Json): Json {
  return isObject(schema) && typeof schema["$ref"] === "string" ? objectAt(document, schema, "a schema") : schema;
}

function withType(schema: Json): JsonObject {
  return { type: "object", ...(isObject(schema) ? schema : {}) };
}

/** Whether all values of a schema are objects. */
function isObjectSchema(document: OpenApiDocument, schema: Json, depth = 0): boolean {
  if (depth > 20 || !isObject(schema)) return false;
  if (typeof schema["$ref"] === "string")
    return isObjectSchema(document, objectAt(document, schema, "a schema"), depth + 1);
  if (schema["nullable"] === true) return false;
  if (schema["type"] !== undefined) return schema["type"] === "object";
  if (itemsOf(schema["allOf"]).some((each) => isObjectSchema(document, each, depth + 1))) return true;
  const alternatives = [itemsOf(schema["oneOf"]), itemsOf(schema["anyOf"])].find(({ length }) => length > 0);
  if (alternatives) return alternatives.every((each) => isObjectSchema(document, each, depth + 1));
  return isObject(schema["properties"]);
}
