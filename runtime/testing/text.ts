/** The texts of content blocks or resource contents, one after the other; what is no text is left out. */
export function text(parts: readonly object[]): string {
  return parts.flatMap((part) => ("text" in part && typeof part.text === "string" ? [part.text] : [])).join("\n");
}
