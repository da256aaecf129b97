import type { ErrorObject } from "ajv";
import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { oneOf, quote } from "../diagnostics/catalogue/definition.js";
import { certain, certainKey, nearest } from "../diagnostics/suggest.js";
import { locate, pointerTokens } from "../json-schema/pointer.js";
import { manifestValidator } from "./precompiled.js";
import { isObject } from "../json-schema/in-place.js";
import type { Json, JsonObject, Located, SourceFile, Span } from "../model/source.js";
import { fieldsOf, otherWords, placeOf } from "./fields.js";

/** Checks a manifest against `mcp.schema.json`. Each diagnostic points at the wrong key or value. */
export function checkShape(manifest: SourceFile, manifestSchema: JsonObject): Diagnostic[] {
  const validate = manifestValidator(manifestSchema);
  if (validate(manifest.root.value)) return [];
  return (validate.errors ?? [])
    .map((error) => translate(error, manifest.root, manifestSchema))
    .filter((found) => found !== undefined);
}

function translate(error: ErrorObject, root: Located, manifestSchema: JsonObject): Diagnostic | undefined {
  const tokens = pointerTokens(error.instancePath);
  const node = locate(root, tokens);
  if (!node) throw new Error(`no value at ${error.instancePath}`);
  const what = describe(tokens);
  switch (error.keyword) {
    case "additionalProperties": {
      const property = String(error.params["additionalProperty"]);
      const span = keySpan(node, property);
      if (tokens.length === 0 && property === "mcpServers") return diagnose("manifest/client-configuration", span, {});
      const names = Object.keys((error.parentSchema?.["properties"] ?? {}) as object);
      const meant = certainKey(property, Object.keys(node.value as JsonObject), names);
      const suggestion = nearest(property, names) ?? names.find((name) => otherWords[name]?.includes(property));
      const place = suggestion === undefined ? placed(property, error, manifestSchema) : undefined;
      const parameters = { property, what, suggestion, place, hasMeta: names.includes("_meta") };
      return diagnose("manifest/unknown-property", span, parameters, [], respell(span, meant));
    }
    case "required":
      return diagnose("manifest/missing-property", opening(node), {
        property: String(error.params["missingProperty"]),
        what,
      });
    case "type": {
      const expected = [error.schema as string | string[]].flat().map(withArticle);
      return diagnose("manifest/wrong-type", node.span, {
        what,
        expected,
        actual: typeName(node.value),
        instead: instead(error, node.value, tokens.at(-1)),
      });
    }
    // The errors of the branch that applies are reported separately.
    case "if":
      return undefined;
    case "enum": {
      const meant = certain(String(node.value), (error.schema as Json[]).map(String));
      const fix = typeof node.value === "string" ? respell(node.span, meant) : undefined;
      const help = tokens.at(-1) === "role" && node.value === "system" ? noSystem : undefined;
      return diagnose("manifest/invalid-value", node.span, { reason: reason(error, what), help }, [], fix);
    }
    default:
      return diagnose("manifest/invalid-value", node.span, { reason: reason(error, what) });
  }
}

const noSystem = 'let the "user" say it, or put it into the "instructions" of the server';

/** Describes where an unknown field belongs: below the object, or at its only place in a manifest. */
function placed(property: string, { parentSchema }: ErrorObject, manifestSchema: JsonObject): string | undefined {
  const below = isObject(parentSchema as Json)
    ? placeOf(property, parentSchema as JsonObject, manifestSchema)
    : undefined;
  if (below && !below.some((field) => field.endsWith("[]"))) {
    const written = [...below, property].reduceRight((inner, field) => `{ ${JSON.stringify(field)}: ${inner} }`, "…");
    return `write it as ${written.slice(2, -2)}`;
  }
  if (Object.hasOwn(fieldsOf(manifestSchema), property)) return "it belongs at the top of a manifest";
  const place = placeOf(property, manifestSchema, manifestSchema);
  if (!place) return undefined;
  const path = place.map((field) => field.replace("[]", ""));
  const isEntry = place.at(-1)!.endsWith("[]");
  return `it belongs ${isEntry ? `in an entry of ${quote(path.join("."))}` : `under ${quote(path.join("."))}`}`;
}

/** Describes the valid forms of a value that can express what the user wrote. */
function instead({ schema, parentSchema }: ErrorObject, value: Json, field = ""): string | undefined {
  const expected = [schema as string | string[]].flat();
  if (field === "content" && typeof value === "string")
    return `{ "type": "text", "text": ${value.length < 40 ? JSON.stringify(value) : "…"} }`;
  const isScalar = typeof value !== "object";
  const isNumber = typeof value === "string" && /^\d{1,15}$/.test(value);
  const name = field.replace(/[A-Z]/g, "_$&").toUpperCase();
  const forms = [
    ...(isScalar && expected.includes("array") ? [`[${JSON.stringify(value)}]`] : []),
    ...(isNumber && expected.some((type) => /^(?:integer|number)$/.test(type)) ? [String(Number(value))] : []),
    ...(expected.includes("boolean") && (value === "true" || value === "false") ? [value] : []),
    ...(parentSchema?.["$ref"] === "#/$defs/variable" ? [`{ "env": ${JSON.stringify(name)} }`] : []),
  ];
  return forms.length === 0 || forms.join().length > 100 ? undefined : forms.join(", or ");
}

function reason({ keyword, schema, data, parentSchema }: ErrorObject, what: string): string {
  switch (keyword) {
    case "enum":
      return `${what} must be ${oneOf((schema as Json[]).map(String))}, not ${quote(String(data))}`;
    case "minLength":
      return `${what} must not be empty`;
    case "minItems":
      return `${what} must not be empty`;
    case "minimum":
      return `${what} must be at least ${String(schema)}, not ${String(data)}`;
    case "maximum":
      return `${what} must be at most ${String(schema)}, not ${String(data)}`;
    case "false schema":
      return `${what} does not belong here`;
    case "uniqueItems":
      return `${what} must not name a value twice`;
    case "pattern":
      // Editors show the same message.
      return `${what} cannot be ${quote(String(data))}: ${String(parentSchema?.["patternErrorMessage"])}`;
    default:
      return `${what} does not obey ${quote(keyword)}`;
  }
}

const singular: Readonly<Record<string, string>> = {
  tools: "a tool",
  resources: "a resource",
  resourceTemplates: "a resource template",
  prompts: "a prompt",
  arguments: "an argument",
  examples: "an example",
  messages: "a message",
  icons: "an icon",
};

/** Names the value at a path: `a tool`, `"port"`, …. */
function describe(tokens: readonly string[]): string {
  const last = tokens.at(-1);
  if (last === undefined) return "a manifest";
  const list = tokens.at(-2);
  if (/^\d+$/.test(last) && list !== undefined) return singular[list] ?? `an entry of ${quote(list)}`;
  return quote(last);
}

function keySpan(node: Located, key: string): Span {
  const member = node.kind === "object" ? node.members.find((candidate) => candidate.key === key) : undefined;
  return member?.keySpan ?? node.span;
}

/** Returns the span of the opening brace: an excerpt of a whole object does not help. */
function opening({ span }: Located): Span {
  return { ...span, end: span.start + 1 };
}

export function typeName(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return withArticle(typeof value);
}

function withArticle(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : type === "null" ? type : `a ${type}`;
}
