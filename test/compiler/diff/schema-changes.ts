import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "../../../compiler/diff/rules.js";
import type { JsonSchema } from "../../../compiler/model/schema.js";

/** A row of `schema-changes.txt`: two schemas, and what becomes of inputs and outputs. */
export interface Row {
  readonly name: string;
  readonly old: JsonSchema;
  readonly new: JsonSchema;
  readonly change: Expected;
  /** From the new schema back to the old one. What widens one way narrows the other, unless the row says more. */
  readonly inverse: Expected;
}

interface Expected {
  readonly input: Verdict;
  readonly output: Verdict;
}

export function rows(): Row[] {
  const text = readFileSync(join(import.meta.dirname, "schema-changes.txt"), "utf8");
  const blocks = text.split("\n\n").filter((block) => !block.startsWith("#"));
  return blocks.map((block) => {
    const [name, ...lines] = block.trimEnd().split("\n");
    const line = (word: string): string | undefined =>
      lines
        .find((each) => each.startsWith(`  ${word} `))
        ?.slice(word.length + 3)
        .trim();
    const expected = (told: string | undefined): Expected | undefined => {
      const match = /^input (\w+), output (\w+)$/.exec(told ?? "");
      return match ? { input: match[1] as Verdict, output: match[2] as Verdict } : undefined;
    };
    const change = expected(line("change"));
    if (!change) throw new Error(`the row ${JSON.stringify(name)} does not say what becomes of it`);
    return {
      name: name!,
      old: JSON.parse(line("old")!) as JsonSchema,
      new: JSON.parse(line("new")!) as JsonSchema,
      change,
      inverse: expected(line("inverse")) ?? { input: change.output, output: change.input },
    };
  });
}
