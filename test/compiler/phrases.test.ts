import { beforeAll, expect, test } from "vitest";
import { compile } from "../../compiler/index.js";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { installCommand } from "../../compiler/diagnostics/install-command.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { kept, project as temporaryProject } from "../e2e/project.js";

const inputSchema = { type: "object" };
const outputSchema = { type: "object", properties: { temperature: { type: "number" } }, required: ["temperature"] };
const errors = { gone: { message: "It is gone." }, away: { message: "{who} is away." } };
const who = { message: "Who?", requestedSchema: { type: "object", properties: { name: { type: "string" } } } };

/** Each is the whole expression of a handler, on the second line of its file. */
const cases: readonly [
  what: string,
  kind: "tool" | "typed" | "resource" | "prompt",
  handler: string,
  message: string,
  help: string,
][] = [
  [
    "settings that there are not",
    "tool",
    "(_, { config }) => String(config)",
    'the context has no "config": the manifest declares no settings',
    'declare them under "runtime": { "config": { … } }',
  ],
  [
    "settings, by the context",
    "resource",
    "(_, context) => String(context.config)",
    'the context has no "config"',
    "declare them",
  ],
  [
    "a state that there is not",
    "tool",
    "(_, context) => String(context.state)",
    'the context has no "state"',
    "export onStart from src/hooks.ts",
  ],
  [
    "an error that is not declared",
    "tool",
    "(_, { errors }) => { throw errors.missing(); }",
    'the tool "NAME" declares no error "missing"',
    'declare it under "errors" of the tool "NAME"',
  ],
  [
    "an error by a near name",
    "tool",
    "(_, { errors }) => { throw errors.gones(); }",
    'declares no error "gones"',
    'did you mean "gone"?',
  ],
  [
    "a question that is not declared",
    "tool",
    "async (_, { elicit }) => String(await elicit.missing())",
    'the tool "NAME" declares no question "missing"',
    'under "elicitations"',
  ],
  [
    "an argument for a question without placeholders",
    "tool",
    "async (_, { elicit }) => String(await elicit.who({}))",
    'the message of "who" has no placeholders',
    "call it without one, elicit.who()",
  ],
  [
    "an argument for an error without placeholders",
    "tool",
    "(_, { errors }) => { throw errors.gone({}); }",
    'the message of "gone" has no placeholders',
    "call it without one, errors.gone()",
  ],
  [
    "no argument for an error with placeholders",
    "tool",
    "(_, { errors }) => { throw errors.away(); }",
    'the message of "away" has placeholders',
    "errors.away({ who })",
  ],
  [
    "an object without an outputSchema",
    "tool",
    "() => ({ length: 3 })",
    'the tool "NAME" has no "outputSchema", so its handler returns a text or content, not { length: number; }',
    'declare an "outputSchema", or return a string',
  ],
  [
    "a promise of one",
    "tool",
    "async () => ({ id: 1, name: 'x' })",
    'has no "outputSchema"',
    'declare an "outputSchema"',
  ],
  [
    "a number",
    "tool",
    "() => 5",
    'has no "outputSchema", so its handler returns a text or content, not number',
    'declare an "outputSchema"',
  ],
  [
    "nothing",
    "tool",
    "async () => {}",
    'has no "outputSchema", so its handler returns a text or content, not nothing',
    "return a text, on every path",
  ],
  [
    "rows in place of content",
    "tool",
    "() => [{ id: 1 }]",
    'a content block has no "id"',
    'declare an "outputSchema" in the tool "NAME"',
  ],
  [
    "a text as content",
    "tool",
    '() => ({ content: "hello" })',
    "content is an array of content blocks, not string",
    "return the text itself",
  ],
  [
    "another value than the outputSchema describes",
    "typed",
    "async () => ({ temp: 3 })",
    'the handler of the tool "NAME" returns what its "outputSchema" describes, not { temp: number; }',
    "result(value, { content: … })",
  ],
  [
    "a text where there is an outputSchema",
    "typed",
    '() => "3"',
    'returns what its "outputSchema" describes, not string',
    "return the value itself",
  ],
  [
    "the protocol's result where there is an outputSchema",
    "typed",
    "async () => ({ structuredContent: { temperature: 3 } })",
    'returns what its "outputSchema" describes, not { structuredContent:',
    "return the value itself",
  ],
  [
    "nothing where there is an outputSchema",
    "typed",
    "() => {}",
    'returns what its "outputSchema" describes, not nothing',
    "return the value itself",
  ],
  [
    "a number of a resource",
    "resource",
    "() => 5",
    'returns a string, bytes, or objects with "text", "json" or "blob", not number',
    "return the text",
  ],
  [
    "contents whose items have nothing in them",
    "resource",
    "async () => ({ contents: [{ id: 1 }] })",
    'returns a string, bytes, or objects with "text", "json" or "blob", not { contents: { id: number; }[]; }',
    'give each item of "contents" a "text", "json" or "blob"',
  ],
  [
    "a text as contents",
    "resource",
    '() => ({ contents: "x" })',
    '"contents" is an array of objects with "text", "json" or "blob", not string',
    "return the text itself",
  ],
  [
    "an object as contents",
    "resource",
    '() => ({ contents: { text: "x" } })',
    '"contents" is an array of objects with "text", "json" or "blob", not an object with "text"',
    "put the object into an array",
  ],
  [
    "the result of a tool",
    "resource",
    'async () => ({ content: [{ type: "text", text: "x" }] })',
    'returns a string, bytes, or objects with "text", "json" or "blob", not { content:',
    'resources have "contents", without "type"',
  ],
  [
    "rows of a resource",
    "resource",
    "() => [{ id: 1 }]",
    'each piece of the resource "phrases://NAME" has "text", "json" or "blob", not "id"',
    "{ json: … } for a value",
  ],
  [
    "rows that a resource has from elsewhere",
    "resource",
    "async () => { const rows = [{ id: 1 }]; return rows; }",
    'returns a string, bytes, or objects with "text", "json" or "blob", not { id: number; }[]',
    "{ json: … } for a value",
  ],
  [
    "a list of texts",
    "resource",
    '() => ["x"]',
    'each piece of the resource "phrases://NAME" has "text", "json" or "blob", not string',
    "{ text: … } for a text",
  ],
  [
    "numbers as bytes",
    "resource",
    "() => ({ blob: [1, 2] })",
    '"blob" is bytes (a Uint8Array, such as a Buffer) or base64, not number[]',
    "Buffer.from",
  ],
  [
    "a number of a prompt",
    "prompt",
    "() => 5",
    'returns a string, messages, or an object with "messages", not number',
    "return the text of the one message",
  ],
  [
    "a text as messages",
    "prompt",
    '() => ({ messages: "x" })',
    '"messages" is an array of objects with "role" and "content", not string',
    "return the text itself",
  ],
  [
    "a text as the content of a message",
    "prompt",
    '() => [{ role: "user", content: "x" }]',
    "content is made of content blocks, not of string",
    'write { type: "text", text: … }',
  ],
  ["texts as messages", "prompt", '() => ["x"]', 'a message has "role" and "content", not string', 'role: "user"'],
  ["texts of a prompt", "prompt", 'async () => [{ text: "x" }]', 'a message has "role" and "content"', 'role: "user"'],
  [
    "a package that is not installed",
    "tool",
    'async () => String(await import("no-such-package/part"))',
    'there is no module "no-such-package/part"',
    "npm install no-such-package",
  ],
  [
    "a package of a scope that is not installed",
    "tool",
    'async () => String(await import("@no-such/package"))',
    'there is no module "@no-such/package"',
    "npm install @no-such/package",
  ],
  [
    "a file that is not there",
    "tool",
    'async () => String(await import("./absent.js"))',
    "Cannot find module './absent.js'",
    "",
  ],
  [
    "content where there is an outputSchema",
    "typed",
    'async () => ({ content: [{ type: "text", text: "3" }] })',
    'returns what its "outputSchema" describes, not { content:',
    "return the value itself, or result(value, { content: … })",
  ],
  [
    "a promise of nothing where there is an outputSchema",
    "typed",
    "async (): Promise<void> => {}",
    'returns what its "outputSchema" describes, not nothing',
    "return the value itself",
  ],
  [
    "a brace that is not closed",
    "tool",
    '() => {\n  if (Math.random() > 1) {\n    return "x";\n};',
    "this \"{\" is not closed: '}' expected at the end",
    "",
  ],
];

const folders = { tool: "tools", typed: "tools", resource: "resources", prompt: "prompts" };
const types = { tool: "", typed: "", resource: "Resource", prompt: "Prompt" };
const of = (kind: string) => cases.flatMap((each, index) => (each[1] === kind ? [`case_${index}`] : []));
const project = kept({
  "a.mcp.json": {
    server: { name: "phrases", version: "1.0.0" },
    tools: [
      ...of("tool").map((name) => ({ name, inputSchema, errors, elicitations: { who } })),
      ...of("typed").map((name) => ({ name, inputSchema, outputSchema })),
    ],
    resources: of("resource").map((name) => ({ uri: `phrases://${name}`, name })),
    prompts: of("prompt").map((name) => ({ name })),
  },
  ...Object.fromEntries(
    cases.map(([, kind, handler], index) => {
      const type = `Case${index}${types[kind]}`;
      const head = `import type { ${type} } from "../../generated/types.js";\n`;
      return [`src/${folders[kind]}/case_${index}.ts`, `${head}export const case${index}: ${type} = ${handler};\n`];
    }),
  ),
});
let found: readonly Diagnostic[] = [];

beforeAll(async () => {
  const { diagnostics } = await compile(nodeHost(project), { mode: "check" });
  found = diagnostics;
});

test.each(cases.map(([what, ...rest], index) => [what, index, ...rest] as const))(
  "%s: TypeScript's words are those of the manifest",
  (_what, index, kind, _handler, message, help) => {
    const path = `src/${folders[kind]}/case_${index}.ts`;
    const [own, ...others] = found.filter(({ span }) => span?.path === path);
    expect(others).toEqual([]);
    expect(own?.message).toContain(message.replace("NAME", `case_${index}`));
    expect(own?.message).toMatch(/ \(TS\d+\)$/);
    expect(own?.help ?? "").toContain(help.replace("NAME", `case_${index}`));
    expect(own?.message).not.toMatch(/Context<|DeclaredErrors|ToolOutput|ResourceOutput|PromptOutput|readonly/);
  },
);

test.each(["no-such-package", "@no-such/package", "constructor"])("%s: installed without a version", (name) => {
  expect(installCommand(name)).toBe(`npm install ${name}`);
});

test.each([
  ["without settings", {}],
  ["with settings", { runtime: { config: { properties: { unit: { type: "string" } } } } }],
])("a state that no hook makes is missed once, however often it is used, %s", async (_, sections) => {
  const server = { name: "states", version: "1.0.0" };
  const tools = ["one", "two"].map((name) => ({ name, inputSchema }));
  const handler = (name: string, type: string): string =>
    `import type { ${type} } from "../../generated/types.js";\n` +
    `export const ${name}: ${type} = (_, { state }) => state.items[0] + state.items[1];\n`;
  const folder = temporaryProject({
    "a.mcp.json": { server, tools, ...sections },
    "src/hook.ts": "export const onStart = () => ({ items: ['a', 'b'] });\n",
    "src/tools/one.ts": handler("one", "One"),
    "src/tools/two.ts": handler("two", "Two"),
  });
  const { diagnostics } = await compile(nodeHost(folder), { mode: "check" });
  expect(diagnostics.filter(({ code }) => code === "handler/type-error")).toMatchObject([
    {
      message: expect.stringContaining('the context has no "state": there is no src/hooks.ts that exports onStart'),
      help: "export onStart from src/hooks.ts; what it returns is the state",
      span: { path: "src/tools/one.ts" },
    },
  ]);
});

test("a bracket that is not closed is shown where it is, not at the end of the file", () => {
  const { span } = found.find(({ message }) => message.includes("is not closed"))!;
  expect(span!.start).toBeLessThan(110);
});
