type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Formats an XML element on separate lines. Undefined attributes are omitted. */
export function element(name: string, attributes: Attributes, children: readonly string[]): string {
  const head = `<${name}${listOf(attributes)}`;
  if (children.length === 0) return `${head}/>\n`;
  return `${head}>\n${children.join("").replace(/^(?= *<)/gm, "  ")}</${name}>\n`;
}

/** Formats an XML element that contains only text. */
export function textElement(name: string, attributes: Attributes, text: string): string {
  return `<${name}${listOf(attributes)}>${escaped(text)}</${name}>\n`;
}

function listOf(attributes: Attributes): string {
  return Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escaped(String(value))}"`]))
    .join("");
}

/** Escapes text for XML. Characters that XML forbids, or that terminals interpret, become a question mark. */
function escaped(text: string): string {
  const said = text.replace(
    /[^\t\n\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]|\p{Bidi_Control}/gu,
    "?",
  );
  return said.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
