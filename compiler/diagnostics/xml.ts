/** An element of XML on lines of its own; attributes that are undefined are left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  children: readonly string[],
): string {
  const list = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escaped(String(value))}"`],
  );
  const head = `<${name}${list.join("")}`;
  if (children.length === 0) return `${head}/>\n`;
  return `${head}>\n${children.join("").replace(/^(?= *<)/gm, "  ")}</${name}>\n`;
}

/** An element that holds nothing but text. */
export function textElement(name: string, attributes: Readonly<Record<string, string>>, text: string): string {
  return element(name, attributes, []).replace(/\/>\n$/, `>${escaped(text)}</${name}>\n`);
}

/** Escapes text for XML: characters that it cannot hold, or that a terminal acts upon, become a question mark. */
function escaped(text: string): string {
  const said = text.replace(
    /[^\t\n\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]|\p{Bidi_Control}/gu,
    "?",
  );
  return said.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
