import { expect, test } from "vitest";
import { compileManifests } from "../../compiler/compile-manifests.js";
import { memoryHost } from "./memory-host.js";

const object = { type: "object" };
const tool = (inputSchema: object, more: object = {}) => ({ name: "t", inputSchema, ...more });
const property = (schema: unknown) => ({ type: "object", properties: { name: schema } });

/** What is said of a manifest with these sections: `code: message [help]`. */
function told(sections: object): string[] {
  const manifest = { server: { name: "mistaken", version: "1.0.0" }, ...sections };
  const host = memoryHost({ "a.mcp.json": JSON.stringify(manifest) });
  const { diagnostics } = compileManifests(host);
  return diagnostics.map(({ code, message, help }) => `${code}: ${message}${help === undefined ? "" : ` [${help}]`}`);
}

test.each<[what: string, sections: object, told: string]>([
  [
    "a type in place of a schema",
    { tools: [tool(property("string"))] },
    'a schema, such as { "type": "string" }, not a string',
  ],
  [
    "another type in its place",
    { tools: [tool(property("integer"))] },
    'a schema, such as { "type": "integer" }, not a string',
  ],
  ["a list in its place", { tools: [tool(property(["a"]))] }, 'a schema, such as { "type": "string" }, not an array'],
  ["a type of Python", { tools: [tool(property({ type: "str" }))] }, '[did you mean "string"?]'],
  ["a type of C", { tools: [tool(property({ type: "int" }))] }, '[did you mean "integer"?]'],
  ["a slip in a type", { tools: [tool(property({ type: "nubmer" }))] }, '[did you mean "number"?]'],
  [
    "an empty enum",
    { tools: [tool(property({ enum: [] }))] },
    '"enum" is empty: no value passes [name the values that may be given, or remove it]',
  ],
  [
    "FastMCP's word",
    { tools: [{ name: "t", parameters: object }] },
    'no field "parameters" [did you mean "inputSchema"?]',
  ],
  [
    "the SDK's word",
    { tools: [tool(object, { returns: object })] },
    'no field "returns" [did you mean "outputSchema"?]',
  ],
  [
    "a function in the manifest",
    { tools: [tool(object, { execute: "x" })] },
    'no field "execute" [did you mean "handler"?]',
  ],
  [
    "a URL of a resource",
    { resources: [{ url: "a://b", name: "b", text: "" }] },
    'no field "url" [did you mean "uri"?]',
  ],
  [
    "one file for the log and the audit",
    { runtime: { logging: { file: { path: "a.log" }, audit: { file: { path: "a.log" } } } } },
    '"a.log" is the file of the log; give the audit a file of its own',
  ],
  [
    "metrics for everybody",
    { runtime: { metrics: {} } },
    'metrics on the port of http need a "token", since they name tools; or give them a "port" of their own',
  ],
  [
    "metrics on stdio without a port",
    { runtime: { transports: { stdio: {} }, metrics: { token: { env: "TOKEN" } } } },
    'metrics of a server without http need a "port" of their own',
  ],
  [
    "metrics at the path of a probe",
    { runtime: { metrics: { path: "/healthz", token: { env: "TOKEN" } }, health: {} } },
    '"liveness" cannot be "/healthz": the endpoint of metrics answers there',
  ],
  ...(["/mcp", "/mcp/", "/sse", "/messages", "/ws"] as const).map((path): [string, object, string] => [
    `metrics at ${path}`,
    {
      runtime: {
        transports: { http: {}, sse: {}, websocket: {} },
        metrics: { path, token: { env: "TOKEN" } },
      },
    },
    `"path" cannot be "${path}": ${path === "/ws" ? "WebSocket" : path.startsWith("/mcp") ? "the MCP endpoint" : "HTTP+SSE"} answers there`,
  ]),
  [
    "HTTP+SSE at the path of the MCP endpoint",
    { runtime: { transports: { http: { path: "/x" }, sse: { messages: "/x" } } } },
    '"messages" cannot be "/x": the MCP endpoint answers there',
  ],
  [
    "metrics at the port of http",
    { runtime: { metrics: { port: 3000 } } },
    'the "port" of metrics cannot be 3000: http listens there; choose another one',
  ],
  [
    "a scope with a blank",
    { tools: [tool(object, { scopes: ["a b"] })] },
    'an entry of "scopes" cannot be "a b": a scope has no blanks, quotes or backslashes',
  ],
  [
    "a path without a slash",
    { runtime: { transports: { http: { path: "mcp" } } } },
    '"path" cannot be "mcp": a path begins with a slash',
  ],
  [
    "an origin with a path",
    { runtime: { transports: { http: { allowedOrigins: ["https://a.b/"] } } } },
    "no slash at the end",
  ],
  [
    "a hint of a tool outside its annotations",
    { tools: [tool(object, { readOnlyHint: true })] },
    'no field "readOnlyHint" [write it as "annotations": { "readOnlyHint": … }]',
  ],
  [
    "a field one level too high",
    { runtime: { bearer: {} } },
    'no field "bearer" [write it as "auth": { "bearer": … }]',
  ],
  [
    "a section within another",
    { runtime: { resourceTemplates: [] } },
    'no field "resourceTemplates" [it belongs at the top of a manifest]',
  ],
  ["a field of another section", { build: { toolEvents: true } }, 'no field "toolEvents" [it belongs under "runtime'],
  ["a field of an entry", { build: { outputSchema: {} } }, '[it belongs in an entry of "tools"]'],
  ["a field that many have", { build: { mimeType: 1 } }, 'no field "mimeType" [remove it]'],
  ["data where there is no place for it", { runtime: { _meta: {} } }, 'no field "_meta" [remove it]'],
  [
    "data where there is a place for it",
    { tools: [tool(object, { cost: 3 })] },
    'data of your own may go into "_meta"',
  ],
  [
    "a text in place of a list",
    { runtime: { transports: { http: { allowedOrigins: "https://a.b" } } } },
    'not a string [write ["https://a.b"], or { "env": "ALLOWED_ORIGINS" }]',
  ],
  [
    "digits in place of a number",
    { runtime: { transports: { http: { port: "3000" } } } },
    'not a string [write 3000, or { "env": "PORT" }]',
  ],
  [
    "a truth value in quotes",
    { runtime: { transports: { http: { sessions: "false" } } } },
    "not a string [write false]",
  ],
  [
    "a text in place of a content block",
    { prompts: [{ name: "p", messages: [{ role: "user", content: "Hi." }] }] },
    'not a string [write { "type": "text", "text": "Hi." }]',
  ],
  [
    "a role of other APIs",
    { prompts: [{ name: "p", messages: [{ role: "system", content: { type: "text", text: "Hi." } }] }] },
    'not "system" [let the "user" say it, or put it into the "instructions" of the server]',
  ],
  [
    "a property that says of itself that it is required",
    { tools: [tool(property({ type: "string", required: true }))] },
    '[list the name under the object\'s "required": ["name"]]',
  ],
  [
    "a reference to a shared schema of draft-07",
    { $defs: { Status: { type: "string" } }, tools: [tool(property({ $ref: "#/definitions/Status" }))] },
    '[did you mean "#/$defs/Status"?]',
  ],
  [
    "a reference of OpenAPI",
    { $defs: { Status: { type: "string" } }, tools: [tool(property({ $ref: "#/components/schemas/Status" }))] },
    '[did you mean "#/$defs/Status"?]',
  ],
  [
    "a slip in annotations",
    { tools: [tool(object, { annotations: { readonlyHint: true } })] },
    'manifest/misspelt-property: "annotations" has no field "readonlyHint", so it has no effect [did you mean "readOnlyHint"?]',
  ],
  [
    "half of a hint",
    { tools: [tool(object, { annotations: { destructive: true } })] },
    '[did you mean "destructiveHint"?]',
  ],
  [
    "a slip in the annotations of a resource",
    { resources: [{ uri: "a://b", name: "b", text: "", annotations: { audiance: ["user"] } }] },
    '[did you mean "audience"?]',
  ],
  [
    "a slip in the annotations of a content block",
    {
      prompts: [
        {
          name: "p",
          messages: [{ role: "user", content: { type: "text", text: "Hi.", annotations: { prioritiy: 1 } } }],
        },
      ],
    },
    '[did you mean "priority"?]',
  ],
  [
    "a slip in the execution of a tool",
    { tools: [tool(object, { execution: { taskSuport: "optional" } })] },
    '[did you mean "taskSupport"?]',
  ],
])("%s is told in plain words", (_, sections, words) => {
  expect(told(sections).join("\n")).toContain(words);
});

test("data of one's own that looks like nothing known is nobody's mistake", () => {
  const annotations = { "x-cost": 3, tier: "gold", readOnlyHint: true };
  const _meta = { readonlyHint: true, titel: "x" };
  expect(told({ tools: [tool(object, { annotations, _meta })] })).toEqual([]);
});

const mistaken = tool({ ...property({ type: "str" }), reqired: ["name"] });
test.each<[what: string, sections: object, codes: string[]]>([
  [
    "a mistake in a schema, and a warning beside it",
    { tools: [mistaken] },
    ["schema/invalid", "schema/unknown-keyword"],
  ],
  [
    "a secret, a wrong type and an unknown transport",
    { runtime: { auth: { bearer: { keys: ["x"] } }, transports: { http: { port: "3000" }, https: {} } } },
    ["auth/secret-in-manifest", "manifest/unknown-property", "manifest/wrong-type"],
  ],
  [
    "the shape of a section, and schemas of entries",
    { runtime: { transports: { http: { port: "3000" } } }, tools: [mistaken] },
    ["manifest/wrong-type", "schema/invalid", "schema/unknown-keyword"],
  ],
  [
    "the shape of an entry, and its schema",
    { tools: [{ ...mistaken, titel: "x" }] },
    ["manifest/unknown-property", "schema/invalid", "schema/unknown-keyword"],
  ],
  [
    "the shape of one entry, and what is wrong with another",
    { tools: [{ name: "u" }, tool({})], resources: [{ uri: "no uri", name: "r", text: "" }, 5] },
    ["manifest/missing-property", "manifest/wrong-type", "resource/invalid-uri", "schema/root-not-object"],
  ],
  ["a schema that is none, once", { tools: [tool("x" as never)] }, ["manifest/wrong-type"]],
])("one run tells of %s", (_, sections, codes) => {
  expect(
    told(sections)
      .map((line) => line.slice(0, line.indexOf(":")))
      .sort(),
  ).toEqual(codes);
});

test("a secret is named, and never shown in what is said of its shape", () => {
  const introspection = { endpoint: "https://a.b/c", clientId: "a", clientSecret: "hunter2" };
  const oauth = { issuer: "https://a.b", audience: "https://a.b/mcp", introspection };
  const bearer = { secret: "hunter2", keys: ["hunter2"] };
  const lines = told({ runtime: { auth: { bearer, oauth } } });
  expect(lines.map((line) => line.slice(0, line.indexOf(":")))).toEqual(Array(3).fill("auth/secret-in-manifest"));
  expect(lines.join("\n")).not.toContain("hunter2");
});

test("each pattern of the manifest language has words, which editors show, too", async () => {
  const { default: schema } = await import("../../mcp.schema.json", { with: { type: "json" } });
  const wordless: unknown[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("pattern" in node && typeof node.pattern === "string" && !("patternErrorMessage" in node)) wordless.push(node);
    Object.values(node).forEach(visit);
  };
  visit(schema);
  expect(wordless).toEqual([]);
});
