/** A place in a text that a value replaces. */
export interface Placeholder {
  readonly name: string;
  /** Offset of the name in the text. */
  readonly at: number;
}

/**
 * Splits a text at `{{name}}`; spaces around the name are ignored. A backslash before the braces makes them literal;
 * two backslashes are one literal backslash.
 */
export function splitText(text: string): (string | Placeholder)[] {
  const parts: (string | Placeholder)[] = [];
  let from = 0;
  let before = "";
  for (const { start, end, backslashes, braces, name, at } of doubleBraces(text)) {
    before += text.slice(from, start) + "\\".repeat(backslashes / 2);
    from = end;
    if (backslashes % 2 === 1) before += braces;
    else {
      parts.push(before, { name, at });
      before = "";
    }
  }
  return [...parts, before + text.slice(from)];
}

/** Splits the text of an error or a question. Without double braces it may have the older form `{name}`. */
export function splitDeclaredText(text: string): (string | Placeholder)[] {
  if (hasDoubleBraces(text)) return splitText(text);
  const parts: (string | Placeholder)[] = [];
  let from = 0;
  for (const { 0: braces, 1: name = "", index } of text.matchAll(/\{([^{}]*)\}/g)) {
    parts.push(text.slice(from, index), { name, at: index + 1 });
    from = index + braces.length;
  }
  return [...parts, text.slice(from)];
}

export function placeholdersIn(parts: readonly (string | Placeholder)[]): Placeholder[] {
  return parts.filter((part) => typeof part !== "string");
}

/** Converts a text to the runtime's template: `{name}` is a placeholder, `{{}` is a brace. */
export function runtimeTemplate(text: string): string {
  const parts = splitDeclaredText(text);
  return parts.map((part) => (typeof part === "string" ? part.replaceAll("{", "{{}") : `{${part.name}}`)).join("");
}

/** A literal text that looks like a placeholder. */
export interface Lookalike {
  readonly written: string;
  /** The apparent name; empty if there is none. */
  readonly name: string;
  readonly at: number;
}

/**
 * Finds `${name}`, `{name}`, `{{name}` and similar. `takesOlder` excludes `{name}` if it is a placeholder of the text.
 */
export function lookalikes(text: string, takesOlder: boolean): Lookalike[] {
  const isOlder = takesOlder && !hasDoubleBraces(text);
  // Bounded, because a text may consist of braces.
  const found = withoutDoubleBraces(text).matchAll(/(?:[$#%]|(?<!\\))\{{1,2}([^\s{}]{1,64})\}{1,2}/g);
  return [...found]
    .map(({ 0: written, 1: name = "", index }) => ({ written, name, at: index }))
    .filter(({ written, name }) => !isOlder || written !== `{${name}}`);
}

/** Finds `{{` without `}}`, except `{{}` and escaped ones. */
export function unclosed(text: string): Lookalike[] {
  const rest = withoutDoubleBraces(text);
  const open: number[] = [];
  for (const { 0: braces, index } of rest.matchAll(/\{{2,}|\}{2,}/g)) {
    if (braces.startsWith("{")) open.push(index + braces.length - 2);
    else open.pop();
  }
  return open
    .filter((at) => rest[at + 2] !== "}" && !/\\\{*$/.test(rest.slice(Math.max(0, at - 8), at)))
    .map((at) => {
      // The name is cut to a maximum length.
      const [inside, name = ""] = /^\s{0,8}([A-Za-z_][\w-]{0,63})?/.exec(rest.slice(at + 2, at + 80))!;
      return { written: `{{${name === "" ? "" : inside}`, name, at };
    });
}

/** Replaces double braces and their contents by spaces. */
function withoutDoubleBraces(text: string): string {
  let rest = "";
  for (const { start, end } of doubleBraces(text)) rest += text.slice(rest.length, start) + " ".repeat(end - start);
  return rest + text.slice(rest.length);
}

function hasDoubleBraces(text: string): boolean {
  return !doubleBraces(text).next().done;
}

/** Yields double braces around names, and the backslashes before them. */
function* doubleBraces(text: string) {
  let from = 0;
  for (const { 0: braces, 1: inside = "", index } of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    const name = inside.trim();
    if (name === "") continue;
    let start = index;
    while (start > from && text[start - 1] === "\\") start--;
    from = index + braces.length;
    yield { start, end: from, backslashes: index - start, braces, name, at: index + 2 + inside.indexOf(name) };
  }
}
