import { expect, test } from "vitest";
import * as formats from "../../runtime/codegen/v1/formats.js";
import { compiled } from "./compiled.js";

const samples = [
  ...["", "a", "a.example", "ada@example.com", "2024-02-29", "2024-02-29T10:00:00Z", "10:00:00Z", "P1D", "127.0.0.1"],
  ...["::1", "https://example.com/a?b#c", "/a/b", "#/a~1b", "1/a", "{+path}/x{?q*}", '{"}', "^a+$", "(", "a b", '"'],
  "3f1b9d0e-6f0a-4c57-9b0e-2f2a6a6f7c11",
];

type Verdict = (value: string | number) => boolean;
const numbers = [0, 1.5, -1, 2 ** 31, 2 ** 53];

/** The verdict of a format as the runtime has it: a pattern, a function, one for numbers, or anything passes. */
function verdictOf(format: unknown): Verdict {
  if (format instanceof RegExp) return (text) => typeof text !== "string" || format.test(text);
  if (typeof format === "function") return (text) => typeof text !== "string" || (format as Verdict)(text);
  if (typeof format === "object")
    return (value) => typeof value !== "number" || (format as { validate: Verdict }).validate(value);
  return () => true;
}

test("the validator of every format has the verdict of the format", async () => {
  const all = Object.entries(formats).map(([name, format]) => ({
    format: name.replace(/_format$/, "").replaceAll("_", "-"),
    verdict: verdictOf(format),
  }));
  const { validators, refused } = await compiled(all.map(({ format }) => ({ format })));
  expect([...refused.values()]).toEqual([]);
  for (const [index, { format, verdict }] of all.entries())
    for (const value of [...samples, ...numbers])
      expect([format, value, validators[index]!(value)]).toEqual([format, value, verdict(value)]);
  expect(all.length).toBeGreaterThan(15);
});
