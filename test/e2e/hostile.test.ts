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
