import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../compiler/model/source.js";
import { documentOf, ok, one, read } from "./openapi.js";

test("a file in a form is an argument in base64", () => {
  const form = {
    type: "object",
    properties: {
      note: { type: "string" },
      file: { $ref: "#/components/schemas/File" },
      photos: { type: "array", items: { type: "string", format: "binary", description: "A photo." } },
      data: { contentMediaType: "application/octet-stream" },
    },
    required: ["file"],
  };
  const operation = { requestBody: { content: { "multipart/form-data": { schema: form } } }, responses: ok };
  const { tools } = read(
    documentOf({
      paths: { "/files": { post: operation } },
      components: { schemas: { File: { type: "string", format: "binary" } } },
    }),
  );
  const file = { type: "string", contentEncoding: "base64", description: "The file's content, in base64." };
  const photo = { ...file, description: "A photo. The file's content, in base64." };
  expect(tools[0]!.tool["inputSchema"]).toMatchObject({
    properties: {
      body: {
        properties: {
          note: { type: "string" },
          file,
          photos: { type: "array", items: photo },
          data: { ...file, contentMediaType: "application/octet-stream" },
        },
        required: ["file"],
      },
    },
  });
  expect(JSON.stringify(tools[0])).toContain('"files":["file","photos","data"]');
});

describe("an operation becomes a tool", () => {
  test("with arguments from each place, and the body as `body`", () => {
    const { tools, settings, notes } = read(
      documentOf({
        paths: {
          "/pets/{id}": {
            parameters: [{ in: "path", name: "id", required: true, schema: { type: "integer" } }],
            put: {
              operationId: "update pet",
              summary: "Updates a pet",
              parameters: [
                { in: "query", name: "id", schema: {} },
                { in: "query", name: "filter[name]", style: "deepObject", schema: { type: "object" } },
                { in: "header", name: "Authorization", schema: {} },
                { in: "cookie", name: "body", required: true, schema: {} },
              ],
              requestBody: { required: true, content: { "application/json": { schema: { type: "string" } } } },
              responses: { 200: { content: { "application/json": { schema: { type: "object", properties: {} } } } } },
            },
          },
        },
      }),
    );
    expect(tools).toEqual([
      {
        name: "update_pet",
        tool: {
          name: "update_pet",
          title: "Updates a pet",
          description: "Updates a pet",
          inputSchema: {
            type: "object",
            properties: {
              id: { type: "integer" },
              query_id: {},
              filter_name: { type: "object" },
              body: {},
              request_body: { type: "string" },
            },
            required: ["id", "body", "request_body"],
            additionalProperties: false,
          },
          outputSchema: { type: "object", properties: {} },
          annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
        },
        call: {
          method: "PUT",
          baseUrl: "baseUrl",
          path: "/pets/{id}",
          parameters: [
            { in: "path", name: "id" },
            { in: "query", name: "id", argument: "query_id" },
            { in: "query", name: "filter[name]", argument: "filter_name", style: "deepObject" },
            { in: "cookie", name: "body" },
          ],
          body: { type: "application/json", argument: "request_body" },
          headers: { accept: "application/json" },
          structured: true,
        },
      },
    ]);
    expect([[...settings.keys()], notes]).toEqual([["baseUrl"], []]);
  });

  const long = "actions/list-selected-repositories-enabled-github-actions-organization";
  test.each<[operationId: string | undefined, path: string, server: string, name: RegExp]>([
    ["listPets", "/pets", "pets", /^listPets$/],
    [undefined, "/pets/{petId}/photos", "pets", /^GET_pets_petId_photos$/],
    ["pets.list v2", "/pets", "pets", /^pets_list_v2$/],
    ["2fa", "/pets", "pets", /^call_2fa$/],
    ["Тест", "/pets", "pets", /^call_[a-z0-9]{1,6}$/],
    ["__proto__", "/pets", "pets", /^proto$/],
    [long, "/pets", "a-name-of-24-characters-", /^[\w-]{26}_[a-z0-9]{1,6}$/],
  ])("%s %s is named by the rules of all clients", (operationId, path, server, name) => {
    const parameters = [{ in: "path", name: "petId", schema: {} }].filter(() => path.includes("{"));
    const text = documentOf({ paths: { [path]: { get: { operationId, parameters, responses: ok } } } });
    const [tool] = read(text, { server }).tools;
    expect(tool!.name).toMatch(name);
    expect(`mcp__${server}__${tool!.name}`.length).toBeLessThanOrEqual(64);
  });

  test("of a name that another one has gets a hash", () => {
    const paths = {
      "/a": { get: { operationId: "x", responses: ok } },
      "/b": { get: { operationId: "X", responses: ok } },
    };
    expect(read(documentOf({ paths })).tools.map(({ name }) => name)).toEqual(["x", expect.stringMatching(/^X_\w+$/)]);
  });

  test.each<[what: string, operation: object, note: string | RegExp]>([
    ["refers to a file", { parameters: [{ $ref: "./p.json#/a" }] }, 'it refers to "./p.json#/a", outside the document'],
    [
      "refers to a network",
      { parameters: [{ in: "query", name: "q", schema: { $ref: "https://example.com/a" } }] },
      "outside the document",
    ],
    [
      "refers to nothing",
      { responses: { 200: { $ref: "#/components/responses/none" } } },
      "which is not in the document",
    ],
    ["refers to itself", { requestBody: { $ref: "#/paths/~1pets/get/requestBody" } }, "refers to itself"],
    ["refers to a prototype", { requestBody: { $ref: "#/__proto__/x" } }, "which is not in the document"],
    [
      "has a body that fetch does not send",
      { requestBody: { content: { "application/json": {} } } },
      "a GET request has a body",
    ],
    [
      "has a body that no argument can hold",
      { requestBody: { required: true, content: { "image/png": {} } } },
      '"image/png", which no argument can hold',
    ],
  ])("is left out if it %s", (_, operation, note) => {
    const { tools, notes } = one({ operationId: "x", responses: ok, ...operation });
    expect([tools, notes.join()]).toEqual([[], expect.stringContaining(`x (GET /pets) is left out: `)]);
    expect(notes.join()).toContain(note);
  });

  test("is missing from a document with webhooks only", () => {
    const { tools, notes } = read(documentOf({ webhooks: { a: {} } }));
    expect([tools, notes]).toEqual([
      [],
      [expect.stringMatching(/webhooks/), 'the document has no operations under "paths"'],
    ]);
  });

  test("whose path has an unknown parameter is left out", () => {
    expect(one({ responses: ok }, undefined, {}, "/pets/{id}").notes.join()).toContain('"{id}", which is no parameter');
  });
});

describe("security schemes become secrets", () => {
  const schemes = {
    key: { type: "apiKey", in: "header", name: "X-Key" },
    basic: { type: "http", scheme: "basic" },
    oauth: { type: "oauth2", flows: {} },
    tls: { type: "mutualTLS" },
  };
  const both = [{ key: [] }, { basic: [], oauth: [] }];
  test.each<[security: object[] | undefined, credentials: unknown, settings: string[]]>([
    [undefined, [[{ in: "header", name: "X-Key", setting: "key" }]], ["key"]],
    [[], undefined, []],
    [[{}, { key: [] }], [[{ in: "header", name: "X-Key", setting: "key" }], []], ["key"]],
    [
      both,
      [
        [{ in: "header", name: "X-Key", setting: "key" }],
        [
          { in: "basic", username: "basicUsername", password: "basicPassword" },
          { in: "bearer", setting: "oauth" },
        ],
      ],
      ["key", "basicUsername", "basicPassword", "oauth"],
    ],
    [[{ tls: [] }], undefined, []],
  ])("%j", (security, credentials, names) => {
    const more = { components: { securitySchemes: schemes }, security: [{ key: [] }] };
    const { tools, settings, notes } = one({ security, responses: ok }, undefined, more);
    expect(tools[0]!.call["security"]).toEqual(credentials);
    expect([...settings.keys()]).toEqual([...names, "baseUrl"]);
    expect([...settings].filter(([name]) => name !== "baseUrl").every(([, { secret }]) => secret === true)).toBe(true);
    expect(notes.length).toBe(JSON.stringify(security ?? "").includes("tls") ? 1 : 0);
  });
});

describe("a hostile document", () => {
  const laughs = [
    "a: &a [x,x,x,x,x,x,x,x,x,x]",
    ..."bcdefghi"
      .split("")
      .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[index]}`).join()}]`),
  ];
  test.each<[what: string, text: () => string, message: RegExp]>([
    [
      "with aliases of aliases",
      () => `openapi: 3.1.0\n${laughs.join("\n")}`,
      /neither JSON nor YAML: Excessive alias count/,
    ],
    ["that contains itself", () => "openapi: 3.1.0\npaths: &a { b: *a, c: *a }", /contains itself|alias/i],
    [
      "of 50 MB",
      () => documentOf({ "x-long": "x".repeat(50 * 1024 * 1024) }),
      /has 51 MB: mcpc import reads documents of up to 32 MB/,
    ],
    [
      "nested deeply",
      () => `{"openapi":"3.1.0","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      /nested more than 200 levels/,
    ],
    ["nested deeply, as YAML", () => `openapi: 3.1.0\nx: ${"[".repeat(20_000)}${"]".repeat(20_000)}`, /nested/],
    [
      "of 100,000 operations",
      () =>
        documentOf({
          paths: Object.fromEntries(
            Array.from({ length: 100_000 }, (_, index) => [`/${index}`, { get: { responses: ok } }]),
          ),
        }),
      /more than 5000 operations/,
    ],
    ["of Swagger 2.0", () => '{"swagger":"2.0"}', /"api" is Swagger 2.0: convert it/],
    ["of a later version", () => '{"openapi":"4.0.0"}', /is OpenAPI "4.0.0": mcpc import reads 3.0 and 3.1/],
    ["whose version is a number", () => "openapi: 3.0", /"openapi" of "api" must be a text such as "3.0.3"/],
    ["whose paths are null", () => "openapi: 3.1.0\npaths:", /"api" has no operations under "paths"/],
    ["whose paths are a list", () => documentOf({ paths: [] }), /"api" has no operations under "paths"/],
    ["of version 3.0 without paths", () => documentOf({}, "3.0.3"), /"api" has no operations under "paths"/],
    ["that is empty", () => " \n", /"api" is empty/],
    ["that is broken", () => "openapi: 3.1.0\nx: [a", /neither JSON nor YAML/],
  ])("%s is refused", (_, text, message) => {
    const start = process.cpuUsage();
    expect(() => read(text())).toThrow(message);
    // The processor's time, since other processes may delay the test.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(20);
  });

  test("keeps names of prototypes as data", () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{}}}',
    ) as object;
    const { tools } = one({
      operationId: "x",
      responses: ok,
      parameters: [{ in: "query", name: "__proto__", schema }],
    });
    const { properties } = tools[0]!.tool["inputSchema"] as { properties: JsonObject };
    expect(JSON.stringify(properties)).toBe(
      '{"argument":{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{}}}}',
    );
    expect(({} as { type?: unknown }).type).toBeUndefined();
  });

  test("has no control characters in descriptions, and no description that clients cut", () => {
    const { tool } = one({ description: `a\u001b[2J\u0000${"é ".repeat(2000)}`, responses: ok }).tools[0]!;
    expect(tool["description"]).toMatch(/^a\[2Jé (?:é )*é?…$/);
    expect(Buffer.byteLength(String(tool["description"]))).toBeLessThanOrEqual(2000);
  });
});
