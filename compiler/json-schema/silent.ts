import type { Json, JsonObject } from "../model/source.js";
import { mapped } from "./walk.js";

/** Annotations: keywords for readers that validators ignore. */
const words: ReadonlySet<string> = new Set(["title", "description", "$comment"]);

/** The schema without words to its readers: it lets the very same pass. */
export function silent(schema: Json): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const kept = Object.entries(schema as JsonObject).filter(
    ([key, value]) => !(words.has(key) && typeof value === "string"),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, mapped(key, value, silent)]));
}
