import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import type { Json, JsonObject } from "../../compiler/model/source.js";
import { arbitrarySchema } from "./arbitrary-schema.js";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");

/** Manifests of the example projects, each with few entries of a kind, so that a run is quick. */
const examples: readonly JsonObject[] = readdirSync(fixtures)
  .filter((name) => name !== "invalid")
  .flatMap((name) => readdirSync(join(fixtures, name)).map((file) => join(fixtures, name, file)))
  .filter((file) => file.endsWith(".mcp.json"))
  .flatMap((file) => {
    const manifest = parse(readFileSync(file, "utf8"), undefined, { allowTrailingComma: true }) as JsonObject;
    const tools = (manifest["tools"] ?? []) as readonly Json[];
    const parts = Math.max(1, Math.ceil(tools.length / 3));
    return Array.from({ length: parts }, (_, part) => ({
      server: { name: "fuzz", version: "1.0.0" },
      ...manifest,
      ...(tools.length > 0 && { tools: tools.slice(part * 3, part * 3 + 3) }),
    }));
  });

/** Each would run, leave the project, end a literal or a comment, or clash, if it were taken as it stands. */
export const hostileTexts = [
  "*/ globalThis.hacked = true; /*",
  "`${globalThis.hacked = true}`",
  '"); globalThis.hacked = true; ("',
  "line\nglobalThis.hacked = true\n//",
  "\u2028globalThis.hacked = true\u2029",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "default",
  "await",
  "../../outside",
  "/etc/passwd",
  "C:\\Windows\\x",
  "./src/../../outside.ts#x",
  "generated/server.ts",
  "node_modules/x",
  "src",
  ".",
  "",
  "\u0000",
  "\ud800",
  "🚀",
  "{{x}}",
  "{x}",
  "{",
  "#/$defs/__proto__",
  "#/%E0%A4%A",
  "http://example.com/x",
  "file:///etc/passwd",
  "a".repeat(5000),
  "(a+)+$",
  "(",
  "CON",
  "x#y#z",
  "./a.ts#class",
] as const;

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(...hostileTexts),
  fc.constantFrom<Json>(null, true, false, 0, -1, 1e308, [], {}, [[]], { "": {} }),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  arbitrarySchema as fc.Arbitrary<Json>,
);

type Mutation = {
  readonly at: number;
  readonly how: "replace" | "remove" | "rename" | "add" | "repeat";
  readonly value: Json;
  readonly name: string;
};

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom("replace", "replace", "remove", "rename", "add", "repeat"),
  value,
  name: fc.oneof(
    fc.constantFrom<string>(...hostileTexts),
    fc.constantFrom(
      "handler",
      "errors",
      "elicitations",
      "$ref",
      "file",
      "name",
      "enum",
      "items",
      "build",
      "runtime",
      "complete",
      "params",
    ),
  ),
});

/** A manifest with one of its places changed. */
function mutated(manifest: Json, { at, how, value, name }: Mutation): Json {
  const places = placesOf(manifest, []);
  const path = places[at % places.length]!;
  const change = (node: Json, depth: number): Json => {
    const key = path[depth];
    if (key === undefined) return changed(node);
    if (Array.isArray(node)) {
      const items = node as readonly Json[];
      if (depth === path.length - 1 && how === "remove") return items.toSpliced(Number(key), 1);
      if (depth === path.length - 1 && how === "repeat") return items.toSpliced(Number(key), 0, items[Number(key)]!);
      return items.with(Number(key), change(items[Number(key)]!, depth + 1));
    }
    return Object.fromEntries(
      Object.entries(node as JsonObject).flatMap(([own, member]): [string, Json][] => {
        if (own !== key) return [[own, member]];
        if (depth < path.length - 1) return [[own, change(member, depth + 1)]];
        if (how === "remove") return [];
        if (how === "rename") return [[name, member]];
        return [[own, changed(member)]];
      }),
    );
  };
  const changed = (node: Json): Json => {
    if (how === "add" && Array.isArray(node)) return [...(node as readonly Json[]), value];
    if (how === "add" && typeof node === "object" && node !== null)
      return Object.fromEntries([...Object.entries(node), [name, value]]);
    return how === "repeat" ? node : value;
  };
  return change(manifest, 0);
}

function placesOf(node: Json, path: readonly string[]): (readonly string[])[] {
  if (typeof node !== "object" || node === null) return [path];
  return [path, ...Object.entries(node).flatMap(([key, member]) => placesOf(member as Json, [...path, key]))];
}

const mutatedExample = fc
  .tuple(fc.constantFrom(...examples), fc.array(mutation, { minLength: 1, maxLength: 3 }))
  .map(([manifest, mutations]) => JSON.stringify(mutations.reduce<Json>(mutated, manifest)));

const name = fc.oneof(fc.constantFrom<string>(...hostileTexts), fc.string({ minLength: 1, maxLength: 12 }));

/** Manifests of the right shape that hold anything where anything may stand. */
const wellFormed = fc
  .record({
    server: fc.constant({ name: "fuzz", version: "1.0.0" }),
    $defs: fc.dictionary(name, arbitrarySchema, { maxKeys: 2 }),
    tools: fc.uniqueArray(
      fc.record(
        {
          name,
          description: name,
          inputSchema: arbitrarySchema.map((schema) => {
            const { $defs, ...value } = schema as JsonObject;
            return { type: "object", properties: { value }, $defs };
          }),
          outputSchema: arbitrarySchema,
          errors: fc.dictionary(name, fc.record({ message: name }), { maxKeys: 2 }),
        },
        { requiredKeys: ["name", "inputSchema"] },
      ),
      { selector: (tool) => tool.name, maxLength: 3 },
    ),
    prompts: fc.uniqueArray(
      fc.record({
        name,
        description: name,
        arguments: fc
          .uniqueArray(name, { maxLength: 2 })
          .map((names) => names.map((one) => ({ name: one, description: one }))),
      }),
      { selector: (prompt) => prompt.name, maxLength: 2 },
    ),
    resources: fc.uniqueArray(fc.record({ uri: fc.nat().map((id) => `x://${id}`), name, text: name }), {
      selector: (resource) => resource.uri,
      maxLength: 2,
    }),
  })
  .map((manifest) => JSON.stringify(manifest));

const damaged = fc
  .tuple(
    fc.constantFrom(...examples),
    fc.nat(),
    fc.nat({ max: 40 }),
    fc.oneof(fc.string(), fc.constantFrom<string>(...hostileTexts)),
  )
  .map(([manifest, at, length, inserted]) => {
    const text = JSON.stringify(manifest, undefined, 1);
    const from = at % text.length;
    return text.slice(0, from) + inserted + text.slice(from + length);
  });

/** What a manifest file may hold: bytes, any JSON, examples with changes, and what is right in form alone. */
export const arbitraryManifest: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: mutatedExample },
  { weight: 4, arbitrary: wellFormed },
  { weight: 2, arbitrary: damaged },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
);
