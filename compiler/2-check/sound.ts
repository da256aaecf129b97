import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Again } from "../model/again.js";
import type { Json } from "../model/source.js";

/** Runs a check that depends on nothing but `value`, unless it found nothing wrong with the very same one before. */
export type Sound = (kind: string, value: Json, check: (found: Diagnostic[]) => void) => void;

export function soundness(again: Again, diagnostics: Diagnostic[]): Sound {
  return (kind, value, check) => {
    let found: Diagnostic[] | undefined;
    const look = (): Diagnostic[] => {
      check((found = []));
      return found;
    };
    const isObject = typeof value === "object" && value !== null;
    const sound = isObject && again(kind, value, () => look().length === 0);
    if (!sound) diagnostics.push(...(found ?? look()));
  };
}
