import { expect, test } from "vitest";
import type { JsonSchema } from "../../compiler/model/schema.js";
import { compiled } from "./compiled.js";

/** Definitions that each refer to the next from so many schemas below. */
function chain(length: number, below: number): JsonSchema {
  const names = Array.from({ length }, (_, index) => `D${index}`);
  const nested = (schema: object): object =>
    Array.from({ length: below }).reduce<object>((inner) => ({ items: inner }), schema);
  const $defs = Object.fromEntries(
    names.map((name, index) => [name, nested(index + 1 < length ? { $ref: `#/$defs/D${index + 1}` } : {})]),
  );
  return { $ref: "#/$defs/D0", $defs } as JsonSchema;
}

test.each([
  [1, 140, []],
  [70, 1, []],
  [20, 6, []],
  [2, 149, ["reference/too-deep"]],
  [20, 90, ["reference/too-deep"]],
  [150, 40, ["reference/too-deep"]],
])("%s references, each %s schemas below the last: %s", async (length, below, expected) => {
  const { refused } = await compiled([chain(length, below)]);
  expect((refused.get(0) ?? []).map(({ code }) => code)).toEqual(expected);
});
