/** Characters that a terminal interprets, or that change the order of others. */
const unsafe = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Converts a text to one printable line, because a hostile project must not control the terminal. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => (character === "\t" ? "  " : escaped(character)));
}

/** Makes a text of several lines printable. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** Formats JSON that a terminal can show. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(unsafe, (character) =>
    character === "\n" ? character : escaped(character),
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
