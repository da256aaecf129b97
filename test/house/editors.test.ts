import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { getLanguageService, TextDocument, type LanguageService } from "vscode-json-languageservice";
import { keywordsOf, knownFormats } from "../../compiler/json-schema/dialect.js";

const packaged = join(import.meta.dirname, "..", "..", "compiler", "mcp.schema.json");
const schema = JSON.parse(readFileSync(packaged, "utf8"));

const language = JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "mcp.schema.json"), "utf8"));
const schemaOf = (name: string) => language.$defs[name].properties;

/** What VS Code and many other editors ask about JSON files; whatever it would fetch is an error. */
const editor: LanguageService = getLanguageService({
  schemaRequestService: (uri) => Promise.reject(new Error(`fetched ${uri}`)),
  clientCapabilities: { textDocument: { completion: { completionItem: { documentationFormat: ["markdown"] } } } },
});
editor.configure({
  validate: true,
  schemas: [{ uri: "file:///mcp.schema.json", fileMatch: ["*.mcp.json"], schema: structuredClone(schema) }],
});

/** The manifest with a text in place of `SCHEMA`, and the place of the bar in it. */
function opened(manifest: object, text: string) {
  const content = JSON.stringify(manifest).replace('"SCHEMA"', text);
  const at = content.indexOf("|");
  const document = TextDocument.create("file:///a.mcp.json", "json", 1, content.replace("|", ""));
  return { document, position: document.positionAt(at), json: editor.parseJSONDocument(document) };
}

async function completions(manifest: object, text: string): Promise<string[]> {
  const { document, position, json } = opened(manifest, text);
  return (await editor.doComplete(document, position, json))!.items.map(({ label }) => label);
}

async function hover(manifest: object, text: string): Promise<unknown> {
  const { document, position, json } = opened(manifest, text);
  const found = await editor.doHover(document, position, json);
  return [found?.contents].flat()[0];
}

async function problems(manifest: object, text: string): Promise<string[]> {
  const { document, json } = opened(manifest, text);
  return (await editor.doValidation(document, json)).map(({ message }) =>
    typeof message === "string" ? message : message.value,
  );
}

const server = { name: "a", version: "1" };
const input = { type: "object" };
const places: readonly [place: string, manifest: object][] = [
  ["$defs", { server, $defs: { City: "SCHEMA" } }],
  ["inputSchema", { server, tools: [{ name: "t", inputSchema: "SCHEMA" }] }],
  ["outputSchema", { server, tools: [{ name: "t", inputSchema: input, outputSchema: "SCHEMA" }] }],
  ["params", { server, resourceTemplates: [{ uriTemplate: "a:/{b}", name: "r", params: "SCHEMA" }] }],
  ["a setting", { server, runtime: { config: { properties: { url: "SCHEMA" } } } }],
];
/** Where a schema holds another one. */
const within: readonly string[] = [
  '{ "properties": { "a": SCHEMA } }',
  '{ "items": SCHEMA }',
  '{ "anyOf": [SCHEMA] }',
  '{ "additionalProperties": SCHEMA }',
  '{ "$defs": { "A": { "not": SCHEMA } } }',
];
const everywhere = places.flatMap(([place, manifest]) => [
  [place, manifest, "SCHEMA"] as const,
  ...within.map((outer) => [`${place}, in ${outer}`, manifest, outer] as const),
]);

test.each(everywhere)("an editor helps with the schema of %s", async (_, manifest, outer) => {
  const inside = (text: string): string => outer.replace("SCHEMA", text);
  expect(await completions(manifest, inside('{ "type": "object", "|" }'))).toEqual(
    expect.arrayContaining(["properties", "required", "minLength", "enum", "$ref"]),
  );
  expect(await completions(manifest, inside('{ "type": | }'))).toEqual(
    expect.arrayContaining(['"object"', '"string"', '"integer"']),
  );
  expect(await completions(manifest, inside('{ "format": | }'))).toContain('"date-time"');
  expect(await hover(manifest, inside('{ "mini|mum": 1 }'))).toContain("The minimum.");
  expect(await problems(manifest, inside('{ "type": "str" }'))).toEqual([
    expect.stringContaining("Value is not accepted"),
  ]);
  expect(await problems(manifest, inside('{ "tpye": "string" }'))).toEqual([expect.stringContaining("tpye")]);
  expect(await problems(manifest, inside('{ "minLength": "1" }'))).toHaveLength(1);
  expect(
    await problems(manifest, inside('{ "type": ["string", "null"], "x-mcp-header": "A", "items": [{}, true] }')),
  ).toEqual([]);
});

test("a setting has the fields of its own as well", async () => {
  const [, setting] = places.at(-1)!;
  expect(await completions(setting, '{ "|" }')).toEqual(expect.arrayContaining(["env", "secret", "default"]));
  expect(await problems(setting, '{ "type": "string", "env": "URL", "secret": true }')).toEqual([]);
});

test("editors know the keywords and formats that the compiler knows", async () => {
  const [, defs] = places[0]!;
  const known = new Set(Object.values(keywordsOf).flatMap((keywords) => [...keywords]));
  const { properties, patternProperties } = schema.$defs.keywords;
  const [pattern] = Object.keys(patternProperties);
  for (const keyword of known)
    expect([keyword, Object.hasOwn(properties, keyword) || RegExp(pattern!).test(keyword)]).toEqual([keyword, true]);
  for (const keyword of Object.keys(properties)) expect(known).toContain(keyword);
  expect(properties.format.examples).toEqual([...knownFormats].sort());
  expect(await completions(defs, '{ "|" }')).toEqual(expect.arrayContaining(Object.keys(properties)));
});

test.each<[field: string, text: string, description: string]>([
  ["outputSchema", '"output|Schema": true', schemaOf("tool").outputSchema.description],
  ["icons", '"ic|ons": []', schemaOf("tool").icons.description],
  ["_meta", '"_m|eta": {}', schemaOf("tool")._meta.description],
  ["examples", '"exam|ples": []', schemaOf("tool").examples.description],
])("an editor shows what the field %s means, in Markdown", async (_, text, description) => {
  const [, manifest] = places[1]!;
  expect(await hover(manifest, `{ "type": "object" }, ${text}`)).toBe(description);
});

test("each description is also there in Markdown", () => {
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { description, markdownDescription } = node as Record<string, unknown>;
    if (typeof description === "string") expect(markdownDescription).toBe(description);
    Object.values(node).forEach(visit);
  };
  visit(schema);
});

const root = join(import.meta.dirname, "..", "..");
const fixtures = readdirSync(join(root, "fixtures"), { recursive: true, encoding: "utf8" }).filter(
  (path) => path.endsWith(".mcp.json") && !/^(?:invalid|fix)\b|node_modules/.test(path),
);

test.each(fixtures)("an editor finds nothing wrong in fixtures/%s", async (path) => {
  const text = readFileSync(join(root, "fixtures", path), "utf8").replace(/"\$schema": "\.[^"]*",/, "");
  const document = TextDocument.create(`file:///${path.replaceAll(/[\\/]/g, "-")}`, "jsonc", 1, text);
  const found = await editor.doValidation(document, editor.parseJSONDocument(document), {
    comments: "ignore",
    trailingCommas: "ignore",
  });
  expect(found).toEqual([]);
});

test("an editor finds nothing wrong in a schema with which the compiler finds nothing wrong", async () => {
  const folder = join(root, "test", "schema-cases");
  const cases = readdirSync(folder).flatMap((file) =>
    Object.values<{ schema: unknown }[]>(JSON.parse(readFileSync(join(folder, file), "utf8"))).flat(),
  );
  const wrong: unknown[] = [];
  for (const { schema } of cases) {
    const found = await problems(places[0]![1], JSON.stringify(schema));
    if (found.length > 0) wrong.push([schema, found]);
  }
  expect(cases.length).toBeGreaterThan(300);
  expect(wrong).toEqual([
    // `schema/unknown-keyword`, for the compiler.
    [{ nobodyKnows: { type: "string" }, type: "integer" }, [expect.stringContaining("nobodyKnows")]],
  ]);
});

type Node = Record<string, any>;
interface Field {
  /** The path, as in `tools[].name`. */
  readonly path: string;
  /** Puts a text in place of the object that has the field. */
  readonly around: (object: string) => string;
  readonly name: string;
  readonly node: Node;
}

/** Lists the fields of the manifest, each at one place. Schemas within schemas are tested above. */
function fieldsOf(node: Node, path: string, around: (text: string) => string, visited: readonly string[]): Field[] {
  const branches = [node, ...(node["anyOf"] ?? []), ...(node["oneOf"] ?? []), ...(node["allOf"] ?? [])] as Node[];
  return branches.flatMap((branch) => {
    if (branch !== node) return fieldsOf(branch, path, around, visited);
    const found: Field[] = [];
    const name = /^#\/\$defs\/(.*)$/.exec(branch["$ref"] ?? "")?.[1];
    if (name !== undefined && !visited.includes(name) && name !== "keywords" && name !== "schema")
      found.push(...fieldsOf(schema.$defs[name], path, around, [...visited, name]));
    for (const [name, child] of Object.entries<Node>(branch["properties"] ?? {})) {
      found.push({ path: `${path}.${name}`, around, name, node: child });
      found.push(
        ...fieldsOf(child, `${path}.${name}`, (text) => around(`{ ${JSON.stringify(name)}: ${text} }`), visited),
      );
    }
    if (branch["items"]) found.push(...fieldsOf(branch["items"], `${path}[]`, (text) => around(`[${text}]`), visited));
    for (const child of [branch["additionalProperties"], ...Object.values(branch["patternProperties"] ?? {})])
      if (typeof child === "object")
        found.push(...fieldsOf(child as Node, `${path}.*`, (text) => around(`{ "name": ${text} }`), visited));
    return found;
  });
}

const fields = fieldsOf(schema, "", (text) => text, []);

/** Opens a text with a bar at the place of the cursor. */
function cursor(text: string) {
  const at = text.indexOf("|");
  const document = TextDocument.create("file:///a.mcp.json", "json", 1, text.replace("|", ""));
  return { document, position: document.positionAt(at), json: editor.parseJSONDocument(document) };
}

test("an editor proposes each field and each of its values, and says what the field means", async () => {
  const wrong: string[] = [];
  for (const { path, around, name, node } of fields) {
    const proposed = cursor(around('{ "|" }'));
    const names = (await editor.doComplete(proposed.document, proposed.position, proposed.json))!.items;
    if (!names.some(({ label }) => label === name)) wrong.push(`${path} is not proposed`);
    const { description } = node["description"] ? node : (schema.$defs[String(node["$ref"]).slice(8)] ?? node);
    const hovered = cursor(around(`{ ${JSON.stringify(name).replace(/(.)"$/, '|$1"')}: null }`));
    const shown = await editor.doHover(hovered.document, hovered.position, hovered.json);
    if (!description) wrong.push(`${path} has no description`);
    else if (!JSON.stringify(shown?.contents ?? "").includes(JSON.stringify(description).slice(1, -1)))
      wrong.push(`${path} shows ${JSON.stringify(shown?.contents)}`);
    if (!node["enum"]) continue;
    const valued = cursor(around(`{ ${JSON.stringify(name)}: | }`));
    const values = (await editor.doComplete(valued.document, valued.position, valued.json))!.items;
    for (const value of node["enum"])
      if (!values.some(({ label }) => label === JSON.stringify(value)))
        wrong.push(`${path} does not propose ${JSON.stringify(value)}`);
  }
  expect(fields.length).toBeGreaterThan(200);
  expect(wrong).toEqual([]);
});
