/** Formats the value of a `WWW-Authenticate` header (RFC 6750, section 3). */
export function challengeText(parameters: Readonly<Record<string, string>>): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}="${quotable(value)}"`);
  return list.length === 0 ? "Bearer" : `Bearer ${list.join(", ")}`;
}

/** Restricts a text to visible ASCII and escapes it for a quoted string. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
}
