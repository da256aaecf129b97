/** A place in a prompt's text where an argument goes. */
export interface PromptVariable {
  readonly name: string;
  /** Offset of the name in the text. */
  readonly at: number;
}

/**
 * Splits a prompt's text at `{{name}}`; blanks around the name do not count. A backslash before the braces makes them
 * text; two stand for one backslash.
 */
export function promptParts(text: string): (string | PromptVariable)[] {
  const parts: (string | PromptVariable)[] = [];
  let from = 0;
  let before = "";
  for (const { 0: braces, 1: inside = "", index } of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    const name = inside.trim();
    if (name === "") continue;
    let start = index;
    while (start > from && text[start - 1] === "\\") start--;
    const backslashes = index - start;
    before += text.slice(from, start) + "\\".repeat(backslashes / 2);
    from = index + braces.length;
    if (backslashes % 2 === 1) before += braces;
    else {
      parts.push(before, { name, at: index + 2 + inside.indexOf(name) });
      before = "";
    }
  }
  return [...parts, before + text.slice(from)];
}
