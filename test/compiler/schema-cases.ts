import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Json } from "../../compiler/model/source.js";

/** One schema, of 2020-12 unless it says otherwise, values that it takes, and values that it does not. */
export interface SchemaCase {
  readonly keyword: string;
  readonly says: string;
  readonly schema: JsonSchema;
  readonly valid: readonly Json[];
  readonly invalid: readonly Json[];
}

const folder = join(import.meta.dirname, "..", "schema-cases");

export const schemaCases: readonly SchemaCase[] = readdirSync(folder)
  .sort()
  .flatMap((file) => {
    const groups = JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<
      string,
      Omit<SchemaCase, "keyword">[]
    >;
    return Object.entries(groups).flatMap(([keyword, cases]) => cases.map((one) => ({ keyword, ...one })));
  });
