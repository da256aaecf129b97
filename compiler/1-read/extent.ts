/** Returns the offset of the quote that ends the string at `start`; -1 where there is none. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escape = end;
    while (text[escape - 1] === "\\") escape -= 1;
    if ((end - escape) % 2 === 0) return end;
  }
  return -1;
}

/** Returns the offset of the last character of the comment at `start`; -1 where there is none. */
export function endOfComment(text: string, start: number): number {
  if (text[start + 1] === "*") {
    const end = text.indexOf("*/", start + 2);
    return end === -1 ? -1 : end + 1;
  }
  const line = /[\n\r]|$/g;
  line.lastIndex = start;
  return text[start + 1] === "/" ? line.exec(text)!.index - 1 : -1;
}
