import { pointer } from "../json-schema/pointer.js";
import { printable, printableJson } from "../diagnostics/printable.js";
import { costsOf } from "../tokens/costs.js";
import { ranges, type SurfaceComparison } from "./comparison.js";
import { conclusion } from "./conclusion.js";
import type { SurfaceChange } from "./change.js";
import type { Surface } from "./surface.js";

/** Formats a comparison as one JSON object. */
export function formatJson(comparison: SurfaceComparison): string {
  return `${printableJson(jsonOf(comparison))}\n`;
}

/** Formats comparisons as one JSON object with a list; `folder` is the name of the new side. */
export function formatJsonOfSeveral(
  all: readonly { readonly name: string; readonly comparison: SurfaceComparison }[],
): string {
  const comparisons = all.map(({ name, comparison }) => ({ folder: name, ...jsonOf(comparison) }));
  return `${printableJson({ comparisons })}\n`;
}

function jsonOf(comparison: SurfaceComparison): object {
  const { changes, required, sufficient } = comparison;
  const rangeOf = ranges(comparison);
  const sideJson = ({ name, version }: Surface): object => ({ name, ...(version !== undefined && { version }) });
  return {
    old: sideJson(comparison.old.surface),
    new: sideJson(comparison.new.surface),
    required,
    sufficient,
    changes: changes.map((change) => {
      const range = rangeOf(change);
      const { entry, at, rule, verdict, level, message } = change;
      return {
        ...{ entry, at: pointer(at), rule, verdict, level, message },
        ...(change.old !== undefined && { old: change.old }),
        ...(change.new !== undefined && { new: change.new }),
        ...(change.witness !== undefined && { witness: { [witnessName(change)]: change.witness } }),
        ...(range && { file: range.file, line: range.start.line, column: range.start.column }),
      };
    }),
    tokens: { old: tokensOf(comparison.old.surface), new: tokensOf(comparison.new.surface) },
  };
}

/** Returns the tokens of a surface; counts them where the side does not say them, as in lists and in older locks. */
function tokensOf({ tokens, instructions, entries }: Surface): number {
  if (tokens !== undefined) return tokens;
  const tools = entries.filter(({ section }) => section === "tools");
  const lists = { tools, resources: [], resourceTemplates: [], prompts: [] };
  return costsOf({ ...lists, ...(instructions !== undefined && { instructions }) }).total;
}

function witnessName({ rule }: SurfaceChange): "arguments" | "result" {
  return rule.startsWith("input/") ? "arguments" : "result";
}

const maxShown = 50;
const maxWitnessLength = 300;

/** Formats a comparison for people: breaking changes, possibly breaking changes, and one line about the rest. */
export function formatPretty(
  comparison: SurfaceComparison,
  options: { readonly color: boolean; readonly verbose: boolean; readonly strict: boolean },
): string {
  const { changes } = comparison;
  const rangeOf = ranges(comparison);
  const paint = (code: number, text: string): string => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const colors = { breaking: 31, unknown: 33, compatible: 32 } as const;
  const groups = alike(changes.filter(({ verdict }) => options.verbose || verdict !== "compatible"));
  const shown = options.verbose ? groups : groups.slice(0, maxShown);
  const placeOf = (change: SurfaceChange): { readonly file: string; readonly at: string } | undefined => {
    const range = rangeOf(change);
    return range && { file: range.file, at: `${range.start.line}:${range.start.column}` };
  };
  const lines = shown.flatMap(([change, ...others]) => {
    const { verdict, rule, entry, message, witness } = change;
    const place = placeOf(change);
    const effect = rule.startsWith("input/") ? "refused now" : "may come now";
    const also = others.map((other) => {
      const its = placeOf(other);
      if (!its || (its.file === place?.file && its.at === place.at)) return other.entry;
      return `${other.entry} (${its.file === place?.file ? its.at : `${its.file}:${its.at}`})`;
    });
    return [
      `${paint(colors[verdict], verdict)}[${rule}]: ${printable(`${entry}: ${message}`)}`,
      ...(place ? [`  --> ${printable(`${place.file}:${place.at}`)}`] : []),
      ...(witness === undefined ? [] : [`  ${effect}: ${printable(cutJson(witness))}`]),
      ...(also.length === 0 ? [] : [`  likewise: ${printable(also.join(", "))}`]),
    ];
  });
  const listed = new Set(shown.flat());
  const folding = changes.filter((change) => !listed.has(change));
  const rest = folding.length;
  const folded =
    rest === 0
      ? []
      : [
          `${lines.length > 0 ? "and " : ""}${count(rest, shown.length > 0 ? "more change" : "change")}${kinds(folding)}; --verbose lists all`,
        ];
  return [...lines, ...folded, conclusion(comparison, options.strict)].map((line) => `${line}\n`).join("");
}

/** Groups changes that are the same in several entries, in the order of the first of each. */
function alike(changes: readonly SurfaceChange[]): (readonly [SurfaceChange, ...SurfaceChange[]])[] {
  const groups = new Map<string, [SurfaceChange, ...SurfaceChange[]]>();
  for (const change of changes) {
    const key = JSON.stringify([change.rule, change.at, change.message, change.verdict]);
    const group = groups.get(key);
    if (group) group.push(change);
    else groups.set(key, [change]);
  }
  return [...groups.values()];
}

function kinds(changes: readonly SurfaceChange[]): string {
  if (changes.some(({ verdict }) => verdict !== "compatible")) return "";
  const minor = changes.filter(({ level }) => level === "minor").length;
  const patch = changes.length - minor;
  const counts = [...(minor > 0 ? [`${minor} minor`] : []), ...(patch > 0 ? [`${patch} patch`] : [])];
  return ` that break${changes.length === 1 ? "s" : ""} nothing (${counts.join(", ")})`;
}

function cutJson(witness: unknown): string {
  const text = JSON.stringify(witness);
  return text.length > maxWitnessLength
    ? `${text.slice(0, maxWitnessLength)}… (${text.length} characters; --format json has all)`
    : text;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
