import { listOf, quote } from "../diagnostics/catalogue/definition.js";
import type { Json, JsonObject } from "../model/source.js";
import { change, type SurfaceChange } from "./change.js";
import { compareSchema } from "./entry-schemas.js";
import type { Rule } from "./rules.js";
import { isObject } from "./schemas/classes.js";
import { areEqual } from "./schemas/formula.js";
import { idOf, type Entry, type EntryContract, type Surface } from "./surface.js";

/** Returns the changes of what clients rely on in an entry, besides its listing. */
export function compareContracts(old: Entry, now: Entry): SurfaceChange[] {
  const [before, after] = [old.contract, now.contract];
  if (!before || !after) return [];
  return [
    ...(before.params !== undefined && after.params !== undefined
      ? compareSchema(["params"], before.params, after.params, "input", now)
      : []),
    ...compareTexts(old, now, before, after),
    ...compareSubscriptions(now, before, after),
    ...compareCompletions(now, before, after),
    ...compareElicitations(now, before, after),
    ...compareScopes(now, before, after),
    ...compareErrors(now, before, after),
  ];
}

/** Returns the changes of what clients rely on in a server, besides its description and its lists. */
export function compareServerContracts(old: Surface, now: Surface): SurfaceChange[] {
  const [before, after] = [old.contract, now.contract];
  if (!before || !after) return [];
  return [
    ...compareTransports(before.transports, after.transports),
    ...compareAuth(before.auth, after.auth),
    ...differences(before.profiles, after.profiles).map(([name, isGone]) =>
      change(isGone ? "profile/removed" : "profile/added", "server", {
        at: ["projections", name],
        message: `the profile ${quote(name)} ${isGone ? "is gone" : "is new"}`,
      }),
    ),
  ];
}

/** Returns what is only in one of two lists, and whether that is the first. */
function differences(
  before: readonly string[],
  after: readonly string[],
): (readonly [name: string, isGone: boolean])[] {
  return [
    ...before.filter((name) => !after.includes(name)).map((name) => [name, true] as const),
    ...after.filter((name) => !before.includes(name)).map((name) => [name, false] as const),
  ];
}

function compareTransports(before: JsonObject, after: JsonObject): SurfaceChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const [old, now] = [before[name], after[name]];
    // A path from the environment is that of the deployment.
    const isSame = old !== undefined && now !== undefined && (old === now || old === true || now === true);
    if (isSame) return [];
    const effect =
      old === undefined
        ? "is new"
        : now === undefined
          ? "is gone"
          : `has the path ${quote(String(now))}, was ${quote(String(old))}`;
    const message = `the transport ${quote(name)} ${effect}`;
    return [
      change(old === undefined ? "transport/added" : "transport/removed", "server", {
        at: ["transports", name],
        message,
        old,
        new: now,
      }),
    ];
  });
}

function compareAuth(before: readonly string[], after: readonly string[]): SurfaceChange[] {
  const auth = (rule: "auth/narrowed" | "auth/widened", message: string): SurfaceChange[] => [
    change(rule, "server", { at: ["auth"], message, old: [...before], new: [...after] }),
  ];
  const gone = before.filter((method) => !after.includes(method));
  if (before.length === 0 && after.length > 0) return auth("auth/narrowed", "callers now need credentials");
  if (gone.length > 0 && after.length === 0) return auth("auth/widened", "callers no longer need credentials");
  if (gone.length > 0) return auth("auth/narrowed", `credentials of ${listOf(gone)} are no longer accepted`);
  const added = after.filter((method) => !before.includes(method));
  return added.length > 0 ? auth("auth/widened", `credentials of ${listOf(added)} are accepted, too`) : [];
}

/** The scopes that a caller needs beside one that it has; undefined if that one is of no use. */
type Missing = readonly string[] | undefined;

/** Returns the entries that a scope opens less or more than before because of the scopes that it includes. */
export function compareAccess(old: Surface, now: Surface): SurfaceChange[] {
  const [before, after] = [old.contract?.access, now.contract?.access];
  if (!before || !after) return [];
  const earlier = new Map(old.entries.map((entry) => [idOf(entry), entry.contract]));
  // A change of an entry's own scopes is reported at the entry.
  const same = now.entries.filter((entry) => {
    const [one, other] = [earlier.get(idOf(entry))?.scopes, entry.contract?.scopes];
    return one && other && differences(one, other).length === 0;
  });
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((scope) => {
    const [opened, opens] = [openedBy(before[scope]), openedBy(after[scope])];
    return same.flatMap((entry) => {
      const [one, other] = [opened.get(idOf(entry)), opens.get(idOf(entry))];
      const access = (rule: "access/narrowed" | "access/widened", how: string): SurfaceChange =>
        change(rule, entry, { at: ["scopes"], message: `the scope ${quote(scope)} ${how}` });
      if (isNarrower(one, other))
        return [access("access/narrowed", other ? `opens it only with ${listOf(other)}` : "no longer opens it")];
      return isNarrower(other, one)
        ? [access("access/widened", other!.length > 0 ? `opens it with ${listOf(other!)}` : "now opens it")]
        : [];
    });
  });
}

function isNarrower(one: Missing, other: Missing): boolean {
  return one !== undefined && (other === undefined || other.some((scope) => !one.includes(scope)));
}

/** Reads the entries that a scope opens: `ENTRY`, or `ENTRY with SCOPE, SCOPE`. */
function openedBy(entries: Json | undefined): ReadonlyMap<string, readonly string[]> {
  const texts = Array.isArray(entries) ? (entries as readonly Json[]).map(String) : [];
  return new Map(
    texts.map((text) => {
      const at = text.lastIndexOf(" with ");
      return at === -1 ? [text, []] : [text.slice(0, at), text.slice(at + " with ".length).split(", ")];
    }),
  );
}

function compareTexts(
  old: Entry,
  now: Entry,
  { text: before }: EntryContract,
  { text: after }: EntryContract,
): SurfaceChange[] {
  // Without structured content, there is no text beside it.
  if (areEqual(before, after) || !old.listing["outputSchema"] || !now.listing["outputSchema"]) return [];
  const details = { at: ["text"], old: before, new: after };
  const text = "the text of results";
  if (isObject(before) && isObject(after))
    return [change("text/changed", now, { ...details, message: `${text} has another template` })];
  const forms: Readonly<Record<string, string>> = { json: "the JSON", none: "gone" };
  const form = (value: Json): string => forms[String(value)] ?? "a template";
  const message = `${text} is ${form(after)}${before === "none" ? "" : `, was ${form(before)}`}`;
  return [
    change(after === "none" || before === "json" ? "content/removed" : "content/added", now, { ...details, message }),
  ];
}

function compareSubscriptions(now: Entry, before: EntryContract, after: EntryContract): SurfaceChange[] {
  if (before.subscribe === after.subscribe) return [];
  return [
    change(after.subscribe ? "subscription/added" : "subscription/removed", now, {
      at: ["subscribe"],
      message: `clients ${after.subscribe ? "may now" : "can no longer"} subscribe`,
    }),
  ];
}

function compareCompletions(now: Entry, before: EntryContract, after: EntryContract): SurfaceChange[] {
  return differences(before.completes, after.completes).map(([name, isGone]) =>
    change("completion/changed", now, {
      at: ["complete"],
      message: `${quote(name)} is ${isGone ? "no longer" : "now"} completed`,
    }),
  );
}

function compareElicitations(now: Entry, before: EntryContract, after: EntryContract): SurfaceChange[] {
  const member = (all: JsonObject, name: string): JsonObject | undefined =>
    Object.hasOwn(all, name) && isObject(all[name]) ? all[name] : undefined;
  const names = new Set([...Object.keys(before.elicitations), ...Object.keys(after.elicitations)]);
  return [...names].flatMap((name) => {
    const [one, other] = [member(before.elicitations, name), member(after.elicitations, name)];
    const at = ["elicitations", name];
    const question = `the question ${quote(name)}`;
    if (!one || !other)
      return [change("elicitation/changed", now, { at, message: `${question} ${other ? "is new" : "is gone"}` })];
    const { message: words, url, requestedSchema: form } = one;
    const { message: newWords, url: newUrl, requestedSchema: newForm } = other;
    const changed = (rule: Rule, key: string, message: string, old?: Json, replaced?: Json): SurfaceChange[] => [
      change(rule, now, { at: [...at, key], message: `${question} ${message}`, old, new: replaced }),
    ];
    return [
      ...(words === newWords ? [] : changed("text/changed", "message", "has other words", words, newWords)),
      ...(url === newUrl ? [] : changed("elicitation/changed", "url", "leads to another page", url, newUrl)),
      ...(form !== undefined && newForm !== undefined
        ? compareSchema([...at, "requestedSchema"], form, newForm, "output", now)
        : form === newForm
          ? []
          : changed(
              "elicitation/changed",
              "requestedSchema",
              `${newForm === undefined ? "no longer has" : "has"} a form`,
            )),
    ];
  });
}

function compareScopes(
  now: Entry,
  { scopes: before }: EntryContract,
  { scopes: after }: EntryContract,
): SurfaceChange[] {
  return differences(before, after).map(([scope, isGone]) =>
    change(isGone ? "scope/removed" : "scope/added", now, {
      at: ["scopes"],
      message: `the scope ${quote(scope)} is ${isGone ? "no longer" : "now"} required`,
      old: [...before],
      new: [...after],
    }),
  );
}

function compareErrors(
  now: Entry,
  { errors: before }: EntryContract,
  { errors: after }: EntryContract,
): SurfaceChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((code) => {
    if (before[code] === after[code]) return [];
    const isText = before[code] !== undefined && after[code] !== undefined;
    const what = isText ? "has another message" : before[code] === undefined ? "is new" : "is gone";
    return [
      change(isText ? "text/changed" : "error/changed", now, {
        at: ["errors", code],
        message: `the error ${quote(code)} ${what}`,
        old: before[code],
        new: after[code],
      }),
    ];
  });
}
