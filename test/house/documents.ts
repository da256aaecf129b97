import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
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

/** A fenced block. */
export interface Block {
  readonly language: string;
  /** What the fence says after the language, which is what makes the block true. */
  readonly mark: string;
  readonly text: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
}

/** All fenced blocks of a document, however they are fenced or indented. */
export function blocksOf(markdown: string): Block[] {
  const found: Block[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\S*)\s*(.*?)\s*$/.exec(lines[index]!);
    if (fence === null) continue;
    const [, ticks, language, mark] = fence;
    const start = index + 1;
    do index += 1;
    while (index < lines.length && lines[index]!.trim() !== ticks);
    found.push({
      language: language!,
      mark: mark!,
      text: lines
        .slice(start, index)
        .map((line) => `${line}\n`)
        .join(""),
      line: start,
    });
  }
  return found;
}

/** What makes a block true. */
export type Origin =
  /** Whole lines of a file that is tested. */
  | { readonly kind: "excerpt"; readonly path: string }
  /** Commands that are run in a folder: `console` shows what they print, `sh` does not. */
  | { readonly kind: "commands"; readonly folder: string }
  /** A test reads the block and does what it says. */
  | { readonly kind: "tested"; readonly by: string }
  /** A drawing. */
  | { readonly kind: "figure" };

const commandLanguages: readonly string[] = ["console", "sh"];

/** The languages of files, by how their names end; of any other, "text". The language decides how a block is parsed. */
const languages: readonly (readonly [ending: string, language: string])[] = [
  [".ts", "ts"],
  [".mjs", "js"],
  [".py", "py"],
  [".json", "json"],
  [".jsonl", "jsonl"],
  [".yaml", "yaml"],
  [".service", "ini"],
  [".sh", "bash"],
  ["nginx.conf", "nginx"],
  ["Dockerfile", "dockerfile"],
];
const languageOf = (path: string): string => languages.find(([ending]) => path.endsWith(ending))?.[1] ?? "text";

/** The origin that a block names, or what is wrong with its mark. */
export function originOf({ language, mark }: Block): Origin | string {
  if (mark === "") return "the fence does not say what makes the block true";
  if (mark === "figure") return language === "text" ? { kind: "figure" } : 'a figure is marked "text figure"';
  const by = /^tested by (\S+)$/.exec(mark)?.[1];
  const path = by ?? mark;
  if (!existsSync(join(root, path))) return `${path} does not exist`;
  if (by !== undefined) return by.endsWith(".test.ts") ? { kind: "tested", by } : `${by} is no test`;
  const isFolder = statSync(join(root, path)).isDirectory();
  if (isFolder !== commandLanguages.includes(language))
    return isFolder ? `${path} is a folder: only ${commandLanguages.join(" and ")} run in one` : `${path} is no folder`;
  if (isFolder) return { kind: "commands", folder: path };
  const expected = languageOf(path);
  return language === expected ? { kind: "excerpt", path } : `the language of ${path} is "${expected}"`;
}

/** The blocks of a document that a test has to do justice to. */
export const blocksTestedBy = (document: string, test: string): Block[] =>
  blocksOf(textOf(document)).filter(({ mark }) => mark === `tested by ${test}`);

/** What `mcpc test` prints, without how long a slow example took. */
export const withoutTimes = (printed: string): string => printed.replace(/ \(\d+\.\d s\)$/gm, "");

/** A command with what it prints. */
export interface Step {
  readonly command: string;
  readonly printed: string;
}

/** The steps of a `console` block. */
export const stepsOf = (session: string): Step[] =>
  session
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command, ...printed] = step.trimEnd().split("\n");
      return { command: command!, printed: printed.join("\n") };
    });

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
