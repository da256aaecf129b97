import type { Json, JsonObject } from "../model/source.js";
import { literal } from "./code.js";

const definition = /^const (schema\d+) = (.*);\n/gm;
/** Pattern of strings, and of the regular expressions of formats, which may contain quotes. */
export const quoted = /(?<=^const formats\d+ = )\/.*\/[a-z]*(?=;$)|"(?:[^"\\]|\\.)*"/gm;

/**
 * Shortens ajv's code. Verdicts stay the same, and failures differ only in `schemaPath`, which no code reads. ajv's
 * code has one statement a line, and no string that spans two lines. Code of an unexpected form stays unchanged.
 */
export function leanCode(code: string): string {
  const schemas = new Map<string, Json>();
  const strings: string[] = [];
  const masked = code
    .replace(definition, (_line, name: string, schema: string) => {
      schemas.set(name, JSON.parse(schema) as Json);
      return "";
    })
    // Placeholders protect the contents of strings from the replacements.
    .replace(quoted, (text) => `"${strings.push(text) - 1}"`);
  const { text, constants } = withParts(withMemory(withPlainArguments(withCalls(masked)), strings), schemas, strings);
  return constants + text.replace(/"(\d+)"/g, (_text, index: string) => strings[Number(index)]!);
}

const failure = /\{instancePath(?::(.*?))?,schemaPath:.*?,keyword:("\d+"),params:(\{[^;]*\})(?:,propertyName:(\w+))?\}/
  .source;
const added = new RegExp(
  String.raw`^const (err\d+) = (?:\{\}|${failure});
if\(vErrors === null\)\{
vErrors = \[\1\];
\}
else \{
vErrors\.push\(\1\);
\}$`,
  "gm",
);
const appended = /^vErrors = vErrors === null \? (.+) : vErrors\.concat\(\1\);$/gm;
const dropped =
  /^if\(vErrors !== null\)\{\nif\((_errs\d+)\)\{\nvErrors\.length = \1;\n\}\nelse \{\nvErrors = null;\n\}\n\}$/gm;
const only = new RegExp(String.raw`^(validate\d+\.errors = )\[${failure}\];$`, "gm");

/** Turns each failure into a call of the runtime's `failed`; below `if` and `not`, failures are only counted. */
function withCalls(code: string): string {
  type Parts = readonly (string | undefined)[];
  const failed = (before: string, [path = "instancePath", keyword, params, propertyName]: Parts): string =>
    `failed(${before}, ${path}, ${keyword}, ${params}${propertyName ? `, ${propertyName}` : ""});`;
  return code
    .replace(added, (_text, _name, ...parts: Parts) =>
      parts[1] ? `vErrors = ${failed("vErrors", parts)}` : "vErrors = failed(vErrors);",
    )
    .replace(appended, "vErrors = joined(vErrors, $1);")
    .replace(/^errors = vErrors\.length;$/gm, "errors = failures(vErrors);")
    .replace(dropped, "vErrors = firstFailures(vErrors, $1);")
    .replace(only, (_text, target: string, ...parts: Parts) => target + failed("null", parts));
}

const parameters =
  /^(function validate\d+\(data, )\{(instancePath="\d+"), parentData, parentDataProperty, rootData=data(, dynamicAnchors=\{\})?\}=\{\}/gm;
const passed =
  /\{instancePath(?::(.*?))?,parentData(?::.*?)?,parentDataProperty(?::.*?)?,rootData(,dynamicAnchors)?\}\)/g;

/** Reduces a validator's parameters to the value and its path. */
function withPlainArguments(code: string): string {
  const plain = code
    .replace(parameters, "$1$2$3")
    .replace(passed, (_text, path = "instancePath", anchors = "") => `${path}${anchors})`);
  return /(?<!\.)\b(?:parentData|parentDataProperty|rootData)\b/.test(plain) ? code : plain;
}

const wrapper = /^const (wrapper\d+) = \{validate: (validate\d+)\};$/gm;

/** Makes recursive validators remember the parts that they have validated, where several paths may lead to a part. */
function withMemory(code: string, strings: readonly string[]): string {
  // The target of a dynamic reference depends on the path to it, so no result is reusable.
  if (/\bdynamicAnchors[.[]/.test(code)) return code;
  return code.replace(wrapper, (text, name: string, validate: string) =>
    hasOneWay(code, name, validate, strings) ? text : `const ${name} = {validate: remembering(${validate})};`,
  );
}

/** Whether a validator calls itself only for different members, and no other code calls it a second time. */
function hasOneWay(code: string, wrapper: string, validate: string, strings: readonly string[]): boolean {
  const calls = (text: string): string[] =>
    [...text.matchAll(new RegExp(String.raw`\b${wrapper}\.validate\((.*)$`, "gm"))].map(([, rest]) => rest!);
  const [, body = ""] =
    new RegExp(String.raw`^function ${validate}\(([^]*?)^${validate}\.errors = vErrors;$`, "m").exec(code) ?? [];
  const own = calls(body);
  if (own.length !== calls(code).length) return false;
  const members = own.map((call) => {
    const index = /, instancePath\+"(\d+)"/.exec(call)?.[1];
    const [, member] = index === undefined ? [] : (JSON.parse(strings[Number(index)]!) as string).split("/");
    return member || undefined;
  });
  return own.length < 2 || (!members.includes(undefined) && new Set(members).size === own.length);
}

const reading = /(?<![\w$.])(schema\d+)\b((?:\.[A-Za-z_$][\w$]*|\["?\d+"?\])*)/g;

/** Prints the parts of schemas that the code reads as constants. */
function withParts(
  code: string,
  schemas: ReadonlyMap<string, Json>,
  strings: readonly string[],
): { readonly text: string; readonly constants: string } {
  const parts = new Map<string, string>();
  const text = code.replace(reading, (read, schema: string, path: string, at: number) => {
    const part = partAt(schemas.get(schema), path, strings);
    if (part === undefined) return read;
    // `hasOwnProperty.call(` only needs the names.
    const value = literal(code.endsWith(".call(", at) ? namesOf(part) : part);
    const name = parts.get(value) ?? `part${parts.size}`;
    parts.set(value, name);
    return name;
  });
  const left = new Set(text.match(/(?<!\w\.)\bschema\d+\b/g));
  const whole = [...schemas].filter(([name]) => left.has(name)).map(([name, schema]) => [literal(schema), name]);
  const constants = [...parts, ...whole].map(([value, name]) => `const ${name} = ${value};\n`);
  return { text, constants: constants.join("") };
}

const step = /\.([\w$]+)|\[(\d+)\]|\["(\d+)"\]/g;

function partAt(schema: Json | undefined, path: string, strings: readonly string[]): Json | undefined {
  return [...path.matchAll(step)].reduce((node, [, name, index, string]) => {
    const key = name ?? index ?? (JSON.parse(strings[Number(string)]!) as string);
    return isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  }, schema);
}

function namesOf(part: Json): Json {
  return isObject(part) ? Object.fromEntries(Object.keys(part).map((name) => [name, 1])) : part;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null;
}
