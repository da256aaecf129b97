/** Secrets, which no log may show. */
export interface Hidden {
  /** Names of fields, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Values, wherever they stand in a text. */
  readonly secrets: ReadonlySet<string>;
}

const instead = "[redacted]";

/** An entry is for people to read: what is longer, wider or deeper than these is cut. */
const longest = 16_384;
const widest = 100;
const deepest = 8;

const nothing: Hidden = { names: new Set(), secrets: new Set() };

/** A copy that is JSON, whatever the value is, without what is hidden. Never throws. */
export function redact(value: unknown, hidden: Hidden = nothing): unknown {
  // Of two secrets one may be the beginning of the other.
  const secrets = [...hidden.secrets].filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  const visit = (node: unknown, depth: number): unknown => {
    if (typeof node === "string")
      return withoutCredentials(secrets.reduce((text, each) => text.replaceAll(each, instead), node));
    if (typeof node === "bigint" || typeof node === "symbol") return String(node);
    if (typeof node === "function") return "a function";
    if (typeof node !== "object" || node === null) return node;
    if (depth === deepest) return "…";
    try {
      return visitObject(node, depth);
    } catch {
      return "a value that cannot be shown";
    }
  };
  const visitObject = (node: object, depth: number): unknown => {
    if (node instanceof Error) return visit(String(node.stack ?? node), depth);
    if (ArrayBuffer.isView(node)) return `${node.byteLength} bytes`;
    const { toJSON } = node as { toJSON?: unknown };
    if (typeof toJSON === "function") return visit(toJSON.call(node, ""), depth + 1);
    if (Array.isArray(node)) {
      const items = node.slice(0, widest).map((item) => visit(item, depth + 1));
      return node.length > widest ? [...items, `… ${node.length - widest} more`] : items;
    }
    const keys = Object.keys(node);
    const entries = keys.slice(0, widest).map((key) => {
      const shown = hidden.names.has(key.toLowerCase())
        ? instead
        : visit((node as Record<string, unknown>)[key], depth + 1);
      return [visit(key, depth) as string, shown] as const;
    });
    if (keys.length > widest) entries.push(["…", `${keys.length - widest} more`]);
    return Object.fromEntries(entries);
  };
  return visit(value, 0);
}

/** Credentials that can be told by their form: a bearer token, the password of a URL. */
function withoutCredentials(text: string): string {
  const shown = text
    .replace(/\bBearer\s+(?=\S{16}|\S*\d)[\w.~+/=-]+/gi, `Bearer ${instead}`)
    .replace(/(:\/\/[^/\s:@]{0,256}:)[^/\s@]{1,256}@/g, `$1${instead}@`);
  return shown.length > longest ? `${shown.slice(0, longest)}… ${shown.length - longest} more characters` : shown;
}
