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

/** Exports of the module of hooks that are called almost like a hook which it lacks. */
export function misspeltHooks(path: string, text: string): Diagnostic[] {
  // Hardly any module has such a word: most are spared the parser.
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
