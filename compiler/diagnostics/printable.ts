/** A character that a terminal acts upon instead of showing it, or that changes the order of those around it. */
const unsafe = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** The text on one line, fit for a terminal: a hostile project must not write to it. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => (character === "\t" ? "  " : escaped(character)));
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** JSON for people and programs: it may be shown by a terminal as it is. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(unsafe, (character) =>
    character === "\n" ? character : escaped(character),
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
