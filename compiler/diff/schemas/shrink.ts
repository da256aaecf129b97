import type { Json, JsonObject } from "../../model/source.js";

const maxAttempts = 600;

/** Returns the smallest value found that still has the tested property. */
export function shrunk(value: Json, still: (value: Json) => boolean): Json {
  let attempts = 0;
  let best = value;
  for (let isBetter = true; isBetter;) {
    isBetter = false;
    for (const smaller of smallerThan(best)) {
      if (++attempts > maxAttempts) return best;
      if (!still(smaller)) continue;
      best = smaller;
      isBetter = true;
      break;
    }
  }
  return best;
}

/** Yields values that are one step smaller, the smallest first. */
function* smallerThan(value: Json): Generator<Json> {
  if (typeof value === "string") yield* shorter(value);
  else if (typeof value === "number") {
    for (const simple of [0, 1, Math.trunc(value)])
      if (simple !== value && weight(simple) < weight(value)) yield simple;
  } else if (Array.isArray(value)) {
    const items = value as readonly Json[];
    for (let index = 0; index < items.length; index++) yield items.filter((_, at) => at !== index);
    for (const [index, item] of items.entries())
      for (const smaller of smallerThan(item)) yield items.map((each, at) => (at === index ? smaller : each));
  } else if (typeof value === "object" && value !== null) {
    const members = Object.entries(value as JsonObject);
    for (const [name] of members) yield Object.fromEntries(members.filter(([each]) => each !== name));
    for (const [name, member] of members)
      for (const smaller of smallerThan(member))
        yield Object.fromEntries(members.map(([each, old]) => [each, each === name ? smaller : old]));
  }
}

function* shorter(text: string): Generator<string> {
  const characters = [...text];
  if (characters.length === 0) return;
  for (let length = characters.length >> 1; length >= 1; length >>= 1) {
    yield characters.slice(0, characters.length - length).join("");
    yield characters.slice(length).join("");
  }
}

function weight(value: number): number {
  return JSON.stringify(value).length * 4 + Math.min(3, Math.abs(value));
}
