import { posix } from "node:path";
import type { Json } from "../model/source.js";

/** Prints JSON as a literal that TypeScript evaluates to the same value, on one line unless indented. */
export function literal(value: Json, indentation?: number): string {
  const text = JSON.stringify(value, null, indentation).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  // In an object literal, `"__proto__": x` would set the prototype; a computed key does not.
  return typeof value === "object" ? text.replace(/(?<=[{,]\s*)"__proto__":/g, '["__proto__"]:') : text;
}

/** Prints JSON as a literal on one line, with spaces as in handwritten code. */
export function spacedLiteral(value: Json): string {
  if (typeof value !== "object" || value === null) return literal(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(spacedLiteral).join(", ")}]`;
  const members = Object.entries(value).map(([key, each]) => `${propertyKey(key)}: ${spacedLiteral(each as Json)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** Prints the name of a property in an object literal or a type. */
export function propertyKey(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
}

/** Indents each line by one level. */
export function indented(lines: string): string {
  return lines.replace(/^(?=.)/gm, "  ");
}

/** Prints a doc comment of these paragraphs; no text can end the comment early. */
export function docComment(paragraphs: readonly (string | undefined)[]): string {
  const text = paragraphs.filter((paragraph) => paragraph !== undefined && paragraph.trim() !== "").join("\n\n");
  if (text === "") return "";
  const lines = commentText(text)
    .split("\n")
    .flatMap((line) => wrapped(line, 100));
  if (lines.length === 1) return `/** ${lines[0]} */\n`;
  return `/**\n${lines.map((line) => (line === "" ? " *" : ` * ${line}`)).join("\n")}\n */\n`;
}

/** Wraps a line of text at this width; a word longer than the width stays whole. */
export function wrapped(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const before = rest.lastIndexOf(" ", width);
    const at = before > 0 ? before : rest.indexOf(" ", width);
    if (at === -1) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at + 1).trimStart();
  }
  return [...lines, rest.trimEnd()];
}

/**
 * Returns text that is safe in a comment: without ends of comments or control characters, and with `
 * ` as the only line end.
 */
export function commentText(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, "")
    .replaceAll("*/", "*\\/")
    .trim();
}

/**
 * Returns the specifier with which one project file imports another: relative, with the extension of the emitted file.
 */
export function importPath(from: string, to: string): string {
  const path = posix
    .relative(posix.dirname(from), to)
    .replace(/\.([mc])ts$/, ".$1js")
    .replace(/\.tsx?$/, ".js");
  return path.startsWith(".") ? path : `./${path}`;
}

export function importOf(names: readonly string[], from: string): string {
  return `import { ${names.join(", ")} } from ${literal(from)};\n`;
}
