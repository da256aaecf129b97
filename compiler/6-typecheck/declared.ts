import { hashOf } from "./hash.js";

/** The hash of each declaration of `generated/types.ts`, by its name; under "" what stands before all of them. */
export type Declared = Readonly<Record<string, string>>;

const head = "";

const start = /^(?:\/\*\*(?:(?!\*\/)[^])*\*\/\n)?export (?:interface|type) (?:\{ )?(\w+)/gm;

/** The text of each declaration of `generated/types.ts`, likewise: as it is printed, all else is indented. */
export function declarationsIn(text: string): ReadonlyMap<string, string> {
  // The header has a hash of all.
  const from = text.indexOf("\n") + 1;
  const starts = [{ index: from, name: head }];
  for (const { index, 1: name } of text.matchAll(start)) starts.push({ index, name: name! });
  return new Map(starts.map(({ index, name }, at) => [name, text.slice(index, starts[at + 1]?.index)]));
}

export function hashed(declarations: ReadonlyMap<string, string>): Declared {
  return Object.fromEntries([...declarations].map(([name, text]) => [name, hashOf(text)]));
}

/**
 * Names that mean something else than they did: of declarations that changed, are new or gone, and of all that speak of
 * these. Everything where what stands before them is another.
 */
export function changedNames(before: Declared, declarations: ReadonlyMap<string, string>): ReadonlySet<string> | "all" {
  const now = hashed(declarations);
  if (before[head] !== now[head]) return "all";
  const all = new Set([...Object.keys(before), ...declarations.keys()]);
  const changed = new Set([...all].filter((name) => before[name] !== now[name]));
  for (let fresh = [...changed]; fresh.length > 0;) {
    const spoken = new RegExp(`\\b(?:${fresh.join("|")})\\b`);
    fresh = [...declarations].filter(([name, text]) => !changed.has(name) && spoken.test(text)).map(([name]) => name);
    for (const name of fresh) changed.add(name);
  }
  return changed;
}

/** A module of some of the declarations, and of all that they speak of. */
export function excerpt(declarations: ReadonlyMap<string, string>, names: Iterable<string>): string {
  const wanted = new Set([head, ...names]);
  for (const name of wanted)
    for (const [word] of declarations.get(name)?.matchAll(/\w+/g) ?? []) if (declarations.has(word)) wanted.add(word);
  return [...declarations].map(([name, text]) => (wanted.has(name) ? text : "")).join("");
}
