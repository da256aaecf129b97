import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { blocksTestedBy } from "../house/documents.js";
import { contents, kept, mcpc, project } from "./project.js";
import { rawStdio } from "./raw-stdio.js";

const pet = {
  type: "object",
  properties: { id: { type: "integer" }, name: { type: "string" } },
  required: ["id", "name"],
};
const response = (schema: object): object => ({
  200: { description: "ok", content: { "application/json": { schema } } },
});
const id = { in: "path", name: "id", required: true, schema: { type: "integer" } };
const document = {
  openapi: "3.0.3",
  info: { title: "Pets", version: "1.0.0" },
  servers: [{ url: "https://pets.example/v1" }],
  security: [{ key: [] }],
  components: { schemas: { Pet: pet }, securitySchemes: { key: { type: "apiKey", in: "header", name: "X-Key" } } },
  paths: {
    "/pets/{id}": {
      get: {
        operationId: "getPet",
        summary: "One pet.",
        tags: ["pets"],
        parameters: [id],
        responses: response({ $ref: "#/components/schemas/Pet" }),
      },
      delete: {
        operationId: "deletePet",
        tags: ["admin"],
        parameters: [id],
        responses: { 204: { description: "gone" } },
      },
    },
  },
};
const text = (folder: string, path: string): string => readFileSync(join(folder, path), "utf8");

describe("an API", () => {
  let folder: string;
  beforeAll(() => {
    folder = kept({ "openapi.json": document });
    expect(mcpc(folder, "import", "openapi.json")).toMatchObject({
      code: 0,
      stdout:
        "pets.mcp.json: 2 added, 0 changed, 0 gone upstream\n2 handlers call the API; mcpc build checks and bundles them\n" +
        "next: set PETS_KEY for the built server, then mcpc build\n",
      stderr: "",
    });
  });

  test("becomes a project that calls it", async () => {
    expect(mcpc(folder, "build", "--strict")).toMatchObject({ code: 0, stderr: "" });
    const requests: string[] = [];
    let pet = '{"id":1,"name":"Rex"}';
    const api = createServer((request, answer) => {
      requests.push(`${request.method} ${request.url} ${String(request.headers["x-key"])}`);
      if (request.method === "DELETE") answer.writeHead(404).end("no such pet");
      else answer.setHeader("content-type", "application/json").end(pet);
    });
    await new Promise<void>((done) => api.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/v1`;
    const call = async (name: string, env: Record<string, string>): Promise<unknown> => {
      const server = rawStdio("node", [join(folder, "dist/server.js")], folder, { PETS_BASE_URL: url, ...env });
      await server.initialize();
      const { result } = await server.request("tools/call", { name, arguments: { id: 1 } });
      await server.end();
      return result;
    };
    expect(await call("getPet", { PETS_KEY: "k1" })).toMatchObject({ structuredContent: { id: 1, name: "Rex" } });
    expect(await call("deletePet", { PETS_KEY: "k1" })).toMatchObject({
      isError: true,
      content: [{ type: "text", text: "the API answered 404 Not Found: no such pet" }],
    });
    expect(await call("getPet", {})).toMatchObject({
      isError: true,
      content: [{ type: "text", text: "the call needs credentials: the server's operator must set key" }],
    });
    expect(requests).toEqual(["GET /v1/pets/1 k1", "DELETE /v1/pets/1 k1"]);
    pet = '{"id":1,"secret":"s3cret"}';
    const { structuredContent, ...refused } = (await call("getPet", { PETS_KEY: "k1" })) as Record<string, unknown>;
    expect(structuredContent).toBeUndefined();
    expect(refused).toMatchObject({
      isError: true,
      content: [
        {
          type: "text",
          text: expect.stringMatching(
            /^the API answered something else than its document says: invalid output: .*"?name"?/,
          ),
        },
      ],
    });
    expect(JSON.stringify(refused)).not.toContain("s3cret");
    api.close();
  });

  test("is merged on the next import, by the rules that the user wrote", () => {
    const edited = text(folder, "import.json").replace(
      '"rules": []',
      '"rules": [\n    // not for models\n    { "tag": "admin", "exclude": true },\n  ]',
    );
    writeFileSync(join(folder, "import.json"), edited);
    const handler = text(folder, "src/tools/getPet.ts");
    writeFileSync(join(folder, "src/tools/getPet.ts"), `// mine\n${handler}`);
    const listPets = { operationId: "listPets", responses: response({ type: "array", items: {} }) };
    const next = { ...document, paths: { ...document.paths, "/pets": { get: listPets } } };
    writeFileSync(join(folder, "openapi.json"), JSON.stringify(next));
    expect(mcpc(folder, "import", "openapi.json")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("pets.mcp.json: 1 added, 0 changed, 0 gone upstream\n1 handlers call the API"),
      stderr: "note: tools/deletePet is excluded by rules[0], and stays in the manifest: delete it there\n",
    });
    expect(text(folder, "import.json")).toContain('// not for models\n    { "tag": "admin", "exclude": true },');
    expect(text(folder, "src/tools/getPet.ts")).toBe(`// mine\n${handler}`);
    const before = contents(folder);
    expect(mcpc(folder, "import", "openapi.json").stdout).toContain("0 added, 0 changed, 0 gone upstream\n");
    expect(contents(folder)).toEqual(before);
  });

  test("says at each import that a changed handler may be old, until the manifest names it", () => {
    const header = { in: "header", name: "X-New", schema: { type: "string" } };
    const { get } = document.paths["/pets/{id}"];
    const next = { ...document, paths: { "/pets/{id}": { get: { ...get, parameters: [id, header] } } } };
    writeFileSync(join(folder, "openapi.json"), JSON.stringify(next));
    const note = "src/tools/getPet.ts was changed here, and its call upstream, and stays as it is: compare it";
    for (let count = 0; count < 2; count++) expect(mcpc(folder, "import", "openapi.json").stderr).toContain(note);
    const manifest = text(folder, "pets.mcp.json");
    const named = manifest.replace('"name": "getPet"', '"name": "getPet", "handler": "src/tools/getPet.ts#getPet"');
    expect(named).not.toBe(manifest);
    writeFileSync(join(folder, "pets.mcp.json"), named);
    const { code, stderr } = mcpc(folder, "import", "openapi.json");
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("getPet.ts")]);
  });

  test("says which rule renames a tool", () => {
    const rules = [{ operationId: "getPet", name: "find_pet" }];
    const folder = project({ "openapi.json": document });
    mcpc(folder, "import", "openapi.json");
    const edited = text(folder, "import.json").replace('"rules": []', `"rules": ${JSON.stringify(rules)}`);
    writeFileSync(join(folder, "import.json"), edited);
    expect(mcpc(folder, "import", "openapi.json").stderr).toBe(
      "note: tools/getPet is renamed to find_pet by rules[0], and stays in the manifest: delete it there\n",
    );
    writeFileSync(join(folder, "import.json"), text(folder, "import.json").replace('"find_pet"', '"seek_pet"'));
    const { stdout, stderr } = mcpc(folder, "import", "openapi.json");
    expect(stdout).toContain("1 added, 0 changed, 0 gone upstream");
    expect(stderr).toContain("note: tools/find_pet is now called seek_pet, and stays in the manifest: delete it there");
  });
});

test("the guide's rules do what it says", () => {
  const [rules] = blocksTestedBy("docs/import.md", "test/e2e/import-openapi.test.ts");
  const folder = project({ "openapi.json": document, "import.json": rules!.text });
  expect(mcpc(folder, "import", "openapi.json")).toMatchObject({ code: 0, stderr: "" });
  const { tools } = JSON.parse(text(folder, "pets.mcp.json"));
  expect(tools).toMatchObject([{ name: "find_pet", description: "A pet by its number." }]);
  expect(tools).toHaveLength(1);
});

test("two APIs of a project keep their settings apart", () => {
  const folder = project({ "a.json": document, "b.json": { ...document, info: { title: "Shop", version: "1" } } });
  expect(mcpc(folder, "import", "a.json")).toMatchObject({ code: 0 });
  const other = {
    ...document,
    info: { title: "Shop", version: "1" },
    paths: { "/a": { get: { operationId: "a", responses: {} } } },
  };
  writeFileSync(join(folder, "b.json"), JSON.stringify(other));
  expect(mcpc(folder, "import", "b.json")).toMatchObject({ code: 0 });
  const { runtime } = JSON.parse(text(folder, "pets.mcp.json"));
  expect(Object.keys(runtime.config.properties)).toEqual(["key", "baseUrl", "shopKey", "shopBaseUrl"]);
  expect(text(folder, "src/tools/a.ts")).toContain('baseUrl: "shopBaseUrl"');
  expect(JSON.parse(text(folder, "shop.mcp.json"))).not.toHaveProperty("server");
});

test("a URL is fetched only if it is that of a document", async () => {
  const requests: string[] = [];
  const server = createServer((request, answer) => {
    requests.push(request.url!);
    answer.end(JSON.stringify({ ...document, servers: [{ url: "/v2" }] }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { importSurface } = await import("../../compiler/import/index.js");
  const folder = project({});
  const quiet = { folder: ".", cwd: folder, color: false, headers: {}, env: {}, stdout: () => {}, stderr: () => {} };
  expect(await importSurface({ ...quiet, source: `${url}/api/openapi.json` })).toBe(0);
  expect(requests).toEqual(["/api/openapi.json"]);
  const { runtime } = JSON.parse(text(folder, "pets.mcp.json"));
  expect(runtime.config.properties.baseUrl.default).toBe(`${url}/v2`);
  server.close();
});

test("code in a document stays text", () => {
  const evil = "*/ globalThis.hacked = 1; /* `${process.exit(1)}` \"'\\u2028</script>";
  const operation = {
    operationId: evil,
    summary: evil,
    description: evil,
    tags: [evil],
    parameters: [
      {
        in: "query",
        name: evil,
        description: evil,
        schema: { type: "string", default: evil, enum: [evil], description: evil },
      },
      { in: "header", name: "X-Ok", schema: { type: "string" } },
    ],
    responses: {
      200: {
        description: evil,
        content: { "application/json": { schema: { title: evil, type: "object", properties: { [evil]: {} } } } },
      },
    },
  };
  const folder = project({
    "openapi.json": {
      ...document,
      info: { title: evil, version: evil, description: evil },
      servers: [{ url: `https://a.example/${evil}` }],
      components: { securitySchemes: { key: { type: "apiKey", in: "query", name: evil, description: evil } } },
      paths: { "/a'\"`${1}*/": { post: operation } },
    },
  });
  expect(mcpc(folder, "import", "openapi.json", "--out", "a.mcp.json")).toMatchObject({ code: 0 });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0 });
  const server = rawStdio("node", [join(folder, "dist/server.js")], folder);
  return server.initialize().then(() => server.end());
});

test.each<[what: string, files: Record<string, unknown>, message: RegExp]>([
  ["Swagger 2.0", { "a.json": { swagger: "2.0" } }, /is Swagger "?2.0"?: convert it to OpenAPI 3/],
  ["an empty file", { "a.json": "\n" }, /"a.json" is empty/],
  ["a document that is broken", { "a.json": "openapi: 3.1.0\nx: [" }, /is neither JSON nor YAML/],
  [
    "rules with mistakes",
    { "a.json": document, "import.json": { rules: [{ tag: 1 }] } },
    /rules\[0\].tag must be a text/,
  ],
  [
    "a manifest with errors",
    { "a.json": document, "b.mcp.json": { tools: [{ name: "" }] } },
    /the manifests have errors with what is imported, so nothing was written/,
  ],
  ["a folder", { "a.json/x.json": {} }, /"a.json" is a folder: name a server \(stdio:COMMAND or a URL\), a file/],
])("%s is refused, and nothing is written", (_, files, message) => {
  const folder = project(files);
  const before = contents(folder);
  expect(mcpc(folder, "import", "a.json")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(message),
  });
  expect(contents(folder)).toEqual(before);
  expect(existsSync(join(folder, "src"))).toBe(false);
});
