import { compile, type JSONSchema } from "json-schema-to-typescript";
import { format } from "prettier";

type Node = Readonly<Record<string, any>>;

const header = `// Made from mcp.schema.json, as CONTRIBUTING.md says.

`;

/** The types of the manifest language, as `compiler/model/manifest.ts` holds them. */
export async function manifestTypes(schema: Node): Promise<string> {
  const prepared = JSON.parse(JSON.stringify(schema), (_key, node: unknown) =>
    typeof node === "object" && node !== null && !Array.isArray(node) ? legible(node) : node,
  ) as Record<string, any>;
  for (const [name, definition] of Object.entries<any>(prepared["$defs"]))
    definition.title = name[0]!.toUpperCase() + name.slice(1);
  prepared["$defs"].schema = { title: "Schema", description: "A JSON Schema.", tsType: "Keywords | boolean" };
  const options = { bannerComment: "", additionalProperties: true, ignoreMinAndMaxItems: true, format: false };
  const types = await compile({ ...prepared, title: "Manifest" } as JSONSchema, "Manifest", options);
  return header + (await format(named(types), { parser: "typescript", printWidth: 120 }));
}

/** The same values, in a form that json-schema-to-typescript reads as it is meant. */
function legible(node: Node): Node {
  const { $ref, allOf = [], type, ...rest } = node;
  // It takes a schema of any value for one of objects.
  if (typeof node["description"] === "string" && Object.keys(node).length === 1) return { ...node, tsType: "unknown" };
  if (typeof $ref !== "string") return branches(node);
  // It copies a definition that has keywords beside its reference.
  if (!Array.isArray(type)) return { ...rest, allOf: [{ $ref }, ...allOf] };
  // Other types than objects have nothing to do with the reference.
  const { description, ...own } = rest;
  return { description, anyOf: [{ ...own, type: type.filter((one) => one !== "object") }, { $ref }] };
}

/** A union of branches that conditions tell apart; members beside those of an `allOf` as one more part of it. */
function branches(node: Node): Node {
  const { allOf, description, ...own } = node;
  if (!Array.isArray(allOf)) return node;
  const isUnion = allOf.every((part: Node) => part["if"] && part["then"]);
  if (isUnion) return { description, anyOf: allOf.map((part: Node) => part["then"]) };
  return { description, allOf: [...allOf, own] };
}

/** Without remarks on where a type came from. */
function named(types: string): string {
  return types.replace(/^\s*\*?\s*This interface was referenced by [\s\S]*?(?=\s*\*\/)/gm, "");
}
