import type { JsonObject } from "./source.js";

/** A JSON Schema as written: a boolean or an object of keywords. */
export type JsonSchema = boolean | JsonObject;

/** The dialects a schema may declare with `$schema`; absent means 2020-12. */
export type Dialect = "draft-07" | "2019-09" | "2020-12";
