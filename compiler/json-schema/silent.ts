import type { Json, JsonObject } from "../model/source.js";
import { applicators } from "./walk.js";

/** What says something to readers, and nothing to validators. */
const words: ReadonlySet<string> = new Set(["title", "description", "$comment"]);

/** The schema without words to its readers: it lets the very same pass. */
export function silent(schema: Json): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const kept = Object.entries(schema as JsonObject).filter(
    ([key, value]) => !(words.has(key) && typeof value === "string"),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, applicators.has(key) ? below(key, value) : value]));
}

function below(key: string, value: Json): Json {
  if (Array.isArray(value)) return value.map(silent);
  const how = applicators.get(key);
  if ((how !== "map" && how !== "map-or-names") || typeof value !== "object" || value === null) return silent(value);
  return Object.fromEntries(Object.entries(value as JsonObject).map(([name, each]) => [name, silent(each)]));
}
