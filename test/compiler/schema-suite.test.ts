import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dialectOf, dialectUris } from "../../compiler/json-schema/dialect.js";
import type { Dialect, JsonSchema } from "../../compiler/model/schema.js";
import type { Json, JsonObject } from "../../compiler/model/source.js";
import { compiled } from "./compiled.js";

/** A checkout of the JSON Schema Test Suite: its required cases run where the environment names one. */
const suite = process.env["MCPC_SCHEMA_SUITE"];

const folders = { draft7: "draft-07", "draft2019-09": "2019-09", "draft2020-12": "2020-12" } as const;

interface Group {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly tests: readonly { readonly description: string; readonly data: Json; readonly valid: boolean }[];
}

test.skipIf(suite === undefined).each(Object.entries(folders))(
  "%s: each case that builds has the suite's verdict",
  { timeout: 600_000 },
  async (folder, dialect) => {
    const tests = join(suite!, "tests", folder);
    const groups = readdirSync(tests)
      .filter((file) => file.endsWith(".json"))
      .flatMap((file) => read<Group[]>(join(tests, file)).map((group) => ({ file, ...group })));
    const schemas = groups.map(({ schema }) => inDialect(schema, dialect));
    const { validators, refused } = await compiled(schemas, remotes(join(suite!, "remotes"), folder, dialect));
    const differing: unknown[] = [];
    let formats = 0;
    const unbuilt = new Map<string, number>();
    for (const [index, { file, description, tests: cases }] of groups.entries()) {
      const validate = validators[index];
      for (const { description: says, data, valid } of cases) {
        if (!validate) {
          const reason = refused
            .get(index)!
            .map(({ code, message }) => `${code}: ${message}`)
            .join("; ");
          unbuilt.set(
            `${file}: ${description}: ${reason}`,
            (unbuilt.get(`${file}: ${description}: ${reason}`) ?? 0) + 1,
          );
        } else if (validate(data) === valid) continue;
        // A format is checked, which the specification leaves to implementations.
        else if (says.endsWith("is only an annotation by default")) formats += 1;
        else differing.push(`${file}: ${description}: ${says}`);
      }
    }
    const all = groups.reduce((sum, group) => sum + group.tests.length, 0);
    const none = [...unbuilt.values()].reduce((sum, count) => sum + count, 0);
    const agreeing = all - none - differing.length - formats;
    const totals = `${agreeing} agree, ${differing.length} differ, ${formats} formats are checked, ${none} do not build`;
    console.log(`${folder}: ${all} cases: ${totals}`);
    for (const [reason, count] of unbuilt) console.log(`  ${count} × ${reason}`);
    expect(differing).toEqual([]);
  },
);

function read<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

function inDialect(schema: JsonSchema, dialect: Dialect): JsonSchema {
  return typeof schema === "object" && !("$schema" in schema) ? { $schema: dialectUris[dialect], ...schema } : schema;
}

const origin = "http://localhost:1234/";

/** What the suite expects to find at `origin`, as shared definitions under its addresses. */
function remotes(folder: string, draft: string, dialect: Dialect): Record<string, JsonSchema> {
  const found: Record<string, JsonSchema> = {};
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const isOfDraft = /^(?:draft|v1)/.test(file) ? file.startsWith(`${draft}/`) : draft === "draft7";
    if (!file.endsWith(".json") || !isOfDraft || /metaschema|format-assertion/.test(file)) continue;
    const schema = inDialect(read<JsonSchema>(join(folder, file)), dialect) as JsonObject;
    if (dialectOf(schema) !== dialect) continue;
    const address = new URL(file, origin).href;
    const { $id } = schema;
    const name = file.replace(/\W/g, "_");
    if ($id === undefined || typeof $id !== "string") found[name] = { $id: address, ...schema };
    else {
      found[name] = schema;
      if (new URL($id, address).href !== address)
        found[`${name}_at_address`] = { $schema: dialectUris[dialect], $id: address, allOf: [{ $ref: $id }] };
    }
  }
  return found;
}
