import { describe, expect, test } from "vitest";
import { fixedCaller } from "../../runtime/protocol/auth.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { notImplemented } from "../../runtime/protocol/errors.js";
import type { Listing, Surface } from "../../runtime/protocol/surface.js";
import { callerOf } from "./caller.js";
import { converse } from "./conversation.js";
import { serverWith } from "./surface.js";

const versions = ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"];
const declared = [
  { uri: "issue://board", name: "board" },
  { uri: "issue://done/all", name: "done" },
];
const made = serverWith({});

interface Lists {
  readonly issues?: (context: any) => unknown;
  readonly secrets?: (context: any) => unknown;
}

/** A server with two declared resources, and two templates whose resources are listed by handlers. */
function serving({ issues, secrets }: Lists, more: Partial<Surface> = {}, scopes?: readonly string[]) {
  const logged: string[] = [];
  const surface: Surface = {
    ...made.surface,
    resources: declared.map(({ uri }) => ({ uri })),
    resourceTemplates: [
      { uriTemplate: "issue://open/{id}", variables: ["id"], mimeType: "text/plain" },
      { uriTemplate: "secret://{id}", variables: ["id"], scopes: ["secrets"] },
    ],
    listings: async () => ({
      ...(await made.surface.listings()),
      resources: declared.map((entry) => JSON.stringify(entry)) as Listing,
    }),
    ...more,
  };
  const lists = new Map<string, any>();
  if (issues) lists.set("issue://open/{id}", issues);
  if (secrets) lists.set("secret://{id}", secrets);
  const server = defineServer(surface, { ...made.handlers, lists }, () => ({
    logger: (_level, message, details) => void logged.push(`${message}: ${String(details?.["error"])}`),
    ...(scopes && { auth: fixedCaller({ scopes, claims: {} }) }),
  }));
  return { server, logged };
}

const issue = (id: number, more: object = {}) => ({ uri: `issue://open/${id}`, name: `issue ${id}`, ...more });

describe.each(versions)("%s", (version) => {
  test("a list that is still a stub is called a list", async () => {
    const { server } = serving({ issues: () => Promise.reject(notImplemented("issue://open/{id}")) });
    const { request } = await converse(server, version);
    expect((await request("resources/list")).error.message).toBe(
      'the list of the resource template "issue://open/{id}" is not implemented yet',
    );
  });

  test("what handlers list follows what is declared, in the revision's form, as the data is now", async () => {
    let count = 1;
    const issues = async () => Array.from({ length: count }, (_, at) => issue(at + 1, { title: "T", size: 3 }));
    const { server } = serving({ issues });
    const { request } = await converse(server, version);
    const uris = async () => (await request("resources/list")).result.resources.map(({ uri }: any) => uri);
    expect(await uris()).toEqual(["issue://board", "issue://done/all", "issue://open/1"]);
    count = 2;
    expect(await uris()).toEqual(["issue://board", "issue://done/all", "issue://open/1", "issue://open/2"]);
    const [, , first] = (await request("resources/list")).result.resources;
    const title = version >= "2025-06-18" ? { title: "T" } : {};
    expect(first).toEqual({ ...issue(1), mimeType: "text/plain", size: 3, ...title });
  });
});

test("pages go on from declared resources to listed ones, each once", async () => {
  const issues = () => Array.from({ length: 5 }, (_, at) => issue(at));
  const { request } = await converse(serving({ issues }, { pageSize: 3 }).server, "2025-11-25");
  const pages: string[][] = [];
  for (let cursor: string | undefined, left = 10; left > 0; left -= 1) {
    const { result } = await request("resources/list", cursor === undefined ? {} : { cursor });
    pages.push(result.resources.map(({ uri }: any) => uri));
    cursor = result.nextCursor;
    if (cursor === undefined) break;
  }
  expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
  expect(new Set(pages.flat()).size).toBe(7);
  expect((await request("resources/list", { cursor: "never given" })).error.code).toBe(-32602);
});

test("a page that lies behind a list that has become shorter is empty", async () => {
  let count = 5;
  const issues = () => Array.from({ length: count }, (_, at) => issue(at));
  const { request } = await converse(serving({ issues }, { pageSize: 3 }).server, "2025-11-25");
  const { nextCursor: cursor } = (await request("resources/list")).result;
  count = 0;
  expect((await request("resources/list", { cursor })).result).toEqual({ resources: [] });
});

test.each<[scopes: readonly string[], uris: readonly string[]]>([
  [["secrets"], ["issue://board", "issue://done/all", "issue://open/1", "secret://1"]],
  [[], ["issue://board", "issue://done/all", "issue://open/1"]],
])("a caller with the scopes %j sees %j", async (scopes, uris) => {
  let asked = 0;
  const secrets = () => ((asked += 1), [{ uri: "secret://1", name: "s" }]);
  const { server } = serving({ issues: () => [issue(1)], secrets }, {}, scopes);
  const { request } = callerOf(server, "2026-07-28", {}, "ada", scopes);
  expect((await request("resources/list")).result.resources.map(({ uri }: any) => uri)).toEqual(uris);
  expect(asked).toBe(scopes.length);
});

test("a resource that is declared or was listed before is listed once", async () => {
  const { server } = serving({
    issues: () => [issue(1), issue(1, { name: "again" }), { uri: "issue://board", name: "b" }],
  });
  const { request } = await converse(server, "2025-11-25");
  expect((await request("resources/list")).result.resources.map(({ name }: any) => name)).toEqual([
    "board",
    "done",
    "issue 1",
  ]);
});

test.each<[what: string, list: () => unknown, reason: RegExp]>([
  [
    "throws",
    () => {
      throw new Error("away");
    },
    /away/,
  ],
  ["rejects", () => Promise.reject(new Error("away")), /away/],
  ["returns no list", () => ({}), /a list was expected/],
  ["returns a text", async () => [""], /must be an object/],
  ["leaves out a name", () => [{ uri: "issue://open/1" }], /needs a uri and a name/],
  [
    "names what is no resource of its template",
    () => [{ uri: "secret://1", name: "s" }],
    /no resource of the template/,
  ],
  ["has a wrong member", () => [issue(1, { size: "3" })], /wrong "size"/],
  ["has an unknown member", () => [issue(1, { colour: "red" })], /unknown member "colour"/],
])("a handler that %s fails the request, and the log says why", async (_what, issues, reason) => {
  const { server, logged } = serving({ issues });
  const { request } = await converse(server, "2025-11-25");
  expect((await request("resources/list")).error).toMatchObject({ code: -32603 });
  expect(logged.join()).toMatch(reason);
  expect((await request("ping")).result).toEqual({});
});

test("a handler that takes too long is given up", async () => {
  const { server } = serving({ issues: () => new Promise(() => {}) }, { timeoutMs: 20 });
  const { request } = await converse(server, "2025-11-25");
  expect((await request("resources/list")).error.message).toContain("timed out after 20 ms");
});
