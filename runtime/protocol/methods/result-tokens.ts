/**
 * Pieces of a text that no token crosses. Tokenizers split texts at these places at least, so a text has as many tokens
 * or more.
 */
const pieces =
  /[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

/**
 * Whether a text certainly has more tokens than a limit. A text that has little more may pass. The cost grows with the
 * limit, not with the text.
 */
export function exceedsTokens(text: string, limit: number): boolean {
  // A token has at least one byte, and a UTF-16 unit at most three.
  if (text.length * 3 <= limit) return false;
  let count = 0;
  for (const _piece of text.matchAll(pieces)) if (++count > limit) return true;
  return false;
}
