import { explain, type ValidationError } from "@mcpc/runtime/codegen/v1/explain";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { createAjv } from "../json-schema/ajv.js";
import { withoutForeignKeywords } from "../json-schema/foreign.js";
import { child, locate } from "../json-schema/pointer.js";
import type { Reachable } from "../json-schema/resolve.js";
import type { Project, SettingDeclaration } from "../model/project.js";
import type { Config, Identifier, Setting } from "../model/server.js";
import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject, Located, Span } from "../model/source.js";
import { selfContained } from "./schemas.js";

/** The settings: their variables, and one schema of them all. */
export function lowerConfig({ config, runtime, server }: Project, reachable: Reachable): Config | undefined {
  if (!config || !runtime.config) return undefined;
  const made = selfContained({ node: config, file: config.span.path }, "Config" as Identifier, reachable, new Map());
  const { plain = made.schema, ...rest } = made;
  const schema = { ...rest, schema: withDefaults(plain as JsonObject) };
  const { properties, required = [] } = runtime.config;
  const settings = Object.entries(properties).map(([name, setting]): Setting => {
    const { env = variable(`${server.value.name}_${name}`), secret = false } = setting;
    const { default: preset, description } = setting;
    return {
      name,
      env,
      type: typeOf(setting),
      secret,
      ...(preset !== undefined && { default: preset as Json }),
      ...(typeof description === "string" && { description }),
      required: preset === undefined && required.includes(name),
    };
  });
  return { schema, settings };
}

/** A setting with a default is always there. */
function withDefaults(schema: JsonObject): JsonSchema {
  const properties = Object.entries((schema["properties"] ?? {}) as JsonObject);
  const preset = properties.flatMap(([name, value]) => (Object.hasOwn(value as object, "default") ? [name] : []));
  const required = new Set([...((schema["required"] ?? []) as string[]), ...preset]);
  return { ...schema, type: "object", required: [...required], additionalProperties: false };
}

/** `apiUrl` of `weather` → `WEATHER_API_URL`. */
function variable(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[^A-Za-z0-9]+/g, "_");
  return words
    .replace(/^_+|_+$/g, "")
    .replace(/^(?=\d)/, "_")
    .toUpperCase();
}

/** Returns the kind of value that a variable's text stands for. A setting that may be of several types is JSON, but for a text. */
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

/** A variable stands for one setting, and a default is a value that the setting may have. */
export function checkConfig({ config: node }: Project, config: Config | undefined): Diagnostic[] {
  if (!node || !config) return [];
  const properties = child(node, "properties")!;
  return [...sharedVariables(config, properties), ...wrongDefaults(config, properties)];
}

function sharedVariables({ settings }: Config, properties: Located): Diagnostic[] {
  const spanOf = (name: string): Span =>
    properties.kind === "object" ? properties.members.find(({ key }) => key === name)!.keySpan : properties.span;
  const first = new Map<string, string>();
  return settings.flatMap(({ name, env }) => {
    const other = first.get(env);
    first.set(env, other ?? name);
    if (other === undefined) return [];
    const related = [{ span: spanOf(other), message: "first here" }];
    return [diagnose("name/duplicate", spanOf(name), { kind: "setting", name: env }, related)];
  });
}

function wrongDefaults({ schema, settings }: Config, properties: Located): Diagnostic[] {
  const { required: _, ...optional } = schema.schema as JsonObject;
  const ajv = createAjv("2020-12", { meta: false, validateSchema: false, messages: false });
  const validate = ajv.compile(withoutForeignKeywords(optional) as JsonSchema);
  return settings.flatMap(({ name, default: preset }) => {
    if (preset === undefined || validate({ [name]: preset })) return [];
    const reason = explain((validate.errors ?? []) as ValidationError[], "default");
    return [diagnose("manifest/invalid-value", locate(properties, [name, "default"])!.span, { reason })];
  });
}
