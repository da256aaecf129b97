import { isObject } from "../../diff/schemas/classes.js";
import type { Json, JsonObject } from "../../model/source.js";
import { membersOf, objectAt, type OpenApiDocument } from "./document.js";

/** A form's schema in which files are texts in base64, and the names of the files. */
export interface FormWithFiles {
  readonly schema: Json | undefined;
  readonly files: readonly string[];
}

/** Finds the properties of a form that are files, alone or in a list (OpenAPI 3.1, "Considerations for File Uploads"). */
export function formWithFiles(document: OpenApiDocument, schema: Json | undefined): FormWithFiles {
  if (!isObject(schema)) return { schema, files: [] };
  const form = objectAt(document, schema, "a schema");
  const members = membersOf(form["properties"]).map(([name, each]) => [name, each, asFile(document, each)] as const);
  const files = members.flatMap(([name, , file]) => (file === undefined ? [] : [name]));
  if (files.length === 0) return { schema, files };
  const properties = Object.fromEntries(members.map(([name, each, file]) => [name, file ?? each]));
  return { schema: { ...form, properties }, files };
}

/** Returns the schema of a file, or of a list of files, as base64; undefined for another schema. */
function asFile(document: OpenApiDocument, schema: Json): JsonObject | undefined {
  if (!isObject(schema)) return undefined;
  const property = objectAt(document, schema, "a schema");
  if (isBytes(property)) return base64(property);
  if (property["type"] !== "array" || !isObject(property["items"])) return undefined;
  const items = objectAt(document, property["items"], "a schema");
  return isBytes(items) ? { ...property, items: base64(items) } : undefined;
}

/** Whether a schema describes bytes: by its format, or (3.1) by a media type of unencoded content. */
function isBytes(schema: JsonObject): boolean {
  if (schema["contentEncoding"] !== undefined) return false;
  if (schema["type"] !== undefined && schema["type"] !== "string") return false;
  return schema["format"] === "binary" || typeof schema["contentMediaType"] === "string";
}

function base64({ format: _, description, ...rest }: JsonObject): JsonObject {
  const text = "The file's content, in base64.";
  return {
    ...rest,
    type: "string",
    contentEncoding: "base64",
    description: typeof description === "string" ? `${description.trimEnd()} ${text}` : text,
  };
}
