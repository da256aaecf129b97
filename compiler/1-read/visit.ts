import jsonc from "jsonc-parser";

export type Visitor = jsonc.JSONVisitor;

/** Reports the parts of a text to a visitor: JSON with comments and trailing commas. */
export function visit(text: string, visitor: Visitor): void {
  // The byte order mark counts as one character of the text, but the parser does not accept the mark.
  jsonc.visit(text.replace(/^\uFEFF/, " "), visitor, { disallowComments: false, allowTrailingComma: true });
}
