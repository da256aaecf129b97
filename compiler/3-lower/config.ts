import { selfContained } from "../json-schema/self-contained.js";
import type { Project, SettingDeclaration } from "../model/project.js";
import type { JsonSchema } from "../model/schema.js";
import type { Config, Identifier, Setting } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";
import { schemaFingerprints } from "./entries.js";
import { privateReferences, privateTypes } from "./private-types.js";

/** Lowers the settings: their variables, and one schema for all of them. */
export function lowerConfig({ config, runtime, reachable }: Project): Config | undefined {
  if (!config || !runtime.config) return undefined;
  const node = config.schema;
  const { plain, schema: own } = selfContained({ node, file: node.span.path }, reachable);
  const schema = withDefaults((plain ?? own) as JsonObject);
  const type = "Config" as Identifier;
  const { properties, required = [] } = runtime.config;
  const settings = Object.entries(properties).map(([name, setting]): Setting => {
    const { secret = false, default: preset, description } = setting;
    return {
      name,
      env: config.variables.get(name)!,
      type: typeOf(setting),
      secret,
      ...(preset !== undefined && { default: preset as Json }),
      ...(typeof description === "string" && { description }),
      required: preset === undefined && required.includes(name),
    };
  });
  // A separate module declares the types, with the definitions that they refer to.
  const types = { shared: {}, own: privateTypes(type, privateReferences(schema), new Set([type])) };
  return { schema: { type, schema, types, ...schemaFingerprints(schema), span: node.span }, settings };
}

/** Returns a schema in which settings with defaults are required: they always have a value. */
function withDefaults(schema: JsonObject): JsonSchema {
  const properties = Object.entries((schema["properties"] ?? {}) as JsonObject);
  const preset = properties.flatMap(([name, value]) => (Object.hasOwn(value as object, "default") ? [name] : []));
  const required = new Set([...((schema["required"] ?? []) as string[]), ...preset]);
  return { ...schema, type: "object", required: [...required], additionalProperties: false };
}

/** Returns the type as which a variable's text is parsed. A setting of several types is JSON, unless it is a text. */
function typeOf({ type, enum: values, const: fixed }: SettingDeclaration): Setting["type"] {
  const kinds = new Set<Json>(
    type !== undefined ? [type].flat() : [...(values ?? []), fixed].map((value) => kindOf(value as Json)),
  );
  kinds.delete("null");
  const [only = "string"] = kinds.size <= 1 ? kinds : ["json"];
  if (only === "integer" || only === "number") return "number";
  return only === "string" || only === "boolean" ? only : "json";
}

function kindOf(value: Json | undefined): string {
  return value === undefined || value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}
