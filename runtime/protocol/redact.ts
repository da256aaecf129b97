/** The secrets that no log may show. */
export interface RedactionRules {
  /** Names of secret fields, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Values that are replaced anywhere in a text. */
  readonly secrets: ReadonlySet<string>;
}

const replacement = "[redacted]";

/** Limits of an entry, which is for people to read. */
const maxLength = 16_384;
const maxEntries = 100;
const maxDepth = 8;

const noRules: RedactionRules = { names: new Set(), secrets: new Set() };

/** Copies a value as JSON, without secrets. Never throws. */
export function redact(value: unknown, hidden: RedactionRules = noRules): unknown {
  // One secret may be a prefix of another.
  const secrets = [...hidden.secrets].filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  const visit = (node: unknown, depth: number): unknown => {
    if (typeof node === "string")
      return redactCredentials(secrets.reduce((text, each) => text.replaceAll(each, replacement), node));
    if (typeof node === "bigint" || typeof node === "symbol") return String(node);
    if (typeof node === "function") return "a function";
    if (typeof node !== "object" || node === null) return node;
    if (depth === maxDepth) return "…";
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
      const items = node.slice(0, maxEntries).map((item) => visit(item, depth + 1));
      return node.length > maxEntries ? [...items, `… ${node.length - maxEntries} more`] : items;
    }
    const keys = Object.keys(node);
    const entries = keys.slice(0, maxEntries).map((key) => {
      const shown = hidden.names.has(key.toLowerCase())
        ? replacement
        : visit((node as Record<string, unknown>)[key], depth + 1);
      return [visit(key, depth) as string, shown] as const;
    });
    if (keys.length > maxEntries) entries.push(["…", `${keys.length - maxEntries} more`]);
    return Object.fromEntries(entries);
  };
  return visit(value, 0);
}

/** Redacts credentials that are recognisable by their form: those of HTTP, signed tokens, passwords in URLs. */
function redactCredentials(text: string): string {
  const shown = text
    .replace(/(Bearer|authorization\W+Basic)\s+(?=[\w.~+/=-]{8}|\S*\d)[\w.~+/=-]+/gi, `$1 ${replacement}`)
    .replace(/(?<![\w-])eyJ[\w-]{5,}(\.[\w-]*){2,4}/g, replacement)
    // Matches up to white space or the end of a string in JSON, with or without a password, which takes linear time.
    .replace(/(?<=:\/\/[^/\s:@[]*:)(?!\d{1,5}\/)(?:(?!"[,:}\]])\S)+/g, (rest) =>
      rest.replace(/^.+@/, `${replacement}@`),
    );
  return shown.length > maxLength ? `${shown.slice(0, maxLength)}… ${shown.length - maxLength} more characters` : shown;
}
