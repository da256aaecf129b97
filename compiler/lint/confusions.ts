import { quote } from "../diagnostics/catalogue/definition.js";
import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import { child } from "../json-schema/pointer.js";
import type { Located } from "../model/source.js";
import type { ListedEntry } from "./entry.js";
import { indexOf, scoresOf, type WordIndex } from "./similarity.js";
import { wordsOf } from "./words.js";

/** The part of the expected tool's score that a tool in `not` may have at most. */
const shareOfOthers = 0.8;

interface Score {
  readonly tool: string;
  readonly score: number;
}

/**
 * Checks `build.confusions` offline: of all tools, the expected one has the highest BM25 score for what the user asks, and
 * those in `not` have clearly less.
 */
export function checkConfusions(node: Located | undefined, entries: readonly ListedEntry[]): Diagnostic[] {
  if (node?.kind !== "array" || node.items.length === 0) return [];
  const index = indexOf(entries);
  return node.items.flatMap((item) => checkConfusion(item, index));
}

function checkConfusion(item: Located, index: WordIndex): Diagnostic[] {
  const names = index.tools.map(({ entry }) => entry.id);
  const [ask, expected, not] = [child(item, "ask")!, child(item, "expect")!, child(item, "not")];
  const others = not?.kind === "array" ? not.items : [];
  const unknown = [expected, ...others].filter(({ value }) => !names.includes(String(value)));
  const contradictory = others.filter(({ value }) => value === expected.value);
  const invalid = [
    ...unknown.map((each) => unknownTool(each, names)),
    ...contradictory.map(({ span }) => {
      const reason = `${quote(String(expected.value))} is expected and must not be chosen`;
      return diagnose("manifest/invalid-value", span, { reason, help: 'remove it from "not", or expect another tool' });
    }),
    ...(wordsOf(String(ask.value)).length > 0
      ? []
      : [
          diagnose("manifest/invalid-value", ask.span, {
            reason: '"ask" has no words',
            help: "write what a user asks",
          }),
        ]),
  ];
  if (invalid.length > 0) return invalid;
  const scores = scoresOf(String(ask.value), index);
  const scoreOf = (tool: string): Score => ({ tool, score: scores.get(names.indexOf(tool)) ?? 0 });
  const own = scoreOf(String(expected.value));
  const best = names.filter((name) => name !== own.tool).map(scoreOf);
  const above = best.reduce<Score | undefined>(
    (most, each) => (each.score > (most?.score ?? 0) ? each : most),
    undefined,
  );
  const near = others.map(({ value }) => scoreOf(String(value))).find(({ score }) => score > own.score * shareOfOthers);
  const rival = above && above.score >= own.score ? above : near;
  if (own.score > 0 && !rival) return [];
  return [diagnose("lint/confusion", ask.span, { ask: String(ask.value), expected: own, rival })];
}

function unknownTool({ value, span }: Located, names: readonly string[]): Diagnostic {
  const written = String(value);
  const suggestion = nearest(written, names);
  return diagnose("lint/unknown-tool", span, { written, suggestion }, [], respell(span, certain(written, names)));
}
