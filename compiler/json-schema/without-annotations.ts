import type { Json, JsonObject } from "../model/source.js";
import { mapped } from "./walk.js";

/** Annotations, which validators ignore. */
const annotations: ReadonlySet<string> = new Set(["title", "description", "$comment"]);

/** Removes annotations. The resulting schema accepts the same values. */
export function withoutAnnotations(schema: Json): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const entries = Object.entries(schema as JsonObject).filter(
    ([key, value]) => !(annotations.has(key) && typeof value === "string"),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, mapped(key, value, withoutAnnotations)]));
}
