import { quote } from "../diagnostics/catalogue/definition.js";
import { pointer } from "../json-schema/pointer.js";
import type { Json, JsonObject } from "../model/source.js";
import { change, messageOf, ruleOf, type SurfaceChange } from "./change.js";
import { isObject } from "./schemas/classes.js";
import { compareSchemas, type Direction, type SchemaChange } from "./schemas/compare.js";
import { areEqual } from "./schemas/formula.js";
import type { Entry } from "./surface.js";
import { plainForm, type PlainForm } from "./written.js";

/** Compares the arguments of a prompt as a schema: strings by name. */
export function compareArguments(old: Entry, now: Entry): SurfaceChange[] {
  const hasRules = old.contract !== undefined && now.contract !== undefined;
  const listed = ({ listing }: Entry): readonly JsonObject[] =>
    Array.isArray(listing["arguments"]) ? (listing["arguments"] as readonly Json[]).filter(isObject) : [];
  const schema = (entry: Entry): JsonObject => {
    const all = listed(entry);
    const rules = hasRules ? entry.contract!.argumentRules : {};
    const property = ({ name, title, description }: JsonObject): Json => ({
      type: "string",
      ...rulesOf(rules, String(name)),
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
    });
    return {
      type: "object",
      properties: Object.fromEntries(all.map((each) => [String(each["name"]), property(each)])),
      required: all.filter((each) => each["required"] === true).map((each) => String(each["name"])),
    };
  };
  const index = (name: string): string => String(listed(now).findIndex((each) => each["name"] === name));
  return compareSchema([], schema(old), schema(now), "input", now).map((found) => {
    const [section, name = ""] = found.at;
    const named = section === "required" ? String(found.new ?? found.old) : name;
    const rest = section === "required" ? ["required"] : found.at.slice(2);
    return { ...found, at: index(named) === "-1" ? ["arguments"] : ["arguments", index(named), ...rest] };
  });
}

function rulesOf(rules: JsonObject, name: string): JsonObject {
  const found = Object.hasOwn(rules, name) ? rules[name] : undefined;
  return isObject(found) ? found : {};
}

/** Returns the changes of a schema at a place of an entry. */
export function compareSchema(
  way: readonly string[],
  old: Json,
  now: Json,
  direction: Direction,
  entry: Entry,
): SurfaceChange[] {
  if (areEqual(old, now)) return [];
  let forms: readonly [PlainForm, PlainForm];
  try {
    forms = [plainForm(old), plainForm(now)];
  } catch (error) {
    const message = `${quote(way.join("/"))} cannot be compared: ${(error as Error).message}`;
    return [change(`${direction}/undecided`, entry, { at: way, message })];
  }
  const found = joined(compareSchemas(forms[0].schema, forms[1].schema, direction));
  // The plain form ignores changes of dialect and of identifiers.
  if (found.length === 0)
    return [
      change("schema/rewritten", entry, {
        at: way,
        message: `${quote(way.join("/"))} is written in another way`,
      }),
    ];
  return found.map((each) => {
    const isGone = each.kind !== "required" && each.new === undefined && each.old !== undefined;
    const at = [...way, ...forms[isGone ? 0 : 1].written(each.at)];
    const { old: before, new: after } = each;
    return change(ruleOf(each, direction), entry, {
      at,
      message: messageOf(each, direction),
      old: before,
      new: after,
      witness: each.witness,
    });
  });
}

/** Returns changes of which those of one property are one: a new one that is required, or one that is gone. */
function joined(found: readonly SchemaChange[]): (SchemaChange & { readonly isNew?: boolean })[] {
  const placeOf = ({ at, old, new: now }: SchemaChange): string =>
    pointer([...at.slice(0, -1), "properties", String(now ?? old)]);
  const properties = found.filter(
    ({ at, kind, old, new: now }) =>
      kind === "rule" && at.at(-2) === "properties" && (old === undefined || now === undefined),
  );
  const at = new Map(properties.map((each) => [pointer(each.at), each]));
  const newNames = new Set<SchemaChange>();
  const result = found.flatMap((each) => {
    const property = each.kind === "required" ? at.get(placeOf(each)) : undefined;
    if (!property) return [each];
    const isNew = each.new !== undefined && property.old === undefined;
    // A property that is gone is no longer required, either.
    if (!isNew)
      return each.new === undefined && property.new === undefined && each.verdict === "compatible" ? [] : [each];
    if (property.verdict === "compatible") newNames.add(property);
    return [{ ...each, isNew }];
  });
  return result.filter((each) => !newNames.has(each));
}
