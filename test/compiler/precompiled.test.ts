import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ValidateFunction } from "ajv";
import { parse } from "jsonc-parser";
import { expect, test } from "vitest";
import { manifestValidator, precompiled, schemaValidator } from "../../compiler/2-check/precompiled.js";
import type { Dialect } from "../../compiler/model/schema.js";
import type { JsonObject } from "../../compiler/model/source.js";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "compiler", "dist");
const schema = JSON.parse(readFileSync(join(root, "compiler", "mcp.schema.json"), "utf8")) as JsonObject;
const inPackage = (name: string): ValidateFunction =>
  (createRequire(import.meta.url)(join(folder, `validator-of-${name}.cjs`)) as { validate: ValidateFunction }).validate;

/** Every manifest of the fixtures that is JSON at all. */
const manifests = readdirSync(join(root, "fixtures"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".mcp.json") && !path.includes("node_modules"))
  .map((path) => parse(readFileSync(join(root, "fixtures", path), "utf8")) as unknown)
  .filter((value) => value !== undefined);

/** A value, and each that lacks one of its parts or has something else in its place. */
function variants(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [value];
  const copies = Object.keys(value).flatMap((key) => {
    const without: Record<string, unknown> = { ...value };
    delete without[key];
    return [without, { ...value, [key]: 7 }, { ...value, [`${key}x`]: {} }];
  });
  return [value, ...copies];
}

function told(validate: ValidateFunction, values: readonly unknown[]): unknown[] {
  return values.map((value) => (validate(value) ? [] : structuredClone(validate.errors)));
}

test("the package has the validators that its code would compile", () => {
  for (const [name, text] of precompiled(schema))
    expect([name, readFileSync(join(folder, name), "utf8")]).toEqual([name, text]);
});

test("they say of manifests what those say that are compiled when needed", () => {
  const values = manifests.flatMap(variants);
  expect(values.length).toBeGreaterThan(500);
  const expected = told(manifestValidator(schema), values);
  expect(expected.filter((errors) => (errors as unknown[]).length > 0).length).toBeGreaterThan(100);
  expect(told(inPackage("manifests"), values)).toEqual(expected);
});

test.each<Dialect>(["draft-07", "2019-09", "2020-12"])("they say the same of schemas, %s", (dialect) => {
  const schemas = manifests.flatMap((manifest) =>
    [(manifest as { tools?: unknown }).tools]
      .flat()
      .map((tool) => (tool as { inputSchema?: unknown } | undefined)?.inputSchema ?? {}),
  );
  const values = [...schemas, { type: "object", properties: { a: { type: "strin" } }, items: 1, $id: 2 }, true].flatMap(
    variants,
  );
  const expected = told(schemaValidator(dialect), values);
  expect(expected.filter((errors) => (errors as unknown[]).length > 0).length).toBeGreaterThan(20);
  expect(told(inPackage(dialect), values)).toEqual(expected);
});
