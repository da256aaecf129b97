import type { Json } from "../../model/source.js";
import type { Formula } from "./formula.js";
import { closed, distinct, type Domain, type Outcome, type Sides, type Tools } from "./outcome.js";

const maxItems = 10_000;
/** Length of the lists of which several variants are tried. */
const maxVaried = 200;
/** Number of places at the beginning of a list that are examined one by one. */
const maxPlaces = 20;

/** Solves arrays: an interval of lengths, and the formulas for the items at each place. */
export function solveArrays({ left, right }: Sides, { prove, make }: Tools): Domain {
  let [least, most] = [0, Infinity];
  const always: { readonly from: number; readonly to: number; readonly schema: Formula }[] = [];
  const contained: { readonly schema: Formula; readonly value: number }[] = [];
  const limited: { readonly schema: Formula; readonly value: number }[] = [];
  let isUnique = false;
  for (const literal of left)
    if (literal.kind === "minItems") least = Math.max(least, literal.value);
    else if (literal.kind === "maxItems") most = Math.min(most, literal.value);
    else if (literal.kind === "unique") isUnique = true;
    else if (literal.kind === "item") always.push({ from: literal.index, to: literal.index, schema: literal.schema });
    else if (literal.kind === "rest") always.push({ from: literal.from, to: Infinity, schema: literal.schema });
    else if (literal.kind === "containsMin") {
      contained.push(literal);
      least = Math.max(least, literal.value);
    } else if (literal.kind === "containsMax") {
      if (literal.value > 0) limited.push(literal);
      else always.push({ from: 0, to: Infinity, schema: make({ kind: "not", of: literal.schema }) });
    }
  const itemsAt = (index: number): Formula[] =>
    always.filter(({ from, to }) => from <= index && index <= to).map(({ schema }) => schema);
  /** The index from which all items have the same formulas. */
  const tail = Math.max(
    0,
    ...always.map(({ from, to }) => (to === Infinity ? from : to + 1)),
    ...right.map((literal) =>
      literal.kind === "item" ? literal.index + 1 : literal.kind === "rest" ? literal.from : 0,
    ),
  );
  if (tail > maxPlaces) return { samples: [] };

  /** Formulas that the item at a place must not satisfy, by the place; `-1` stands for all places. */
  const refused = new Map<number, Formula[]>();
  const refuse = (index: number, schema: Formula): void =>
    void refused.set(index, [...(refused.get(index) ?? []), schema]);
  const refusedAt = (index: number): Formula[] => [...(refused.get(-1) ?? []), ...(refused.get(index) ?? [])];
  let needsRepeated = false;
  const wanted = [...contained];
  for (const literal of right)
    if (literal.kind === "minItems") most = Math.min(most, literal.value - 1);
    else if (literal.kind === "maxItems") least = Math.max(least, literal.value + 1);
    else if (literal.kind === "unique") {
      if (isUnique) return closed;
      needsRepeated = true;
      least = Math.max(least, 2);
    } else if (literal.kind === "item") {
      refuse(literal.index, literal.schema);
      least = Math.max(least, literal.index + 1);
    } else if (literal.kind === "containsMin") {
      const isContained = contained.some(
        ({ schema, value }) => value >= literal.value && prove([schema], [literal.schema]).closed,
      );
      const sure = places(least).filter((index) => prove(itemsAt(index), [literal.schema]).closed);
      const beyond = least > tail && sure.includes(tail) ? least - tail - 1 : 0;
      if (isContained || sure.length + beyond >= literal.value) return closed;
      if (literal.value === 1) refuse(-1, literal.schema);
    } else if (literal.kind === "containsMax") {
      const isLimited = limited.some(
        ({ schema, value }) => value <= literal.value && prove([literal.schema], [schema]).closed,
      );
      if (isLimited) return closed;
      wanted.push({ schema: literal.schema, value: literal.value + 1 });
      least = Math.max(least, literal.value + 1);
    }

  /** Returns the places below a length; the last place stands for all that follow. */
  function places(length: number): number[] {
    return Array.from({ length: Math.min(length, tail + 1) }, (_, index) => index);
  }
  for (const index of places(most)) if (prove(itemsAt(index), []).closed) most = Math.min(most, index);
  least = Math.ceil(least);
  if (least > most) return closed;
  for (const index of places(Math.min(least, most))) {
    const isRefused = refused.has(-1) || refused.has(index);
    if (isRefused && prove(itemsAt(index), refusedAt(index)).closed) return closed;
  }
  for (const { schema } of wanted)
    if (places(most).every((index) => prove([...itemsAt(index), schema], []).closed)) return closed;
  const open: { readonly index: number; readonly schema: Formula }[] = [];
  for (const literal of right)
    if (literal.kind === "rest") {
      const index = places(most)
        .filter((each) => each >= literal.from)
        .find((each) => !prove(itemsAt(each), [...refusedAt(each), literal.schema]).closed);
      if (index === undefined) return closed;
      open.push({ index, schema: literal.schema });
    }
  for (const { index, schema } of open) {
    refuse(index, schema);
    least = Math.max(least, index + 1);
  }
  if (most === 0) return { values: [[]] };
  if (least > most || least > maxItems) return { samples: [] };

  const outcomes = new Map<number, Outcome>();
  const at = (index: number): Outcome => {
    const place = Math.min(index, tail);
    if (!outcomes.has(place)) outcomes.set(place, prove(itemsAt(place), refusedAt(place)));
    return outcomes.get(place)!;
  };
  const samples: Json[][] = [];
  for (const length of new Set([least, Math.min(least + 1, most), Math.min(Math.max(2, least), most)])) {
    for (let variant = 0; variant < (length > maxVaried ? 1 : 3); variant++) {
      const items: Json[] = [];
      const needed = wanted.flatMap(({ schema, value }) =>
        Array.from({ length: Math.min(value, length) }, () => schema),
      );
      for (let index = 0; index < length; index++) {
        const need = refused.has(index) ? undefined : needed.shift();
        const { candidates } = need ? prove([...itemsAt(index), need], refusedAt(index)) : at(index);
        const isFresh = (value: Json): boolean =>
          !items.some((other) => JSON.stringify(other) === JSON.stringify(value));
        const first = candidates[variant] ?? candidates[0];
        const pick = isUnique ? (candidates.find(isFresh) ?? first) : needsRepeated ? (items[0] ?? first) : first;
        if (pick === undefined) break;
        items.push(pick);
      }
      if (items.length === length) samples.push(items);
    }
  }
  return { samples: distinct(samples) };
}
