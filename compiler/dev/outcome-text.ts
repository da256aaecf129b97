import { firstNames } from "./first-names.js";
import type { UpdateOutcome } from "./dev-server.js";

/** Describes the outcome of an update in a few words. */
export function describeOutcome(outcome: UpdateOutcome): string[] {
  switch (outcome.kind) {
    case "started":
      return [];
    case "unchanged":
      return ["nothing to swap"];
    case "restarted":
      return [`restarted: ${outcome.why}`];
    case "failed":
      return [outcome.serving ? "the last working version keeps serving" : "not served; the next save tries again"];
    case "swapped": {
      const { handlers, settings, renewed, notified } = outcome;
      const parts = [
        ...listNames("swapped", handlers.changed),
        ...listNames("new", handlers.added),
        ...listNames("gone", handlers.removed),
        ...(settings.length > 0 ? [`${firstNames(settings)} changed`] : []),
        ...(renewed ? ["onStart ran again"] : []),
        ...(notified.length > 0 ? [`listings changed: ${notified.join(", ")}`] : []),
      ];
      return parts.length === 0 ? ["swapped"] : parts;
    }
  }
}

function listNames(word: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${word} ${firstNames(names)}`];
}
