import type { HttpBody, HttpParameter, ParameterStyle } from "./operation.js";

/** An argument that a request cannot carry. The message is for the model. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

type Pair = readonly [name: string, value: string];

/** Returns a value as the text of a path segment, or of several. */
export function pathText(parameter: HttpParameter, value: unknown): string {
  const { name, style = "simple", explode = false } = parameter;
  const encode = encodeURIComponent;
  const text = joined(style, explode, encode(name), shown(parameter, value), encode);
  // URLs drop these segments together with the one before, and an empty one is another address.
  if (text === "" || text === "." || text === "..")
    throw new ArgumentError(`${JSON.stringify(parameter.argument ?? name)} must not be ${JSON.stringify(text)}`);
  return text;
}

export function headerText(parameter: HttpParameter, value: unknown): string {
  return joined("simple", parameter.explode ?? false, "", shown(parameter, value), String);
}

/** Returns a value as names and values of a query, encoded. */
export function queryPairs(parameter: HttpParameter, value: unknown): Pair[] {
  const encode = parameter.allowReserved ? encodeReserved : encodeURIComponent;
  return pairsOf(parameter.name, parameter, shown(parameter, value), encode);
}

/** Returns a value as names and values of cookies. */
export function cookiePairs(parameter: HttpParameter, value: unknown): Pair[] {
  return pairsOf(parameter.name, parameter, shown(parameter, value), encodeURIComponent);
}

/** Returns the properties of an object as a form, encoded for a URL. */
export function formText(value: unknown, encoding: HttpBody["encoding"] = {}): string {
  return Object.entries(members(value))
    .flatMap(([name, member]) => {
      const own = Object.hasOwn(encoding, name) ? encoding[name]! : {};
      const isText = own.contentType?.includes("json") || (isNested(member) && own.style === undefined);
      return pairsOf(name, own, isText ? JSON.stringify(member) : member, encodeURIComponent);
    })
    .map(([name, member]) => `${name}=${member.replaceAll("%20", "+")}`)
    .join("&");
}

/** Returns the properties of an object as parts of a form. Files have the names of their properties. */
export function formData(value: unknown, { files = [], encoding = {} }: Partial<HttpBody> = {}): FormData {
  const form = new FormData();
  for (const [name, member] of Object.entries(members(value)))
    for (const item of Array.isArray(member) ? member : [member])
      if (files.includes(name)) {
        const { contentType = "" } = Object.hasOwn(encoding, name) ? encoding[name]! : {};
        // A list of types leaves the choice open.
        const type = /[,*]/.test(contentType) || contentType === "" ? "application/octet-stream" : contentType;
        form.append(name, new Blob([bytesOf(name, item)], { type }), name);
      } else
        form.append(
          name,
          typeof item === "object" ? new Blob([JSON.stringify(item)], { type: "application/json" }) : String(item),
        );
  return form;
}

function bytesOf(name: string, value: unknown): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(String(value)), (character) => character.charCodeAt(0));
  } catch {
    throw new ArgumentError(`${JSON.stringify(name)} must be the content of a file, in base64`);
  }
}

function members(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ArgumentError("the body of a form must be an object");
}

function shown({ json }: HttpParameter, value: unknown): unknown {
  return json ? JSON.stringify(value) : value;
}

/** Whether a value has objects or arrays that no style of a form can write. */
function isNested(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) || value.some((item) => typeof item === "object" && item !== null);
}

const separators: Partial<Record<ParameterStyle, string>> = { spaceDelimited: "%20", pipeDelimited: "%7C" };

/** Returns names and values by the styles of queries. */
function pairsOf(
  name: string,
  { style = "form", explode = style === "form" || style === "deepObject" }: Pick<HttpParameter, "style" | "explode">,
  value: unknown,
  encode: (text: string) => string,
): Pair[] {
  const key = encode(name);
  if (typeof value !== "object" || value === null) return [[key, encode(plain(value))]];
  if (style === "deepObject") return deepPairs(key, value, encode);
  const entries = entriesOf(value, encode);
  if (Array.isArray(value)) {
    if (explode) return entries.map(([, item]) => [key, item]);
    return entries.length === 0 ? [] : [[key, entries.map(([, item]) => item).join(separators[style] ?? ",")]];
  }
  if (explode) return entries;
  return entries.length === 0 ? [] : [[key, entries.flat().join(separators[style] ?? ",")]];
}

/** Returns `name[key]=value` for each property. The specification has one level; servers read more likewise. */
function deepPairs(key: string, value: object, encode: (text: string) => string): Pair[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]): Pair[] => {
    const inner = `${key}%5B${encode(Array.isArray(value) ? "" : name)}%5D`;
    if (member === undefined) return [];
    if (typeof member === "object" && member !== null) return deepPairs(inner, member, encode);
    return [[inner, encode(plain(member))]];
  });
}

const starts: Partial<Record<ParameterStyle, string>> = { label: ".", matrix: ";" };

/** Returns a value by the styles of paths and headers. */
function joined(
  style: ParameterStyle,
  explode: boolean,
  name: string,
  value: unknown,
  encode: (text: string) => string,
): string {
  const start = starts[style] ?? "";
  const isMatrix = style === "matrix";
  if (typeof value !== "object" || value === null) {
    const text = encode(plain(value));
    return start + (isMatrix ? `${name}${text === "" ? "" : `=${text}`}` : text);
  }
  const entries = entriesOf(value, encode);
  const isArray = Array.isArray(value);
  const parts = entries.map(([key, item]) =>
    isArray ? (explode && isMatrix ? `${name}=${item}` : item) : explode ? `${key}=${item}` : `${key},${item}`,
  );
  if (parts.length === 0) return "";
  const between = explode && start !== "" ? start : ",";
  return `${start}${isMatrix && !explode ? `${name}=` : ""}${parts.join(between)}`;
}

function entriesOf(value: object, encode: (text: string) => string): [key: string, value: string][] {
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => [encode(key), encode(plain(member))]);
}

function plain(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function encodeReserved(text: string): string {
  // A "&", "=", "+" or "#" of the value would end it, so these stay encoded.
  return encodeURIComponent(text).replace(/%(?:3A|2F|3F|5B|5D|40|21|24|27|28|29|2A|2C|3B)/g, decodeURIComponent);
}
