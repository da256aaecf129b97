import { cut, listOf, quote } from "../diagnostics/catalogue/definition.js";
import type { Json } from "../model/source.js";
import { rules, type Level, type Rule, type Verdict } from "./rules.js";
import type { Direction, SchemaChange } from "./schemas/compare.js";
import { canonical } from "./schemas/formula.js";
import { idOf, type Entry } from "./surface.js";

/** A change of a surface. */
export interface SurfaceChange {
  /** The entry as `SECTION/NAME`. */
  readonly entry: string;
  /** Path tokens of the place within the entry. */
  readonly at: readonly string[];
  readonly rule: Rule;
  readonly verdict: Verdict;
  readonly level: Level;
  readonly message: string;
  readonly old?: Json;
  readonly new?: Json;
  readonly witness?: Json;
  /** The entry that the change is about: a removal is shown in the old entry. */
  readonly place: { readonly side: "old" | "new"; readonly entry?: Entry };
}

interface Details {
  readonly at?: readonly string[];
  readonly message: string;
  readonly old?: Json | undefined;
  readonly new?: Json | undefined;
  readonly witness?: Json | undefined;
  readonly side?: "old" | "new";
}

/** Creates a change by its rule, without undefined values. */
export function change(rule: Rule, entry: Entry | "server", details: Details): SurfaceChange {
  const { verdict, level } = rules[rule];
  const { at = [], message, witness, side = "new" } = details;
  return {
    entry: entry === "server" ? "server" : idOf(entry),
    at,
    rule,
    verdict,
    level,
    message,
    ...(details.old !== undefined && { old: details.old }),
    ...(details.new !== undefined && { new: details.new }),
    ...(witness !== undefined && { witness }),
    place: { side, ...(entry !== "server" && { entry }) },
  };
}

/** Returns the rule for a change of a schema. */
export function ruleOf({ at, kind, verdict, effect, isOptionalArgument }: SchemaChange, direction: Direction): Rule {
  if (at.at(-1) === "$schema" && kind === "text") return "schema/rewritten";
  if (kind === "header") return "header/changed";
  if (kind === "default") return direction === "input" ? "input/default-changed" : "text/changed";
  if (kind === "text") return "text/changed";
  if (isOptionalArgument) return "input/argument-added";
  if (verdict === "unknown") return `${direction}/undecided`;
  if (verdict === "breaking") return direction === "input" ? "input/narrowed" : "output/widened";
  if (effect === "none") return "schema/rewritten";
  return direction === "input" ? "input/widened" : "output/narrowed";
}

/** Describes a change of a schema in one sentence. */
export function messageOf(found: SchemaChange & { readonly isNew?: boolean }, direction: Direction): string {
  const { at, kind, old, new: now, reason, isNew } = found;
  const keyword = at.at(-1) ?? "";
  const parent = subject(at.slice(0, -1), direction);
  const because = reason === undefined ? "" : `; ${reason}`;
  if (at.length === 0 && old === true)
    return `${subject(at, direction)} ${direction === "input" ? "have" : "has"} a schema now`;
  if (at.length === 0 && now === true)
    return `${subject(at, direction)} no longer ${direction === "input" ? "have" : "has"} a schema`;
  if (at.length === 0) return `the schema of ${subject(at, direction)} has changed${because}`;
  if (kind === "required")
    return now === undefined
      ? `${quote(String(old))} of ${parent} is no longer required`
      : `${quote(String(now))} of ${parent} is ${isNew === true ? "new and" : "now"} required`;
  if (at.at(-2) === "properties" && (old === undefined || now === undefined)) {
    const owner = subject(at.slice(0, -2), direction);
    return `${quote(keyword)} of ${owner} is ${old === undefined ? "new" : "gone"}${because}`;
  }
  if (keyword === "enum" && Array.isArray(old) && Array.isArray(now)) {
    const gone = missing(old as Json[], now as Json[]);
    const more = missing(now as Json[], old as Json[]);
    const effects = [
      ...(gone.length > 0 ? [`${direction === "input" ? "no longer takes" : "is no longer"} ${gone}`] : []),
      ...(more.length > 0 ? [`${direction === "input" ? "also takes" : "may also be"} ${more}`] : []),
    ];
    if (effects.length > 0) return `${parent} ${effects.join(", and ")}${because}`;
  }
  const what = `${quote(keyword)} of ${parent}`;
  if (kind === "text" && keyword !== "$schema")
    return `${what} ${old === undefined ? "is new" : now === undefined ? "is gone" : "has other words"}`;
  if (now === undefined) return `${what} is no longer set${shown(old, " (was ", ")")}${because}`;
  if (old === undefined) return `${what} is now set${shown(now, " to ", "")}${because}`;
  const isShort = shown(old, "", "") !== "" && shown(now, "", "") !== "";
  return isShort
    ? `${what} is ${shown(now, "", "")}, was ${shown(old, "", "")}${because}`
    : `${what} has changed${because}`;
}

function missing(values: readonly Json[], from: readonly Json[]): string {
  const known = new Set(from.map(canonical));
  const gone = values.filter((value) => !known.has(canonical(value)));
  return gone.length === 0
    ? ""
    : gone.every((each) => typeof each === "string")
      ? listOf(gone as string[])
      : cut(JSON.stringify(gone).slice(1, -1));
}

function shown(value: Json | undefined, before: string, after: string): string {
  if (value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value))) return "";
  const text = JSON.stringify(value);
  return text.length > 60 ? "" : `${before}${text}${after}`;
}

/** Describes the value that a schema at a place applies to: the argument `filters[].name`. */
function subject(at: readonly string[], direction: Direction): string {
  const isShared = at[0] === "$defs" || at[0] === "definitions";
  let path = isShared ? `$defs/${at[1]}` : "";
  for (let index = isShared ? 2 : 0; index < at.length; index++) {
    const token = at[index]!;
    if (token === "properties" || token === "patternProperties") path += `${path === "" ? "" : "."}${at[++index]}`;
    else if (token === "items" || token === "prefixItems" || token === "contains") path += "[]";
    else if (token === "additionalProperties") path += `${path === "" ? "" : "."}*`;
  }
  if (path === "") return direction === "input" ? "the arguments" : "the result";
  return isShared ? quote(path) : `${direction === "input" ? "argument" : "result field"} ${quote(path)}`;
}
