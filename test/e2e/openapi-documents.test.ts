import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kept, mcpc } from "./project.js";
import { rawStdio, type RawStdio } from "./raw-stdio.js";

const modules = join(import.meta.dirname, "..", "..", "node_modules");

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
const received: Received[] = [];
let answer: unknown = {};
/** Stands for every API: it records requests. */
const api = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    received.push({ method: request.method!, url: request.url!, headers: request.headers, body });
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((done) => api.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});
afterAll(() => void api.close());

interface Call {
  readonly tool: string;
  readonly arguments: object;
  /** The method and the URL of the request, as a reader of the document expects them. */
  readonly request: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** What the API answers, where the document demands more than an empty object. */
  readonly answer?: unknown;
}

interface Document {
  /** The package that ships the document. */
  readonly file: string;
  readonly version: string;
  /** The number of its operations, and how many become tools. */
  readonly operations: number;
  readonly tools: number;
  readonly settings: Record<string, string>;
  readonly calls: readonly Call[];
}

const documents: Record<string, Document> = {
  Figma: {
    file: "@figma/rest-api-spec/openapi/openapi.yaml",
    version: "3.1.0",
    operations: 54,
    tools: 54,
    settings: { FIGMA_API_BASE_URL: "", FIGMA_API_PERSONAL_ACCESS_TOKEN: "figd_1" },
    calls: [
      {
        tool: "getComments",
        arguments: { file_key: "a b/c", as_md: true },
        request: "GET /v1/files/a%20b%2Fc/comments?as_md=true",
        headers: { "x-figma-token": "figd_1" },
        answer: { comments: [] },
      },
      {
        tool: "postComment",
        arguments: { file_key: "k", body: { message: "Hi", client_meta: { x: 1, y: 2 } } },
        request: "POST /v1/files/k/comments",
        headers: { "x-figma-token": "figd_1", "content-type": "application/json" },
        body: { message: "Hi", client_meta: { x: 1, y: 2 } },
      },
    ],
  },
  Blockfrost: {
    file: "@blockfrost/openapi/openapi.yaml",
    version: "3.0.3",
    operations: 129,
    tools: 127,
    settings: { BLOCKFROST_IO_API_BASE_URL: "/api/v0", BLOCKFROST_IO_API_PROJECT_ID: "mainnet1" },
    calls: [
      {
        tool: "GET_blocks_hash_or_number_txs",
        arguments: { hash_or_number: "4", count: 5, page: 2, order: "desc" },
        request: "GET /api/v0/blocks/4/txs?count=5&page=2&order=desc",
        headers: { project_id: "mainnet1" },
        answer: [],
      },
      {
        tool: "POST_utils_txs_evaluate_utxos",
        arguments: { version: 6, body: { cbor: "84a4", additionalUtxoSet: [] } },
        request: "POST /api/v0/utils/txs/evaluate/utxos?version=6",
        headers: { project_id: "mainnet1", "content-type": "application/json" },
        body: { cbor: "84a4", additionalUtxoSet: [] },
      },
    ],
  },
  Directus: {
    file: "@directus/specs/dist/openapi.json",
    version: "3.0.1",
    operations: 136,
    tools: 136,
    settings: { DIRECTUS_BASE_URL: "", DIRECTUS_KEY_AUTH: "k&y" },
    calls: [
      {
        // Lists without explode, an object as JSON, a key in the query.
        tool: "getActivities",
        arguments: { fields: ["id", "user.*"], filter: { action: { _eq: "login" } }, limit: 2 },
        request:
          "GET /activity?fields=id,user.*&filter=%7B%22action%22%3A%7B%22_eq%22%3A%22login%22%7D%7D&limit=2&access_token=k%26y",
      },
      {
        tool: "createItem",
        arguments: { collection: "articles", body: { title: "A" } },
        request: "POST /items/articles?access_token=k%26y",
        headers: { "content-type": "application/json" },
        body: { title: "A" },
      },
    ],
  },
  rclone: {
    file: "rclone-openapi/openapi.json",
    version: "3.1.0",
    operations: 101,
    tools: 101,
    settings: { RCLONE_RC_API_BASE_URL: "" },
    calls: [
      {
        // A list with explode, and a header.
        tool: "coreCommand",
        arguments: { command: "ls", arg: ["a:", "b c:"], opt: '{"a":1}', _async: true, Prefer: "respond-async" },
        request: "POST /core/command?command=ls&arg=a%3A&arg=b%20c%3A&opt=%7B%22a%22%3A1%7D&_async=true",
        headers: { prefer: "respond-async" },
      },
      {
        // An object with explode.
        tool: "rcNoop",
        arguments: { params: { a: 1, "b c": "x&y" } },
        request: "POST /rc/noop?a=1&b%20c=x%26y",
      },
      {
        tool: "optionsSet",
        arguments: { main: { LogLevel: "DEBUG" }, rc: { Auth: { User: "x" } } },
        request: "POST /options/set?main%5BLogLevel%5D=DEBUG&rc%5BAuth%5D%5BUser%5D=x",
      },
    ],
  },
  GitHub: {
    file: "@octokit/routes/api.github.com.json",
    version: "3.0.1",
    operations: 608,
    tools: 608,
    settings: { GITHUB_V3_REST_API_BASE_URL: "", GITHUB_V3_REST_API_UPLOADS_GITHUB_COM_BASE_URL: "/uploads" },
    calls: [
      {
        tool: "issues_add-labels",
        arguments: { owner: "o", repo: "r", issue_number: 7, body: { labels: ["a", "b"] } },
        request: "POST /repos/o/r/issues/7/labels",
        headers: { accept: "application/json", "content-type": "application/json" },
        body: { labels: ["a", "b"] },
        answer: [],
      },
      {
        tool: "issues_list-for-repo",
        arguments: { owner: "o", repo: "r", state: "open", labels: "bug,ui", per_page: 1 },
        request: "GET /repos/o/r/issues?state=open&labels=bug%2Cui&per_page=1",
        answer: [],
      },
    ],
  },
};

describe.each(Object.entries(documents))("%s", (_, { file, version, operations, tools, settings, calls }) => {
  let server: RawStdio;
  beforeAll(async () => {
    const folder = kept({ "lint.mcp.json": { build: { lint: { profiles: [] } } } });
    const imported = mcpc(folder, "import", join(modules, file), "--out", "api.mcp.json");
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining(`api.mcp.json: ${tools} added, 0`) });
    // Each operation that is left out has a sentence.
    expect(imported.stderr.split("\n").filter((line) => line.includes(" is left out: "))).toHaveLength(
      operations - tools,
    );
    expect(mcpc(folder, "build", "--strict")).toMatchObject({ code: 0, stderr: "" });
    const env = Object.entries(settings).map(([key, value]) => [key, key.endsWith("_URL") ? url + value : value]);
    server = rawStdio("node", [join(folder, "dist/server.js")], folder, Object.fromEntries(env));
    await server.initialize();
  }, 600_000);
  afterAll(() => server.end());

  test("is of the version and size that this row says", () => {
    const text = readFileSync(join(modules, file), "utf8");
    expect(/openapi["']?: ["']?(3\.\d\.\d)/.exec(text)?.[1]).toBe(version);
    // A rough count, which shares no code with the import.
    const count = file.endsWith("json")
      ? Object.values<object>(JSON.parse(text).paths).flatMap(Object.keys).filter(isMethod).length
      : text
          .slice(text.search(/^paths:/m))
          .split(/\n(?=\w)/)[0]!
          .match(/^ {4}(?:get|put|post|patch|delete):/gm)!.length;
    expect(count).toBe(operations);
  });

  test.each(calls)("$tool sends what the document says", async (call) => {
    received.length = 0;
    answer = call.answer ?? {};
    const { result } = await server.request("tools/call", { name: call.tool, arguments: call.arguments });
    const [request] = received;
    expect([`${request?.method} ${request?.url}`, result]).toEqual([call.request, expect.anything()]);
    expect(request!.headers).toMatchObject(call.headers ?? {});
    if (call.body === undefined) expect(request!.body).toBe("");
    else expect(JSON.parse(request!.body)).toEqual(call.body);
  });
});

function isMethod(key: string): boolean {
  return ["get", "put", "post", "patch", "delete"].includes(key);
}
