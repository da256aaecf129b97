import type { Declared } from "../model/project.js";
import type { Json, JsonObject } from "../model/source.js";

const own = {
  tool: [
    "handler",
    "upstream",
    "scopes",
    "timeoutMs",
    "text",
    "maxResultTokens",
    "concurrency",
    "cache",
    "errors",
    "elicitations",
    "deferTask",
    "examples",
    "deprecated",
  ],
  resource: ["text", "json", "blob", "file", "handler", "upstream", "subscribe", "cache", "scopes"],
  resourceTemplate: ["params", "complete", "list", "handler", "upstream", "cache", "scopes"],
  prompt: ["messages", "handler", "upstream", "elicitations", "scopes"],
  // Not in the protocol, but other servers list it too: the default value of a form's field.
  argument: ["enum", "complete"],
} as const;

type Kind = keyof typeof own;

/** Returns the listing of an entry: the protocol's fields, in the manifest's order, some with another value. */
export function listing(
  kind: Exclude<Kind, "argument">,
  entry: Declared<object>,
  replaced: Readonly<Record<string, Json>> = {},
): JsonObject {
  const plain = without(entry.node.value as JsonObject, own[kind]);
  const listed = Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [key, Object.hasOwn(replaced, key) ? replaced[key]! : value]),
  );
  if (kind !== "prompt" || !Array.isArray(listed["arguments"])) return listed;
  return { ...listed, arguments: listed["arguments"].map((argument) => without(argument as JsonObject, own.argument)) };
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
