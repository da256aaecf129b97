import { some } from "./names.js";
import type { Outcome } from "./served.js";

/** An event, in few words. */
export function told(outcome: Outcome): string[] {
  switch (outcome.kind) {
    case "started":
      return [];
    case "unchanged":
      return ["nothing to swap"];
    case "restarted":
      return [`restarted: ${outcome.why}`];
    case "failed":
      return [outcome.serving ? "the last version that worked goes on" : "not served; the next save tries again"];
    case "swapped": {
      const { handlers, settings, renewed, notified } = outcome;
      const parts = [
        ...listed("swapped", handlers.changed),
        ...listed("new", handlers.added),
        ...listed("gone", handlers.removed),
        ...(settings.length > 0 ? [`${some(settings)} changed`] : []),
        ...(renewed ? ["onStart ran anew"] : []),
        ...(notified.length > 0 ? [`listings changed: ${notified.join(", ")}`] : []),
      ];
      return parts.length === 0 ? ["swapped"] : parts;
    }
  }
}

function listed(word: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${word} ${some(names)}`];
}
