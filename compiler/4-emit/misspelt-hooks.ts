import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain } from "../diagnostics/suggest.js";
import { exportedNames, parseModule } from "./module-names.js";

const hooks: readonly string[] = [
  "onStart",
  "onStop",
  "onSession",
  "onError",
  "authenticate",
  "enabled",
  "logger",
  "health",
];

/** Reports exports of the module of hooks whose names resemble a missing hook. */
export function misspeltHooks(path: string, text: string): Diagnostic[] {
  // Few modules have such a word, so most need no parser.
  const words = (text.match(/\bexport\b[^=;:(]*/g) ?? []).flatMap((part) => part.match(/[\w$]+/g) ?? []);
  if (!words.some((word) => !hooks.includes(word) && certain(word, hooks) !== undefined)) return [];
  const exported = exportedNames(parseModule(path, text));
  if (exported === "anything") return [];
  const missing = hooks.filter((hook) => !exported.has(hook));
  return [...exported].flatMap(([name, node]) => {
    const hook = hooks.includes(name) ? undefined : certain(name, missing);
    if (hook === undefined) return [];
    return [diagnose("hook/misspelt", { path, start: node.getStart(), end: node.getEnd() }, { name, hook })];
  });
}
