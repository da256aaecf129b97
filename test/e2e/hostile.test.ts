import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

/** Each would run, end a comment, end a literal or clash, if it were ever printed as it stands. */
const hostile = [
  "*/ globalThis.hacked = true; /*",
  "`${globalThis.hacked = true}`",
  "${globalThis.hacked = true}",
  '"); globalThis.hacked = true; ("',
  "'); globalThis.hacked = true; ('",
  '\\"; globalThis.hacked = true; //',
  "line\nglobalThis.hacked = true\n//",
  "a\r\nb",
  "a\u2028globalThis.hacked = true\u2029b",
  "</script><script>globalThis.hacked = true</script>",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "class",
  "await",
  "default",
  "arguments",
  "eval",
  "server",
  "handler",
  "defineServer",
  "surface",
  "http",
  "Promise",
  "Record",
  "Map",
  "string",
  "🚀",
  "日本語",
  "\u202Eevil",
  "..",
  "../../escape",
  "a/b",
  "CON",
  "A",
  "a",
  "á",
  "é",
  "1st",
  "-",
  "_",
  "$",
  "{{x}}",
  "{x}",
  "x".repeat(300),
  "\u0000",
];

/** Double braces stand for an argument in a message. */
const spoken = (name: string): string => name.replaceAll("{{", "{ {");

test("hostile names and descriptions build, list and answer as they are, and none becomes code", async () => {
  const properties = Object.fromEntries(
    hostile.map((name) => [name, { type: "string", description: name, title: name }]),
  );
  const tools = hostile.map((name) => ({
    name,
    title: name,
    description: name,
    inputSchema: {
      type: "object",
      description: name,
      properties: { ...properties, choice: { enum: hostile }, fixed: { const: name } },
      required: [name],
      $defs: { [name]: { type: "string", description: name } },
    },
    outputSchema: { type: "object", properties, description: name },
    annotations: { title: name },
    _meta: { [name]: name },
    errors: { failed: { message: name.replaceAll(/[{}]/g, ""), description: name } },
  }));
  const resources = hostile.map((name, index) => ({ uri: `x://${index}`, name, description: name, text: name }));
  const prompts = hostile.map((name) => ({
    name,
    description: name,
    arguments: [{ name, description: name, default: name }],
    messages: [{ role: "user", content: { type: "text", text: spoken(name) } }],
  }));
  const folder = project({
    "a.mcp.json": { server: { name: "hostile", version: "1.0.0", title: "*/ `${x}`", instructions: hostile.join() } },
    "b.mcp.json": {
      $defs: Object.fromEntries(hostile.map((name) => [name, { type: "string", description: name }])),
      tools,
    },
    "c.mcp.json": { resources, prompts },
  });
  const build = mcpc(folder, "build");
  expect(build.stderr.match(/^(error|this is a bug)[^]*/gm)).toBeNull();
  expect(build.code).toBe(0);

  const server = rawStdio("node", [join(folder, "dist/server.js")]);
  await server.initialize();
  const protocolOnly = ({ errors: _, ...tool }: (typeof tools)[number]) => tool;
  const listed = (await server.request("tools/list")).result.tools;
  expect(JSON.stringify(listed)).toBe(JSON.stringify(tools.map(protocolOnly)));
  const { prompts: shown } = (await server.request("prompts/list")).result;
  expect(shown.map(({ name, description }: any) => [name, description])).toEqual(hostile.map((name) => [name, name]));
  for (const [index, name] of hostile.entries()) {
    const called = await server.request("tools/call", { name, arguments: { [name]: "x" } });
    expect(called.result?.content[0].text, name).toContain("is not implemented");
    const missing = await server.request("tools/call", { name, arguments: {} });
    expect(missing.result?.content[0].text, name).toContain("must have the property");
    const { contents } = (await server.request("resources/read", { uri: `x://${index}` })).result;
    expect(contents[0].text).toBe(name);
    expect((await server.request("prompts/get", { name })).result.messages[0].content.text).toBe(spoken(name));
  }
  expect(await server.end()).toBe(0);

  const inside = readdirSync(folder, { recursive: true, encoding: "utf8" });
  expect(inside.filter((path) => path.startsWith("..") || path.includes("escape"))).not.toContain("escape.ts");
  for (const path of inside.filter((path) => path.endsWith(".ts")))
    expect(outsideText(readFileSync(join(folder, path), "utf8"))).not.toContain("hacked");
});

test("an `$id` does not become code", () => {
  const $id = "https://example.com/*/;globalThis.hacked=true;//";
  const below = { $id: "https://example.com/b/*/;globalThis.hacked=true;//", properties: { c: { $ref: "#" } } };
  const inputSchema = { $id, type: "object", properties: { b: { $ref: "#/$defs/b" } }, $defs: { b: below } };
  const folder = project({
    "a.mcp.json": { server: { name: "hostile", version: "1.0.0" }, tools: [{ name: "say", inputSchema }] },
  });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const validators = readFileSync(join(folder, "generated", "validators", "Say.ts"), "utf8");
  expect(validators).toContain("function validate");
  expect(outsideText(validators)).not.toContain("hacked");
});

/** A module without its comments and literals: what is left is code. */
function outsideText(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, " ");
}

test("names that every object has are names like any other", async () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const each = <T>(value: (name: string) => T) => Object.fromEntries(names.map((name) => [name, value(name)]));
  const schema = {
    type: "object",
    properties: each(() => ({ type: "string" })),
    required: names,
    additionalProperties: false,
  };
  const folder = project({
    "a.mcp.json": {
      server: { name: "names", version: "1.0.0" },
      tools: [
        {
          name: "t",
          description: "Does nothing.",
          inputSchema: { ...schema, properties: { ...schema.properties, fails: { type: "string" } } },
          errors: each((name) => ({ message: `${name}: {${name}}` })),
          elicitations: each(() => ({ message: "?", requestedSchema: { type: "object", properties: {} } })),
        },
      ],
      resourceTemplates: names.map((name, index) => ({ uriTemplate: `x${index}://{${name}}{?q}`, name: `r${index}` })),
      prompts: [{ name: "p", arguments: names.map((name) => ({ name, required: true })) }],
      runtime: { config: { properties: each(() => ({ type: "string" })), required: names } },
    },
    "src/tools/t.ts": `export const t = async (input: any, { errors, elicit, config }: any) => {
  if (input.fails) throw errors[input.fails]({ [input.fails]: "told" });
  const answers = [];
  for (const name of ${JSON.stringify(names)}) answers.push((await elicit[name]()).action);
  return JSON.stringify([Object.entries(input), Object.entries(config), answers]);
};
`,
    ...Object.fromEntries(
      names.map((_, index) => [
        `src/resource-templates/r${index}.ts`,
        `export const r${index} = (input: any) => JSON.stringify(Object.entries(input));\n`,
      ]),
    ),
    "src/prompts/p.ts": "export const p = (input: any) => JSON.stringify(Object.entries(input));\n",
  });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  const variables = Object.fromEntries(
    ["PROTO", "CONSTRUCTOR", "TO_STRING", "HAS_OWN_PROPERTY"].map((name) => [`NAMES_${name}`, "set"]),
  );
  const server = rawStdio("node", ["dist/server.js"], folder, variables);
  const ask = async (method: string, params: object) => (await server.request(method, params)).result;
  const input = each(() => "x");
  const entries = names.map((name) => [name, "x"]);
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
  };
  for (const fails of names) {
    const { content } = await ask("tools/call", { name: "t", arguments: { ...input, fails }, _meta });
    expect(content[0].text).toBe(`${fails}: told`);
  }
  let params: Record<string, unknown> = { name: "t", arguments: input, _meta };
  let result: any = await ask("tools/call", params);
  for (let round = 0; result.resultType === "input_required" && round < names.length; round += 1) {
    const inputResponses = Object.fromEntries(
      Object.keys(result.inputRequests).map((name) => [name, { action: "accept", content: {} }]),
    );
    params = { ...params, requestState: result.requestState, inputResponses };
    result = await ask("tools/call", params);
  }
  const settings = names.map((name) => [name, "set"]);
  expect(JSON.parse(result.content[0].text)).toEqual([entries, settings, names.map(() => "accept")]);
  for (const [index, name] of names.entries()) {
    const { contents } = await ask("resources/read", { uri: `x${index}://x?q=y`, _meta });
    expect(JSON.parse(contents[0].text)).toEqual([
      [name, "x"],
      ["q", "y"],
    ]);
  }
  const { messages } = await ask("prompts/get", { name: "p", arguments: input, _meta });
  expect(JSON.parse(messages[0].content.text)).toEqual(entries);
  expect(await server.end()).toBe(0);
});
