import { isObject } from "../diff/schemas/classes.js";
import type { SurfaceSection } from "../diff/surface.js";
import type { Json, JsonObject } from "../model/source.js";

/** The fields of the protocol that entries have, by section. */
const listedFields: Readonly<Record<SurfaceSection, readonly string[]>> = {
  tools: ["name", "title", "description", "inputSchema", "outputSchema", "annotations", "icons", "execution", "_meta"],
  resources: ["uri", "name", "title", "description", "mimeType", "size", "annotations", "icons", "_meta"],
  resourceTemplates: ["uriTemplate", "name", "title", "description", "mimeType", "annotations", "icons", "_meta"],
  prompts: ["name", "title", "description", "arguments", "icons", "_meta"],
};

/** Fields of a prompt's argument; servers that mcpc builds list defaults, too. */
const argumentFields = ["name", "title", "description", "required", "default"];
const serverFields = ["name", "title", "version", "description", "websiteUrl", "icons"];

/** An object with only some of its fields, in their order, and the names of the others. */
interface Selection {
  readonly value: JsonObject;
  readonly others: readonly string[];
}

/**
 * Returns the fields of a listed entry that are the protocol's. The manifest language has fields of its own, such as
 * `handler` and `file`; a foreign server must not be able to set them.
 */
export function listedEntry(section: SurfaceSection, listed: JsonObject): Selection {
  const { value, others } = selected(listed, listedFields[section]);
  const given = section === "prompts" ? value["arguments"] : undefined;
  if (!Array.isArray(given)) return { value, others };
  const parts = (given as readonly Json[]).map((each) => (isObject(each) ? selected(each, argumentFields) : undefined));
  const foreign = parts.flatMap((part) => part?.others.map((name) => `arguments.${name}`) ?? []);
  return {
    value: { ...value, arguments: parts.map((part, index) => part?.value ?? (given[index] as Json)) },
    others: [...others, ...new Set(foreign)],
  };
}

/** Returns the `server` section for what a server says about itself. */
export function listedServer(info: JsonObject, instructions: Json | undefined): Selection {
  const { value, others } = selected(info, serverFields);
  const { name, version } = value;
  return {
    value: {
      ...value,
      name: typeof name === "string" && name !== "" ? name : "imported",
      version: typeof version === "string" && version !== "" ? version : "0.0.0",
      ...(typeof instructions === "string" && { instructions }),
    },
    others,
  };
}

/**
 * Returns the first reference of a schema that leads out of it. In a manifest, such a reference would read a file of
 * the project.
 */
export function outwardReference(schema: Json): string | undefined {
  if (Array.isArray(schema)) return first(schema as readonly Json[]);
  if (!isObject(schema)) return undefined;
  for (const keyword of ["$ref", "$dynamicRef", "$recursiveRef"]) {
    const reference = schema[keyword];
    if (typeof reference === "string" && !reference.startsWith("#")) return reference;
  }
  return first(Object.values(schema));
}

function first(parts: readonly Json[]): string | undefined {
  for (const part of parts) {
    const found = outwardReference(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

function selected(object: JsonObject, fields: readonly string[]): Selection {
  const [own, others]: [[string, Json][], string[]] = [[], []];
  for (const [key, value] of Object.entries(object))
    if (fields.includes(key)) own.push([key, value]);
    else others.push(key);
  return { value: Object.fromEntries(own), others };
}
