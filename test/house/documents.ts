import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

/** The README and the guides, by their path. */
export const documents: readonly string[] = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export const textOf = (path: string): string => readFileSync(join(root, path), "utf8");

/** A fenced block: the language, what else its fence says (the file it is from), the text. */
export interface Block {
  readonly language: string;
  readonly path: string | undefined;
  readonly text: string;
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)(?: (.+))?\n([\s\S]*?)^```$/gm)].map(([, language, path, text]) => ({
    language: language!,
    path,
    text: text!,
  }));
}

/**
 * The first piece of an excerpt that the file does not have, `undefined` when it is true. A line `…` (or `// …`) stands
 * for what was left out; a piece may stand further to the left than in the file.
 */
export function untrue(excerpt: string, file: string): string | undefined {
  const lines = file.split("\n");
  let from = 0;
  for (const piece of pieces(excerpt)) {
    const at = lines.findIndex((_, index) => index >= from && matches(piece, lines.slice(index, index + piece.length)));
    if (at === -1) return piece.join("\n");
    from = at + piece.length;
  }
  return undefined;
}

function pieces(excerpt: string): string[][] {
  const found: string[][] = [[]];
  for (const line of excerpt.trimEnd().split("\n")) {
    if (/^\s*(?:\/\/ )?…$/.test(line)) found.push([]);
    else found.at(-1)!.push(line);
  }
  return found.filter((piece) => piece.some((line) => line.trim() !== ""));
}

function matches(piece: readonly string[], lines: readonly string[]): boolean {
  const first = piece.findIndex((line) => line !== "");
  const indent = (lines[first] ?? "").length - piece[first]!.length;
  if (indent < 0) return false;
  const shift = " ".repeat(indent);
  return piece.every((line, index) => lines[index] === (line === "" ? "" : shift + line));
}

/** Links of a document that lead nowhere; `headings` are those of another document, `undefined` when there is none. */
export function deadLinks(
  markdown: string,
  exists: (path: string) => boolean,
  headings: (path: string) => readonly string[],
): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return links.filter((target) => {
    if (/^https?:\/\//.test(target)) return !URL.canParse(target);
    const [path = "", anchor] = target.split("#");
    if (path !== "" && !exists(path)) return true;
    return anchor !== undefined && !headings(path).includes(anchor);
  });
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-"),
  );
}
