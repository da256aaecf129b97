/** Returns the texts of content blocks or resource contents, one per line. */
export function text(parts: readonly object[]): string {
  return parts.flatMap((part) => ("text" in part && typeof part.text === "string" ? [part.text] : [])).join("\n");
}
