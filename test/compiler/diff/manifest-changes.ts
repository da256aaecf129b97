import type { Json, JsonObject } from "../../../compiler/model/source.js";

const text = { type: "string" };
export const object = (properties: JsonObject): JsonObject => ({ type: "object", properties });

/** The manifest that the rows change: one entry of each section. */
export const base: JsonObject = {
  server: { name: "s", version: "1.0.0" },
  tools: [
    {
      name: "t",
      description: "T.",
      inputSchema: object({ a: text }),
      outputSchema: object({ b: text }),
      elicitations: { ask: { message: "A?", requestedSchema: object({ yes: { type: "boolean" } }) } },
    },
  ],
  resources: [{ uri: "r://r", name: "r" }],
  resourceTemplates: [{ uriTemplate: "r://{id}/x", name: "x" }],
  prompts: [{ name: "p", arguments: [{ name: "a" }] }],
  runtime: { transports: { http: {} }, auth: { bearer: {} } },
};

/** A changed field of the manifest, `undefined` for an absent one, and the rules that the change comes under, each with its place. */
type Row = readonly [field: string, old: Json | undefined, now: Json | undefined, ...expected: readonly string[]];

const ask = { message: "B?", url: "https://example.com/a" };
export const changes: readonly Row[] = [
  ["server.name", "s", "other", "server/renamed server name"],
  ["server.version", "1.0.0", "2.0.0"],
  ["server.title", undefined, "S", "text/changed server title"],
  ["server.description", "A.", "B.", "text/changed server description"],
  ["server.websiteUrl", "https://a.example", "https://b.example", "text/changed server websiteUrl"],
  ["server.icons", undefined, [{ src: "https://a.example/i.png" }], "text/changed server icons"],
  ["server.instructions", "A.", "B.", "text/changed server instructions"],

  ["tools.name", "t", "u", "entry/renamed tools/t"],
  ["tools.title", "A", "B", "text/changed tools/t title"],
  ["tools.description", "A.", "B.", "text/changed tools/t description"],
  [
    "tools.inputSchema",
    object({ a: text }),
    object({ a: { type: "string", maxLength: 3 } }),
    "input/narrowed tools/t inputSchema properties a maxLength",
  ],
  [
    "tools.outputSchema",
    object({ b: { type: "string", maxLength: 3 } }),
    object({ b: text }),
    "output/widened tools/t outputSchema properties b maxLength",
  ],
  [
    "tools.annotations",
    { readOnlyHint: true },
    { readOnlyHint: false },
    "hint/weakened tools/t annotations readOnlyHint",
  ],
  ["tools.icons", undefined, [{ src: "https://a.example/i.png" }], "text/changed tools/t icons"],
  ["tools._meta", { a: 1 }, { a: 2 }, "text/changed tools/t _meta"],
  ["tools.execution", undefined, { taskSupport: "required" }, "task/required tools/t execution taskSupport"],
  ["tools.scopes", undefined, ["a"], "scope/added tools/t scopes"],
  ["tools.errors", undefined, { gone: { message: "Gone." } }, "error/changed tools/t errors gone"],
  ["tools.elicitations", undefined, { ask }, "elicitation/changed tools/t elicitations ask"],
  ["tools.elicitations.ask.message", "A?", "B?", "text/changed tools/t elicitations ask message"],
  [
    "tools.elicitations.ask.requestedSchema",
    object({ a: { type: "string", maxLength: 3 } }),
    object({ a: text }),
    "output/widened tools/t elicitations ask requestedSchema properties a maxLength",
  ],
  [
    "tools.elicitations.ask",
    { ...ask },
    { ...ask, url: "https://example.com/b" },
    "elicitation/changed tools/t elicitations ask url",
  ],
  ["tools.text", "json", "none", "content/removed tools/t text"],
  ["tools.text", "json", { template: "{{b}}" }, "content/removed tools/t text"],
  ["tools.text", { template: "{{b}}" }, "none", "content/removed tools/t text"],
  ["tools.text", { template: "{{b}}" }, undefined, "content/added tools/t text"],
  ["tools.text", "none", { template: "{{b}}" }, "content/added tools/t text"],
  ["tools.text", { template: "{{b}}" }, { template: "B: {{b}}" }, "text/changed tools/t text"],

  ["resources.uri", "r://r", "r://q", "entry/renamed resources/r://r"],
  ["resources.name", "r", "q", "text/changed resources/r://r name"],
  ["resources.title", "A", "B", "text/changed resources/r://r title"],
  ["resources.description", "A.", "B.", "text/changed resources/r://r description"],
  ["resources.mimeType", "text/plain", "text/html", "mime-type/changed resources/r://r mimeType"],
  ["resources.size", 1, 2, "text/changed resources/r://r size"],
  ["resources.annotations", { priority: 1 }, { priority: 0 }, "text/changed resources/r://r annotations"],
  ["resources.icons", undefined, [{ src: "https://a.example/i.png" }], "text/changed resources/r://r icons"],
  ["resources._meta", { a: 1 }, { a: 2 }, "text/changed resources/r://r _meta"],
  ["resources.subscribe", true, undefined, "subscription/removed resources/r://r subscribe"],
  ["resources.subscribe", undefined, true, "subscription/added resources/r://r subscribe"],
  ["resources.scopes", ["a"], undefined, "scope/removed resources/r://r scopes"],

  ["resourceTemplates.uriTemplate", "r://{id}/x", "r://{id}/y", "entry/renamed resourceTemplates/r://{id}/x"],
  ["resourceTemplates.name", "x", "y", "text/changed resourceTemplates/r://{id}/x name"],
  ["resourceTemplates.title", "A", "B", "text/changed resourceTemplates/r://{id}/x title"],
  ["resourceTemplates.description", "A.", "B.", "text/changed resourceTemplates/r://{id}/x description"],
  ["resourceTemplates.mimeType", undefined, "text/plain", "mime-type/changed resourceTemplates/r://{id}/x mimeType"],
  [
    "resourceTemplates.annotations",
    undefined,
    { priority: 1 },
    "text/changed resourceTemplates/r://{id}/x annotations",
  ],
  [
    "resourceTemplates.icons",
    undefined,
    [{ src: "https://a.example/i.png" }],
    "text/changed resourceTemplates/r://{id}/x icons",
  ],
  ["resourceTemplates._meta", { a: 1 }, { a: 2 }, "text/changed resourceTemplates/r://{id}/x _meta"],
  [
    "resourceTemplates.params",
    undefined,
    { ...object({ id: { type: "string", minLength: 2 } }), required: ["id"], additionalProperties: false },
    "input/narrowed resourceTemplates/r://{id}/x params properties id minLength",
  ],
  [
    "resourceTemplates.complete",
    { id: "./src/c.ts#c" },
    undefined,
    "completion/changed resourceTemplates/r://{id}/x complete",
  ],
  [
    "resourceTemplates.scopes",
    ["a"],
    ["b"],
    "scope/removed resourceTemplates/r://{id}/x scopes",
    "scope/added resourceTemplates/r://{id}/x scopes",
  ],

  ["prompts.name", "p", "q", "entry/renamed prompts/p"],
  ["prompts.title", "A", "B", "text/changed prompts/p title"],
  ["prompts.description", "A.", "B.", "text/changed prompts/p description"],
  ["prompts.icons", undefined, [{ src: "https://a.example/i.png" }], "text/changed prompts/p icons"],
  ["prompts._meta", { a: 1 }, { a: 2 }, "text/changed prompts/p _meta"],
  [
    "prompts.arguments",
    [{ name: "a" }],
    [{ name: "a", required: true }],
    "input/narrowed prompts/p arguments 0 required",
  ],
  [
    "prompts.arguments",
    [{ name: "a", enum: ["x", "y"] }],
    [{ name: "a", enum: ["x"] }],
    "input/narrowed prompts/p arguments 0 enum",
  ],
  [
    "prompts.arguments",
    [{ name: "a", default: "x" }],
    [{ name: "a", default: "y" }],
    "input/default-changed prompts/p arguments 0 default",
  ],
  [
    "prompts.arguments",
    [{ name: "a" }],
    [{ name: "a", complete: "./src/c.ts#c" }],
    "completion/changed prompts/p complete",
  ],
  ["prompts.elicitations", { ask }, undefined, "elicitation/changed prompts/p elicitations ask"],
  ["prompts.scopes", undefined, ["a"], "scope/added prompts/p scopes"],

  ["runtime.transports", undefined, { http: {} }, "transport/removed server transports stdio"],
  ["runtime.transports", { http: {} }, { http: { path: "/x" } }, "transport/removed server transports http"],
  ["runtime.transports", { http: {} }, { http: { path: { env: "WAY" } } }],
  ["runtime.transports", { http: {} }, { http: {}, websocket: {} }, "transport/added server transports websocket"],
  [
    "runtime.transports",
    { http: {}, sse: {} },
    { http: {}, sse: { path: "/x" } },
    "transport/removed server transports sse",
  ],
  ["runtime.auth", undefined, { bearer: {} }, "auth/narrowed server auth"],
  ["runtime.auth", { bearer: {} }, undefined, "auth/widened server auth"],
  ["runtime.health", undefined, { tool: true }, "entry/added tools/health_check"],
  ["build.projections", ["gemini"], undefined, "profile/removed server projections gemini"],
  ["build.projections", undefined, ["gemini"], "profile/added server projections gemini"],
];

const atRuntime = "what handlers do at run time is no part of the surface";
const operation = "a matter of operation: it can differ between deployments of one version";
const notListed = "a place of files or a tool of the build, which clients never see";
/** Fields that `mcpc diff` does not compare, and why. */
export const reasons: Readonly<Record<string, string>> = {
  "tools.handler": atRuntime,
  "tools.timeoutMs": operation,
  "tools.concurrency": operation,
  "tools.cache": operation,
  "tools.maxResultTokens": "a threshold of warnings in the log",
  "tools.deferTask": "clients that take tasks take both forms of them",
  "tools.examples": "a test of the handler",
  "tools.deprecated": "not in this version",
  "tools.upstream": atRuntime,
  "resources.text": "contents are data, not a contract; their type is compared",
  "resources.json": "contents are data, not a contract; their type is compared",
  "resources.blob": "contents are data, not a contract; their type is compared",
  "resources.file": "contents are data, not a contract; their type is compared",
  "resources.handler": atRuntime,
  "resources.cache": operation,
  "resources.upstream": atRuntime,
  "resourceTemplates.list": atRuntime,
  "resourceTemplates.handler": atRuntime,
  "resourceTemplates.cache": operation,
  "resourceTemplates.upstream": atRuntime,
  "prompts.messages": "contents are data, not a contract",
  "prompts.handler": atRuntime,
  "prompts.upstream": atRuntime,
  "runtime.config": "settings are for whoever runs the server, not for its clients",
  "runtime.cache": operation,
  "runtime.logging": operation,
  "runtime.telemetry": operation,
  "runtime.metrics": operation,
  "runtime.limits": operation,
  "runtime.store": operation,
  "runtime.hooks": atRuntime,
  "build.generated": notListed,
  "build.source": notListed,
  "build.dist": notListed,
  "build.external": notListed,
  "build.defaults": "whether the handler or the server fills in defaults, results are the handler's",
  "build.lint": notListed,
  "build.rules": notListed,
  "build.waivers": notListed,
  "build.budgets": notListed,
  "build.confusions": notListed,
};

/** What scopes include, and what becomes of two tools `a` and `b`, of which each needs its name and `NAME2` as scopes. */
export const accessChanges: readonly (readonly [
  name: string,
  old: JsonObject,
  now: JsonObject,
  expected: readonly string[],
])[] = [
  ["a scope includes another no longer", { all: ["a", "a2"] }, {}, ["access/narrowed tools/a"]],
  [
    "a scope includes less",
    { all: ["a", "a2", "b"] },
    { all: ["a"] },
    ["access/narrowed tools/a", "access/narrowed tools/b"],
  ],
  [
    "a scope includes more",
    { all: ["a"] },
    { all: ["a", "a2", "b"] },
    ["access/widened tools/a", "access/widened tools/b"],
  ],
  [
    "a scope includes another through a third",
    { all: ["x"], x: ["a", "a2"] },
    { all: ["x"] },
    ["access/narrowed tools/a", "access/narrowed tools/a"],
  ],
  ["the same, written in another way", { all: ["x"], x: ["a", "a2"] }, { all: ["a", "a2"], x: ["a", "a2"] }, []],
];
