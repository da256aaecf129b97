import type { Json, JsonObject } from "../../model/source.js";
import type { Formula, LiteralOf } from "./formula.js";
import { closed, distinct, type Domain, type Sides, type Tools } from "./outcome.js";
import { matcher } from "./patterns.js";

const maxNames = 400;
const maxProperties = 200;
const maxPatterns = 4;
const letters = [..."abcdefghijklmnopqrstuvwxyz"];
const pairsOfLetters = letters.flatMap((one) => letters.map((other) => one + other));

/** A named property, or any unnamed property whose name matches certain patterns. */
interface Place {
  readonly name?: string;
  /** Patterns that the names match, and those that they do not; undefined where any match is possible. */
  readonly matched?: ReadonlySet<string>;
  readonly unmatched?: readonly string[];
  /** Schemas that apply to the value. */
  readonly schemas: readonly Formula[];
}

type Rule = LiteralOf<"matching"> | LiteralOf<"additional">;

/** Solves objects: required, optional and forbidden properties, and the formulas for their values. */
export function solveObjects(sides: Sides, tools: Tools): Domain {
  const { left, right } = sides;
  const { prove } = tools;
  const needed = new Set<string>();
  const absent = new Set<string>();
  const refused = new Map<string, Formula[]>();
  let [least, most] = [0, Infinity];
  for (const literal of left)
    if (literal.kind === "required") needed.add(literal.name);
    else if (literal.kind === "minProperties") least = Math.max(least, literal.value);
    else if (literal.kind === "maxProperties") most = Math.min(most, literal.value);
  for (const literal of right)
    if (literal.kind === "required") absent.add(literal.name);
    else if (literal.kind === "minProperties") most = Math.min(most, literal.value - 1);
    else if (literal.kind === "maxProperties") least = Math.max(least, literal.value + 1);
    else if (literal.kind === "property") {
      needed.add(literal.name);
      refused.set(literal.name, [...(refused.get(literal.name) ?? []), literal.schema]);
    }
  if ([...needed].some((name) => absent.has(name)) || Math.max(least, needed.size) > most) return closed;

  const names = namesOf(sides, tools);
  if (names.length > maxNames) return { samples: [] };
  const named = new Map(names.map((name) => [name, placeOf(name, sides, tools)]));
  const refusedAt = ({ name }: Place): readonly Formula[] => (name === undefined ? [] : (refused.get(name) ?? []));
  for (const name of needed) {
    const place = named.get(name)!;
    if (prove(place.schemas, refusedAt(place)).closed) return closed;
  }
  const optional = names.filter(
    (name) => !needed.has(name) && !absent.has(name) && isPossible(named.get(name)!, tools),
  );
  const open = otherPlaces(names, sides, tools);
  if (open.length === 0 && needed.size + optional.length < least) return closed;

  /** Properties that violate a rule on the right about unnamed properties, one for each rule. */
  const breaking: { readonly place: Place; readonly schema: Formula }[] = [];
  const available = [...[...needed, ...optional].map((name) => named.get(name)!), ...open];
  for (const literal of right)
    if (literal.kind === "matching" || literal.kind === "additional") {
      const place = available
        .filter((each) => applies(literal, each) !== false)
        .find((each) => !prove(each.schemas, [...refusedAt(each), literal.schema]).closed);
      if (!place) return closed;
      breaking.push({ place, schema: literal.schema });
    } else if (literal.kind === "names") {
      const place = available.find((each) => !isNameProved(each, literal.schema, names, sides, tools));
      if (!place) return closed;
      breaking.push({ place, schema: literal.schema });
    }
  const isEmpty = needed.size + optional.length + open.length === 0;
  if (most < 1 || isEmpty) return { values: [{}] };
  return { samples: samples() };

  function samples(): Json[] {
    const found: Json[] = [];
    const valuesAt = (place: Place, more: readonly Formula[] = []): readonly Json[] =>
      prove(place.schemas, [...refusedAt(place), ...more]).candidates;
    const fresh = (place: Place, taken: JsonObject, index = 0): string | undefined =>
      place.name ?? nameSamples(place, names, sides, tools).filter((name) => !Object.hasOwn(taken, name))[index];
    const minimal: [string, readonly Json[]][] = [...needed].map((name) => [name, valuesAt(named.get(name)!)]);
    for (const { place, schema } of breaking) {
      const isAboutNames = right.some((literal) => literal.kind === "names" && literal.schema === schema);
      const taken = Object.fromEntries(minimal.map(([name]) => [name, null]));
      const name = isAboutNames && place.name === undefined ? badName(place, schema) : fresh(place, taken);
      if (name === undefined) return [];
      const values = valuesAt(place, isAboutNames ? [] : [schema]);
      const index = minimal.findIndex(([each]) => each === name);
      if (index === -1) minimal.push([name, values]);
      else minimal[index] = [name, values];
    }
    if (minimal.some(([, values]) => values.length === 0)) return [];
    const base = (): [string, Json][] => minimal.map(([name, values]) => [name, values[0]!]);
    const add = (members: readonly (readonly [string, Json])[]): void => void found.push(Object.fromEntries(members));
    const choices = optional.flatMap((name): [string, Json][] => {
      const value = valuesAt(named.get(name)!)[0];
      return value === undefined || minimal.some(([each]) => each === name) ? [] : [[name, value]];
    });
    const filled = [...base()];
    for (const choice of choices) if (filled.length < least) filled.push(choice);
    for (const place of least > maxProperties ? [] : open) {
      const [value] = valuesAt(place);
      if (value === undefined) continue;
      for (const name of manyNames(place)) {
        if (filled.length >= least) break;
        if (!filled.some(([each]) => each === name)) filled.push([name, value]);
      }
    }
    add(filled);
    for (const [index, [name, values]] of minimal.entries())
      for (const value of values.slice(1, 6)) add(filled.map((each, at) => (at === index ? [name, value] : each)));
    add([...filled, ...choices].slice(0, Math.max(filled.length, Math.min(most, maxNames))));
    for (const choice of choices.slice(0, 12)) add([...filled, choice]);
    for (const place of open.slice(0, 4)) {
      const name = fresh(place, Object.fromEntries(filled));
      if (name !== undefined) for (const value of valuesAt(place).slice(0, 3)) add([...filled, [name, value]]);
    }
    return distinct(found);
  }

  /** Yields names of a place: the samples, and the samples followed by two letters. */
  function* manyNames(place: Place): Generator<string> {
    const { left, right } = nameFormulas(place, names, sides, tools);
    const isName = (name: string): boolean =>
      left.every((each) => tools.evaluate(each, name) !== false) &&
      right.every((each) => tools.evaluate(each, name) !== true);
    const found = nameSamples(place, names, sides, tools);
    yield* found;
    for (const first of found.slice(0, 3))
      for (const pair of pairsOfLetters) if (isName(first + pair)) yield first + pair;
  }

  function badName(place: Place, schema: Formula): string | undefined {
    return nameSamples(place, names, sides, tools, schema)[0];
  }
}

/** Returns all names in the literals. */
function namesOf({ left, right }: Sides, { keywordsOf }: Tools): string[] {
  const names = new Set<string>();
  const listed = (formula: Formula, depth: number): void => {
    if (depth > 4) return;
    if (formula.kind === "enum") for (const value of formula.values) if (typeof value === "string") names.add(value);
    if (formula.kind === "schema") keywordsOf(formula.id).forEach((each) => listed(each, depth + 1));
    if (formula.kind === "all" || formula.kind === "any" || formula.kind === "one")
      formula.of.forEach((each) => listed(each, depth + 1));
  };
  for (const literal of [...left, ...right]) {
    if (literal.kind === "required" || literal.kind === "property") names.add(literal.name);
    if (literal.kind === "additional") for (const name of literal.names) names.add(name);
    if (literal.kind === "names") listed(literal.schema, 0);
  }
  return [...names];
}

function placeOf(name: string, { left }: Sides, { evaluate, make }: Tools): Place {
  const schemas = left.flatMap((literal): readonly Formula[] => {
    if (literal.kind === "property") return literal.name === name ? [literal.schema] : [];
    if (literal.kind === "names")
      return evaluate(literal.schema, name) === false ? [make({ kind: "any", of: [] })] : [];
    if (literal.kind !== "matching" && literal.kind !== "additional") return [];
    return applies(literal, { name, schemas: [] }) === true ? [literal.schema] : [];
  });
  return { name, schemas };
}

/** Whether the property may have a value. */
function isPossible({ schemas }: Place, { prove }: Tools): boolean {
  return !prove(schemas, []).closed;
}

/** Whether a rule applies to the property; undefined where this is not decidable. */
function applies(rule: Rule, { name, matched }: Place): boolean | undefined {
  const matches = (pattern: string): boolean | undefined =>
    name === undefined ? matched && matched.has(pattern) : matcher(pattern)(name);
  if (rule.kind === "matching") return matches(rule.pattern);
  if (name !== undefined && rule.names.includes(name)) return false;
  const all = rule.patterns.map(matches);
  if (all.includes(true)) return false;
  return all.includes(undefined) ? undefined : true;
}

/** Returns the unnamed properties that are possible, by the patterns that they match. */
function otherPlaces(names: readonly string[], sides: Sides, tools: Tools): Place[] {
  const rules = [...sides.left, ...sides.right].filter(
    (literal): literal is Rule => literal.kind === "matching" || literal.kind === "additional",
  );
  const patterns = [...new Set(rules.flatMap((rule) => (rule.kind === "matching" ? [rule.pattern] : rule.patterns)))];
  const place = (matched?: ReadonlySet<string>): Place => {
    const unmatched = patterns.filter((pattern) => !matched?.has(pattern));
    const schemas = sides.left.flatMap((literal) =>
      (literal.kind === "matching" || literal.kind === "additional") &&
      applies(literal, { ...(matched && { matched }), schemas: [] }) === true
        ? [literal.schema]
        : [],
    );
    return { ...(matched && { matched, unmatched }), schemas };
  };
  if (patterns.length > maxPatterns) return [place()].filter((each) => isPossible(each, tools));
  const places: Place[] = [];
  for (let bits = 0; bits < 2 ** patterns.length; bits++) {
    const matched = new Set(patterns.filter((_, index) => bits & (1 << index)));
    const found = place(matched);
    // Names take longer to prove than a value that is never valid.
    if (!isPossible(found, tools)) continue;
    const { left, right } = nameFormulas(found, names, sides, tools);
    if (!tools.prove(left, right).closed) places.push(found);
  }
  return places;
}

/** Returns formulas for a name of an unnamed property, which occurs in none of the literals. */
function nameFormulas(
  { matched = new Set(), unmatched = [] }: Place,
  names: readonly string[],
  { left }: Sides,
  { make }: Tools,
): { readonly left: readonly Formula[]; readonly right: readonly Formula[] } {
  const schemas = left.flatMap((literal) => (literal.kind === "names" ? [literal.schema] : []));
  const pattern = (each: string): Formula => make({ kind: "pattern", pattern: each });
  return {
    left: [make({ kind: "type", types: ["string"], integer: false }), ...schemas, ...[...matched].map(pattern)],
    right: [make({ kind: "enum", values: [...names].sort() }), ...unmatched.map(pattern)],
  };
}

function isNameProved(place: Place, schema: Formula, names: readonly string[], sides: Sides, tools: Tools): boolean {
  if (place.name !== undefined) return tools.evaluate(schema, place.name) === true;
  const { left, right } = nameFormulas(place, names, sides, tools);
  return tools.prove([...left], [...right, schema]).closed;
}

function nameSamples(
  place: Place,
  names: readonly string[],
  sides: Sides,
  tools: Tools,
  refused?: Formula,
): readonly string[] {
  const { left, right } = nameFormulas(place, names, sides, tools);
  const { candidates } = tools.prove(left, refused ? [...right, refused] : right);
  const all = candidates.filter((name): name is string => typeof name === "string" && !names.includes(name));
  // Users see these names, so usual ones come first, and the empty one last.
  const oddness = (name: string): number => (name === "" ? 2 : /^[a-z]/i.test(name) ? 0 : 1);
  return all.toSorted((one, other) => oddness(one) - oddness(other));
}
