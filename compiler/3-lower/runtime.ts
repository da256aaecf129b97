import type { Reachable } from "../json-schema/resolve.js";
import type { Project, SettingDeclaration } from "../model/project.js";
import type { Config, Identifier, Runtime, Setting, Transports } from "../model/server.js";
import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";
import { selfContained } from "./schemas.js";

/** What is not said is decided here. */
export function lowerTransports(project: Project): Transports {
  const { transports } = project.runtime;
  const stdio = transports ? transports.stdio !== undefined : true;
  const { sse, toolEvents, websocket } = transports ?? {};
  // What is served beside the MCP endpoint brings it along.
  const http = transports ? (transports.http ?? (sse || toolEvents || websocket ? {} : undefined)) : {};
  if (!http) return { stdio };
  const {
    path = "/mcp",
    host = "127.0.0.1",
    port = 3000,
    allowedOrigins = [],
    allowedHosts = [],
    sessions = true,
  } = http;
  const beside = {
    ...(sse && { sse: { path: sse.path ?? "/sse", messagesPath: sse.messages ?? "/messages" } }),
    ...(toolEvents && { toolEvents: true }),
    ...(websocket && { websocket: { path: websocket.path ?? "/ws" } }),
  };
  return { stdio, http: { path, host, port, allowedOrigins, allowedHosts, sessions, ...beside } };
}

/** What surrounds the handlers. */
export function lowerRuntime(project: Project, reachable: Reachable): Runtime {
  const config = lowerConfig(project, reachable);
  return {
    ...(project.hooks !== undefined && { hooks: { file: project.hooks } }),
    ...(config && { config }),
  };
}

function lowerConfig({ config, runtime, server }: Project, reachable: Reachable): Config | undefined {
  if (!config || !runtime.config) return undefined;
  const made = selfContained({ node: config, file: config.span.path }, "Config" as Identifier, reachable, new Map());
  const schema = { ...made, schema: withDefaults(made.schema as JsonObject) };
  const settings = Object.entries(runtime.config.properties).map(([name, setting]): Setting => {
    const { env = variable(`${server.value.name}_${name}`), secret = false } = setting;
    const preset = setting["default"];
    return { name, env, type: typeOf(setting), secret, ...(preset !== undefined && { default: preset }) };
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

/** What a variable's text stands for. A setting that may be of several types is JSON, but for a text. */
function typeOf({ type, enum: values, const: fixed }: SettingDeclaration): Setting["type"] {
  const kinds = new Set<Json>(type !== undefined ? [type].flat() : [...((values ?? []) as Json[]), fixed].map(kindOf));
  kinds.delete("null");
  const [only = "string"] = kinds.size <= 1 ? kinds : ["json"];
  if (only === "integer" || only === "number") return "number";
  return only === "string" || only === "boolean" ? only : "json";
}

function kindOf(value: Json | undefined): string {
  return value === undefined || value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}
