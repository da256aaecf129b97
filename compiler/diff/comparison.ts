import { locator, type TextRange } from "../diagnostics/position.js";
import type { Span } from "../model/source.js";
import type { SurfaceChange } from "./change.js";
import { compareSurfaces } from "./entries.js";
import type { Level, Verdict } from "./rules.js";
import type { Side } from "./surface.js";
import { highest, isSufficient, raised } from "./version.js";

/** Two surfaces, the changes between them, and the version that the changes require. */
export interface SurfaceComparison {
  readonly old: Side;
  readonly new: Side;
  /** The changes, most severe first. */
  readonly changes: readonly SurfaceChange[];
  readonly required: Level;
  readonly sufficient: boolean;
}

const severity: readonly Verdict[] = ["breaking", "unknown", "compatible"];

/** Compares two sides. A strict comparison treats unknown changes as breaking. */
export function compare(old: Side, now: Side, strict: boolean): SurfaceComparison {
  const found = compareSurfaces(old.surface, now.surface);
  const levelled = strict
    ? found.map((each) => (each.verdict === "unknown" ? { ...each, level: "major" as const } : each))
    : found;
  const rank = ({ verdict }: SurfaceChange): number => severity.indexOf(verdict);
  const changes = levelled.toSorted((a, b) => rank(a) - rank(b));
  const required = highest(changes.map(({ level }) => level));
  return {
    old,
    new: now,
    changes,
    required,
    sufficient: old.surface.isAbsent === true || isSufficient(old.surface.version, now.surface.version, required),
  };
}

/**
 * Whether a gate should fail: a change breaks clients, and the version does not reflect it. When strict, any version
 * too low.
 */
export function isRefused({ required, sufficient }: SurfaceComparison, strict: boolean): boolean {
  return !sufficient && (strict || required === "major");
}

/** Returns the version that the new side should have; undefined where the old side has none. */
export function wantedVersion({ old, required }: SurfaceComparison): string | undefined {
  return old.surface.version === undefined ? undefined : raised(old.surface.version, required);
}

/** Returns the side whose files show a change, and the place there. */
export function spanOf(
  { old, new: now }: SurfaceComparison,
  { place, at }: SurfaceChange,
): { readonly side: Side; readonly span: Span | undefined } {
  const side = place.side === "old" ? old : now;
  return { side, span: side.spanOf(place.entry, at) };
}

/** Returns the place of each change, in the form of reports. */
export function ranges(comparison: SurfaceComparison): (change: SurfaceChange) => TextRange | undefined {
  const locators = new Map([comparison.old, comparison.new].map((side) => [side, locator(side.textOf)]));
  return (change) => {
    const { side, span } = spanOf(comparison, change);
    const range = span && locators.get(side)!.range(span);
    return range && { ...range, file: side.prefix + range.file };
  };
}
