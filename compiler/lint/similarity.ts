import type { ListedEntry } from "./entry.js";
import { wordsOf } from "./words.js";

/** A tool, by the words that models choose it by. */
export interface WordedTool {
  readonly entry: ListedEntry;
  readonly name: ReadonlySet<string>;
  readonly description: ReadonlySet<string>;
  /** The words of both, as often as they occur. */
  readonly words: readonly string[];
}

/** The tools of a surface, found by their words. */
export interface WordIndex {
  readonly tools: readonly WordedTool[];
  /** The weight of a word: its inverse document frequency as in BM25. Rare words weigh more. */
  weightOf(word: string): number;
  /** Indices of the tools with a word, in order. */
  toolsWith(word: string): readonly number[];
}

const indices = new WeakMap<readonly ListedEntry[], WordIndex>();

/** Returns the index of a surface, which is made once. */
export function indexOf(entries: readonly ListedEntry[]): WordIndex {
  const known = indices.get(entries);
  if (known) return known;
  const tools = entries.filter(({ section }) => section === "tools").map(worded);
  const places = new Map<string, number[]>();
  for (const [index, { words }] of tools.entries())
    for (const word of new Set(words)) {
      const list = places.get(word);
      if (list) list.push(index);
      else places.set(word, [index]);
    }
  const index: WordIndex = {
    tools,
    weightOf: (word) => {
      const count = places.get(word)?.length ?? 0;
      return Math.log(1 + (tools.length - count + 0.5) / (count + 0.5));
    },
    toolsWith: (word) => places.get(word) ?? [],
  };
  indices.set(entries, index);
  return index;
}

function worded(entry: ListedEntry): WordedTool {
  const { description } = entry.listing;
  const name = wordsOf(entry.id);
  const text = typeof description === "string" ? wordsOf(description) : [];
  return { entry, name: new Set(name), description: new Set(text), words: [...name, ...text] };
}

/** The usual constants of BM25: how much repetition counts, and how much the length of a text does. */
const [repetition, length] = [1.2, 0.75];

/**
 * Returns the BM25 score of each tool for a text, by index: the sum, over the words of the text, of the word's weight and
 * of how often the tool's name and description have it. No word is stemmed. Tools without any of the words are absent.
 */
export function scoresOf(text: string, index: WordIndex): ReadonlyMap<number, number> {
  const average = index.tools.reduce((sum, { words }) => sum + words.length, 0) / Math.max(1, index.tools.length);
  const scores = new Map<number, number>();
  for (const word of new Set(wordsOf(text)))
    for (const at of index.toolsWith(word)) {
      const { words } = index.tools[at]!;
      const count = words.filter((each) => each === word).length;
      const norm = repetition * (1 - length + (length * words.length) / average);
      const score = (index.weightOf(word) * count * (repetition + 1)) / (count + norm);
      scores.set(at, (scores.get(at) ?? 0) + score);
    }
  return scores;
}

/** The number of a description's rarest words, and of the tools with each, among which its likes are looked for. */
const [soughtWords, soughtTools] = [3, 50];

/**
 * Returns an earlier tool whose description is nearly that of the tool at an index: at least `least` of the weight of
 * their words is that of common words, and neither description has a word of its own tool's name that the other lacks.
 * Only tools that share one of the rarest words are compared, so the time grows with the number of tools.
 */
export function likeDescription(at: number, index: WordIndex, least: number): WordedTool | undefined {
  const own = index.tools[at]!;
  const shared = [...own.description].filter((word) => index.toolsWith(word).length > 1);
  const rarest = shared
    .map((word) => ({ word, count: index.toolsWith(word).length }))
    .sort((a, b) => a.count - b.count || (a.word < b.word ? -1 : 1))
    .slice(0, soughtWords);
  const candidates = new Set(
    rarest.flatMap(({ word }) =>
      index
        .toolsWith(word)
        .slice(0, soughtTools)
        .filter((other) => other < at),
    ),
  );
  return [...candidates]
    .sort((a, b) => a - b)
    .map((other) => index.tools[other]!)
    .find((other) => !isToldApart(own, other) && !isToldApart(other, own) && commonWeight(own, other, index) >= least);
}

/** Returns the share of the weight of the words of two descriptions that is that of common words. */
function commonWeight(one: WordedTool, other: WordedTool, { weightOf }: WordIndex): number {
  let [common, all] = [0, 0];
  for (const word of new Set([...one.description, ...other.description])) {
    all += weightOf(word);
    if (one.description.has(word) && other.description.has(word)) common += weightOf(word);
  }
  return all === 0 ? 0 : common / all;
}

function isToldApart(one: WordedTool, other: WordedTool): boolean {
  return [...one.name].some((word) => one.description.has(word) && !other.description.has(word));
}
