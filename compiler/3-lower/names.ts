import { createHash } from "node:crypto";
import type { Identifier } from "../model/server.js";

/** Splits a wire name into words: at characters other than ASCII letters and digits, and at a change to upper case. */
function words(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word.slice(0, 40));
}

/**
 * Converts `get_weather` to `GetWeather`. A name without a letter or digit, or with a digit in front, gets the prefix
 * `fallback`.
 */
export function pascalCase(name: string, fallback: string): string {
  const parts = words(name).slice(0, 8);
  if (parts.length === 0) parts.push(fallback, digest(name));
  else if (/^\d/.test(parts[0]!)) parts.unshift(fallback);
  return parts.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}

/** Converts `get_weather` to `getWeather`; a name that is no valid identifier gets the suffix `fallback`. */
export function camelCase(name: string, fallback: string): Identifier {
  const pascal = pascalCase(name, fallback);
  // An acronym at the start becomes lower case as a whole: `URLFor` → `urlFor`.
  const camel = pascal.replace(/^[A-Z]+(?=[A-Z][a-z]|$|\d)|^[A-Z]/, (start) => start.toLowerCase());
  return (reserved.has(camel) ? camel + fallback[0]!.toUpperCase() + fallback.slice(1) : camel) as Identifier;
}

/** Returns a file name without its extension: the name itself where every file system accepts it. */
export function fileName(name: string, fallback: string): string {
  const slug = name
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, 80);
  if (slug === "") return `${fallback}-${digest(name)}`;
  const taken =
    /^(?:con|prn|aux|nul|com\d|lpt\d|index)$/i.test(slug.split(".")[0]!) || /\.(?:test|spec|d)$/i.test(slug);
  return taken ? `${slug}-${fallback}` : slug;
}

/** Assigns unique names, regardless of case, because file systems and readers may ignore case. */
export interface Claims {
  /** Returns the first free candidate; if all are taken, the last one with a suffix made of `key`. */
  claim(candidates: readonly string[], key: string): string;
}

export function claims(taken: Iterable<string> = []): Claims {
  const used = new Set([...taken].map((name) => name.toLowerCase()));
  const free = (name: string): boolean => !used.has(name.toLowerCase());
  return {
    claim(candidates, key) {
      let name = candidates.find(free);
      for (let length = 6; name === undefined; length += 6) {
        const suffixed = `${candidates.at(-1)}_${digest(key, length)}`;
        if (free(suffixed)) name = suffixed;
      }
      used.add(name.toLowerCase());
      return name;
    },
  };
}

function digest(text: string, length = 6): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

/** Names that a handler cannot have: keywords, and the names that a stub uses. */
const reserved: ReadonlySet<string> = new Set(
  (
    "abstract any arguments as async await boolean break case catch class const constructor continue debugger declare default " +
    "delete do else enum eval export extends false finally for from function get if implements import in infer instanceof " +
    "interface is keyof let module namespace never new null number object of package private protected public readonly " +
    "require return set static string super switch symbol this throw true try type typeof undefined unique unknown var " +
    "void while with yield notImplemented input context globalThis process console"
  ).split(" "),
);

/** Type names that generated code uses, or that readers would confuse with well-known types. */
export const reservedTypes: readonly string[] = (
  "Any Application Array ArrayBuffer BigInt Boolean Buffer CheckedHooks CompletionHandler ResourceLister Context Date Error Exclude Extract Function Infinity Intl Iterable Iterator JSON Map Math " +
  "NaN Never Null Number Object Omit Parameters Partial Pick Promise PromptHandler Proxy Readonly Record Reflect RegExp " +
  "Request Required ResourceHandler ResourceTemplateHandler Response ReturnType Set String Symbol ToolHandler ToolOutput Type " +
  "Uint8Array Undefined Unknown URL Void WeakMap WeakSet"
).split(" ");
