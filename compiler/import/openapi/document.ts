import { createRequire } from "node:module";
import type * as Yaml from "yaml";
import { isObject } from "../../diff/schemas/classes.js";
import { NoSide } from "../../diff/surface.js";
import type { Json, JsonObject } from "../../model/source.js";

/** An OpenAPI document of version 3.0 or 3.1, within the limits. References are not resolved. */
export interface OpenApiDocument {
  readonly root: JsonObject;
  /** Whether schemas are those of OpenAPI 3.0, which has keywords of its own. */
  readonly is30: boolean;
  /** The URL that relative URLs refer to, if the document was fetched. */
  readonly url?: string | undefined;
}

/** Longest document, in bytes. The largest public ones have about 13 MB. */
export const maxBytes = 32 * 1024 * 1024;
const maxDepth = 200;
const maxValues = 3_000_000;

const require = createRequire(import.meta.url);

/**
 * Parses a text as an OpenAPI document; returns `undefined` if it is something else. Throws `NoSide` for a document that
 * cannot be imported.
 */
export function parseDocument(text: string, name: string, url?: string): OpenApiDocument | undefined {
  const root = valueOf(text, name);
  if (!isObject(root)) return undefined;
  const { openapi, swagger } = root;
  const shown = JSON.stringify(name);
  if (swagger !== undefined && openapi === undefined)
    throw new NoSide(
      `${shown} is Swagger ${String(swagger)}: convert it to OpenAPI 3, for example with swagger2openapi`,
    );
  // YAML reads a version without quotes as a number.
  if (typeof openapi === "number") throw new NoSide(`"openapi" of ${shown} must be a text such as "3.0.3"`);
  if (typeof openapi !== "string") return undefined;
  if (!/^3\.[01](?:\.|$)/.test(openapi))
    throw new NoSide(`${shown} is OpenAPI ${JSON.stringify(openapi)}: mcpc import reads 3.0 and 3.1`);
  const is30 = openapi.startsWith("3.0");
  // A document of version 3.1 may have webhooks only.
  const isAbsent = !Object.hasOwn(root, "paths");
  if (isAbsent ? is30 : !isObject(root["paths"]))
    throw new NoSide(
      `${shown} has no operations under "paths": it must be an object, such as { "/pets": { "get": … } }`,
    );
  return { root, is30, url };
}

/** Whether a text may be a document: lists of servers are JSON, and name no version of OpenAPI. */
export function mayBeDocument(text: string): boolean {
  return /["']?\b(?:openapi|swagger)["']?\s*:/.test(text);
}

function valueOf(text: string, name: string): Json | undefined {
  const shown = JSON.stringify(name);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    const megabytes = (size: number): number => Math.ceil(size / 1024 / 1024);
    throw new NoSide(
      `${shown} has ${megabytes(bytes)} MB: mcpc import reads documents of up to ${megabytes(maxBytes)} MB`,
    );
  }
  const body = text.replace(/^\uFEFF/, "");
  if (body.trim() === "") throw new NoSide(`${shown} is empty`);
  const isJson = /^\s*[{[]/.test(body);
  try {
    if (isJson) {
      const value = JSON.parse(body) as Json;
      checkSize(value, shown);
      return value;
    }
  } catch (error) {
    if (error instanceof NoSide) throw error;
    // A flow mapping of YAML begins like JSON.
  }
  try {
    const { parse } = require("yaml") as typeof Yaml;
    // Duplicate keys are looked for in quadratic time, so they are not.
    const value = parse(body, { maxAliasCount: 100, uniqueKeys: false, logLevel: "error" }) as Json;
    checkSize(value, shown);
    // Aliases share values, and numbers may be infinite: JSON has neither.
    return JSON.parse(JSON.stringify(value ?? null)) as Json;
  } catch (error) {
    if (error instanceof NoSide) throw error;
    const [reason = ""] = (error as Error).message.split("\n");
    // The parser reports an overflow of the stack as an error of syntax.
    const isDeep = error instanceof RangeError || reason.includes("call stack");
    throw new NoSide(`${shown} is neither JSON nor YAML: ${isDeep ? "it is nested too deeply" : reason}`);
  }
}

/** Throws if a value is too deep or too large, for example because aliases contain each other. */
function checkSize(value: unknown, shown: string): void {
  const open: [value: unknown, depth: number][] = [[value, 0]];
  let count = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [current, depth] = next;
    if (typeof current !== "object" || current === null) continue;
    if (depth > maxDepth) throw new NoSide(`${shown} is nested more than ${maxDepth} levels deep, or contains itself`);
    for (const member of Object.values(current)) {
      if (++count > maxValues) throw new NoSide(`${shown} has more than ${maxValues} values`);
      if (typeof member === "object" && member !== null) open.push([member, depth + 1]);
    }
  }
}

/** Error for a part of a document that cannot become a tool. The message continues "… is left out: ". */
export class NotImportable extends Error {
  override readonly name = "NotImportable";
}

/** Returns the value that a reference of a document leads to. Throws `NotImportable` if it leads out or nowhere. */
export function resolveReference({ root }: OpenApiDocument, reference: string): Json {
  const shown = JSON.stringify(reference);
  if (!reference.startsWith("#")) throw new NotImportable(`it refers to ${shown}, outside the document`);
  let value: Json = root;
  for (const token of reference.slice(1).split("/").slice(1)) {
    const key = decoded(token).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key))
      throw new NotImportable(`it refers to ${shown}, which is not in the document`);
    value = (value as JsonObject)[key]!;
  }
  return value;
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

/** Returns an object, after its references. Throws `NotImportable` if it is none. */
export function objectAt(document: OpenApiDocument, value: Json | undefined, what: string): JsonObject {
  const seen = new Set<string>();
  let current = value;
  while (isObject(current) && typeof current["$ref"] === "string") {
    const reference = current["$ref"];
    if (seen.has(reference)) throw new NotImportable(`${JSON.stringify(reference)} refers to itself`);
    seen.add(reference);
    current = resolveReference(document, reference);
  }
  if (isObject(current)) return current;
  throw new NotImportable(`${what} is no object`);
}

/** Returns the members of an object; none if the value is no object. */
export function membersOf(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : [];
}

export function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function textIn(object: JsonObject, key: string): string | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}
