import { isObject } from "../protocol/json-rpc.js";

export interface KeyEntry {
  readonly key: string;
  readonly principal?: string;
  readonly scopes?: readonly string[];
}

/** The minimum length of a key. A shorter one could be guessed. */
const shortest = 16;

/**
 * Parses keys: one per line or separated by commas, each `KEY` or `PRINCIPAL:KEY`; or a JSON array of texts and of `{
 * "key", "principal", "scopes" }`. Problems never quote a key.
 */
export function parseKeys(
  { name, text }: { readonly name: string; readonly text: string },
  problems: string[],
): KeyEntry[] {
  const trimmed = text.trim();
  const items = trimmed.startsWith("[") ? fromJson(trimmed) : lines(trimmed);
  if (items === undefined) {
    problems.push(`${name}: not valid JSON`);
    return [];
  }
  return items.flatMap((item, index) => {
    const entry = entryOf(item);
    const problem = typeof entry === "string" ? entry : undefined;
    if (problem === undefined) return [entry as KeyEntry];
    problems.push(`${name}: key ${index + 1} ${problem}`);
    return [];
  });
}

function fromJson(text: string): readonly unknown[] | undefined {
  try {
    return JSON.parse(text) as readonly unknown[];
  } catch {
    return undefined;
  }
}

function lines(text: string): readonly unknown[] {
  return text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .flatMap((line) => line.split(","))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry) => {
      const colon = entry.indexOf(":");
      if (colon === -1) return { key: entry };
      return { principal: entry.slice(0, colon).trim(), key: entry.slice(colon + 1).trim() };
    });
}

/** Returns the entry, or the problem with it as text. */
function entryOf(item: unknown): KeyEntry | string {
  const { key, principal, scopes, ...rest } = typeof item === "string" ? { key: item } : isObject(item) ? item : {};
  if (typeof key !== "string") return 'must be a text, or an object with "key"';
  if (Object.keys(rest).length > 0) return 'may have "key", "principal" and "scopes", nothing else';
  if (key.length < shortest) return `must have at least ${shortest} characters`;
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(key)) return "may have letters, digits and - . _ ~ + / = only";
  if (principal !== undefined && (typeof principal !== "string" || principal === ""))
    return 'needs a text as its "principal"';
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string")))
    return 'needs a list of texts as its "scopes"';
  return {
    key,
    ...(principal !== undefined && { principal: principal as string }),
    ...(scopes !== undefined && { scopes: scopes as unknown as readonly string[] }),
  };
}
