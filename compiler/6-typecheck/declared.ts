import type { ts as TS } from "ts-morph";
import { hashOf } from "./hash.js";

/** The hash of each declaration of `generated/types.ts`, by its name; under "" what stands before all of them. */
export type Declared = Readonly<Record<string, string>>;

const head = "";

export function declaredIn(ts: typeof TS, source: TS.SourceFile): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  // The header has a hash of all.
  const body = source.text.indexOf("\n") + 1;
  for (const statement of source.statements) {
    const declares = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    const name = declares ? statement.name.text : head;
    texts.set(name, (texts.get(name) ?? "") + source.text.slice(Math.max(statement.pos, body), statement.end));
  }
  return texts;
}

export function hashed(texts: ReadonlyMap<string, string>): Declared {
  return Object.fromEntries([...texts].map(([name, text]) => [name, hashOf(text)]));
}

/**
 * Names that mean something else than they did: of declarations that changed, are new or gone, and of all that speak of
 * these. Everything where what stands before them is another.
 */
export function changedNames(before: Declared, texts: ReadonlyMap<string, string>): ReadonlySet<string> | "all" {
  const now = hashed(texts);
  if (before[head] !== now[head]) return "all";
  const changed = new Set([...Object.keys(before), ...texts.keys()].filter((name) => before[name] !== now[name]));
  for (let fresh = [...changed]; fresh.length > 0;) {
    const spoken = new RegExp(`(?<![\\w$])(?:${fresh.map((name) => name.replaceAll("$", "\\$")).join("|")})(?![\\w$])`);
    fresh = [...texts].filter(([name, text]) => !changed.has(name) && spoken.test(text)).map(([name]) => name);
    for (const name of fresh) changed.add(name);
  }
  return changed;
}
