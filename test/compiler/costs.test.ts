import { expect, test } from "vitest";
import { compileManifests } from "../../compiler/compile-manifests.js";
import { lockFile } from "../../compiler/4-emit/lock.js";
import { noCache, type Cache, type Task } from "../../compiler/model/cache.js";
import { checkBudgets } from "../../compiler/tokens/budgets.js";
import { countTokens } from "../../compiler/tokens/tokenizer.js";
import { memoryHost } from "./memory-host.js";

const inputSchema = { type: "object", properties: { city: { $ref: "#/$defs/City" } } };
const City = { type: "string", description: "A city's name in English." };
const listedSchema =
  '{"type":"object","properties":{"city":{"$ref":"#/$defs/City"}},"$defs":{"City":{"type":"string","description":"A city\'s name in English."}}}';

const manifest = {
  server: { name: "weather", version: "1.0.0", instructions: "Ask for the city first." },
  $defs: { City },
  tools: [
    {
      name: "get_weather",
      title: "Weather",
      description: "The weather of a city.",
      annotations: { readOnlyHint: true },
      inputSchema,
      outputSchema: { type: "object", properties: { text: { type: "string" } } },
    },
    { name: "list_cities", inputSchema: { type: "object" } },
  ],
  resources: [{ uri: "weather://help", name: "help", mimeType: "text/plain", text: "A long text. ".repeat(50) }],
  resourceTemplates: [{ uriTemplate: "weather://{city}", name: "city", description: "A city." }],
  prompts: [
    {
      name: "travel",
      description: "Plans a journey.",
      arguments: [{ name: "where", required: true }],
      messages: [{ role: "user", content: { type: "text", text: "Plan a journey to {{where}}." } }],
    },
  ],
};

/** A cache that keeps results, and counts those that are computed, by task. */
function countingCache(): { readonly cache: Cache; readonly computed: (task: Task) => number } {
  const values = new Map<string, unknown>();
  const counts = new Map<Task, number>();
  const memo: Cache["memo"] = (task, inputs, compute) => {
    const key = [task, ...inputs].join(" ");
    if (!values.has(key)) {
      counts.set(task, (counts.get(task) ?? 0) + 1);
      values.set(key, compute());
    }
    return values.get(key) as ReturnType<typeof compute>;
  };
  return { cache: { ...noCache, memo }, computed: (task) => counts.get(task) ?? 0 };
}

const compiled = (content: object, cache?: Cache) =>
  compileManifests(memoryHost({ "a.mcp.json": JSON.stringify(content) }), () => {}, cache).value!;

test("the fields that clients show to models are counted, each by itself", () => {
  const { costs } = compiled(manifest);
  const shown = (fields: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, countTokens(text)]));
  expect(Object.fromEntries(costs.entries.map(({ entry, fields }) => [entry, fields]))).toEqual({
    instructions: shown({ instructions: "Ask for the city first." }),
    "tools/get_weather": shown({
      name: "get_weather",
      description: "The weather of a city.",
      inputSchema: listedSchema,
    }),
    "tools/list_cities": shown({ name: "list_cities", inputSchema: '{"type":"object"}' }),
    "resources/weather://help": shown({ uri: "weather://help", name: "help", mimeType: "text/plain" }),
    "resourceTemplates/weather://{city}": shown({
      uriTemplate: "weather://{city}",
      name: "city",
      description: "A city.",
    }),
    "prompts/travel": shown({
      name: "travel",
      description: "Plans a journey.",
      arguments: '[{"name":"where","required":true}]',
    }),
  });
  for (const { tokens, fields } of costs.entries)
    expect(tokens).toBe(Object.values(fields).reduce((sum, each) => sum + each, 0));
  const always = costs.entries.filter(({ entry }) => entry === "instructions" || entry.startsWith("tools/"));
  expect(costs.total).toBe(always.reduce((sum, { tokens }) => sum + tokens, 0));
});

test("the lock file has the tokens of each entry, and of what models always see", () => {
  const { server, costs } = compiled(manifest);
  const lock = JSON.parse(lockFile(server, costs));
  expect(lock.tokens).toBe(costs.total);
  const locked = [...lock.tools, ...lock.resources, ...lock.resourceTemplates, ...lock.prompts];
  expect(locked.map(({ tokens }) => tokens)).toEqual(costs.entries.slice(1).map(({ tokens }) => tokens));
});

test("a build without a change counts nothing, and a changed entry is counted alone", () => {
  const { cache, computed } = countingCache();
  const first = compiled(manifest, cache).costs;
  expect(computed("tokens")).toBe(6);
  expect(compiled(manifest, cache).costs).toEqual(first);
  expect(computed("tokens")).toBe(6);
  const [tool, ...others] = manifest.tools;
  compiled({ ...manifest, tools: [{ ...tool, description: "Other words." }, ...others] }, cache);
  expect(computed("tokens")).toBe(7);
  // A field that models do not see.
  compiled({ ...manifest, tools: [{ ...tool, title: "Another title" }, ...others] }, cache);
  expect(computed("tokens")).toBe(7);
});

test.each([
  { name: "without budgets", tokens: undefined, codes: [] },
  { name: "at the limits", tokens: { total: 0, perTool: 0 }, codes: [] },
  { name: "one token above the limit of a tool", tokens: { perTool: -1 }, codes: ["budget/tool"] },
  { name: "one token above the limit of all", tokens: { total: -1 }, codes: ["budget/total"] },
])("budgets $name", ({ tokens, codes }) => {
  const { costs } = compiled(manifest);
  const costliest = Math.max(...costs.entries.filter(({ isAlwaysShown }) => isAlwaysShown).map((each) => each.tokens));
  const budgets = tokens && {
    tokens: {
      ...(tokens.total !== undefined && { total: costs.total + tokens.total }),
      ...(tokens.perTool !== undefined && { perTool: costliest + tokens.perTool }),
    },
  };
  const { server } = compiled({ ...manifest, ...(budgets && { build: { budgets } }) });
  expect(checkBudgets(server, costs).map(({ code }) => code)).toEqual(codes);
});
