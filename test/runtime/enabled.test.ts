import { beforeEach, describe, expect, test } from "vitest";
import { publish } from "../../runtime/protocol/changes.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Server, ServerOptions } from "../../runtime/protocol/exchange.js";
import type { Auth } from "../../runtime/protocol/handlers.js";
import type { Hooks } from "../../runtime/protocol/hooks.js";
import { replace } from "../../runtime/protocol/replace.js";
import type { Surface } from "../../runtime/protocol/surface.js";
import { callerOf, type RevisionName } from "./caller.js";
import { doors, options } from "./doors.js";
import { serverWith } from "./surface.js";

/** Names that are hidden from the caller of that name; a test may change them. */
let hidden: Record<string, readonly string[]>;
beforeEach(() => {
  hidden = { eve: ["second", "t://second/{x}", "r://second"] };
});

const shows = (name: string, { auth }: { readonly auth: Auth }): boolean =>
  !(hidden[auth.principal ?? "eve"] ?? []).includes(name);
const hooks: Hooks = { enabled: { tools: shows, prompts: shows, resources: shows, resourceTemplates: shows } };

const names = ["first", "second"] as const;

/** Two entries of each kind. */
function serverOf(own: ServerOptions = { hooks }, more: Partial<Surface> = {}): Server {
  const made = serverWith({});
  const listed = (entry: (name: string) => object) => names.map((name) => JSON.stringify(entry(name)));
  const surface: Surface = {
    ...made.surface,
    tools: names.map((name) => ({ name, task: "optional", headers: [{ header: "N", path: ["n"], type: "integer" }] })),
    prompts: names.map((name) => ({ name, arguments: [{ name: "a", required: false, completed: true }] })) as never,
    resources: names.map((name) => ({ uri: `r://${name}`, subscribe: true })),
    resourceTemplates: names.map((name) => ({
      uriTemplate: `t://${name}/{x}`,
      variables: ["x"],
      completed: ["x"],
    })) as never,
    listings: async () => ({
      tools: listed((name) => ({ name, inputSchema: { type: "object" } })),
      prompts: listed((name) => ({ name })),
      resources: listed((name) => ({ uri: `r://${name}`, name })),
      resourceTemplates: listed((name) => ({ uriTemplate: `t://${name}/{x}`, name })),
    }),
    ...more,
  };
  const each = <T>(key: (name: string) => string, value: (name: string) => T) =>
    new Map(names.map((name) => [key(name), value(name)]));
  const handlers = {
    tools: each(String, (name) => () => name),
    prompts: each(String, (name) => () => name),
    resources: each(
      (name) => `r://${name}`,
      (name) => () => name,
    ),
    resourceTemplates: each(
      (name) => `t://${name}/{x}`,
      (name) => () => name,
    ),
    completions: new Map([
      ...each(
        (name) => `${name} a`,
        (name) => () => [name],
      ),
      ...each(
        (name) => `t://${name}/{x} x`,
        (name) => () => [name],
      ),
    ]),
    lists: each(
      (name) => `t://${name}/{x}`,
      (name) => () => [{ uri: `t://${name}/1`, name: `${name} 1` }],
    ),
  };
  return defineServer(surface, handlers as never, () => ({ logger: () => {}, ...own }));
}

const lists = [
  ["tools/list", "tools", "name"],
  ["prompts/list", "prompts", "name"],
  ["resources/list", "resources", "uri"],
  ["resources/templates/list", "resourceTemplates", "uriTemplate"],
] as const;

async function seen(server: Server, principal: string, revision: RevisionName): Promise<unknown> {
  const caller = callerOf(server, revision, {}, principal);
  const found = await Promise.all(
    lists.map(async ([method, member, key]) => {
      const { result } = await caller.request(method);
      return result[member].map((entry: Record<string, unknown>) => entry[key]);
    }),
  );
  caller.close();
  return found;
}

const everything = [
  ["first", "second"],
  ["first", "second"],
  ["r://first", "r://second", "t://first/1", "t://second/1"],
  ["t://first/{x}", "t://second/{x}"],
];
const rest = [["first"], ["first"], ["r://first", "t://first/1"], ["t://first/{x}"]];

describe.each(["2025-11-25", "2026-07-28"] as const)("in %s", (revision) => {
  test("each caller is listed what is enabled for them, whoever asked before", async () => {
    const server = serverOf();
    for (const principal of ["ada", "eve", "ada", "eve"])
      expect([principal, await seen(server, principal, revision)]).toEqual([
        principal,
        principal === "eve" ? rest : everything,
      ]);
  });

  /** Requests by the word in them that names an entry. */
  const requests: readonly (readonly [method: string, params: (name: string) => Record<string, unknown>])[] = [
    ["tools/call", (name) => ({ name })],
    ["tools/call", (name) => ({ name, arguments: 7 })],
    ["prompts/get", (name) => ({ name })],
    ["prompts/get", (name) => ({ name, arguments: { other: "x" } })],
    ["resources/read", (name) => ({ uri: `r://${name}` })],
    ["resources/read", (name) => ({ uri: `R://${name}` })],
    ["resources/read", (name) => ({ uri: `t://${name}/1` })],
    ["resources/subscribe", (name) => ({ uri: `r://${name}` })],
    ["resources/subscribe", (name) => ({ uri: `t://${name}/1` })],
    ["completion/complete", (name) => ({ ref: { type: "ref/prompt", name }, argument: { name: "a", value: "" } })],
    ["completion/complete", (name) => ({ ref: { type: "ref/prompt", name }, argument: { name: "b", value: "" } })],
    [
      "completion/complete",
      (name) => ({ ref: { type: "ref/resource", uri: `t://${name}/{x}` }, argument: { name: "x", value: "" } }),
    ],
  ];

  test.each(requests)(
    "%s of a hidden entry is answered as one of an entry that there is not: %#",
    async (method, params) => {
      const server = serverOf();
      const [ada, eve] = ["ada", "eve"].map((principal) => callerOf(server, revision, {}, principal));
      const answer = async (name: string) => {
        const { id: _, ...told } = await eve!.request(method, params(name));
        return JSON.parse(JSON.stringify(told).replaceAll(name, "NAME"));
      };
      const told = await answer("second");
      expect(told).toHaveProperty("error");
      expect(told).toEqual(await answer("absent"));
      // Where it is enabled the answer is another, unless the request is wrong whatever it names.
      if (told.error.code === -32601 || told.error.message.startsWith('"arguments"')) return;
      const { id: _, ...open } = await ada!.request(method, params("second"));
      expect(JSON.parse(JSON.stringify(open).replaceAll("second", "NAME"))).not.toEqual(told);
    },
  );
});

test("pages are cut from what a caller sees, and a cursor is good for those who see the same", async () => {
  hidden = { eve: ["first"] };
  const server = serverOf({ hooks }, { pageSize: 1 });
  const [ada, eve] = ["ada", "eve"].map((principal) => callerOf(server, "2026-07-28", {}, principal));
  const page = async (caller: typeof ada, cursor?: string) => {
    const { result, error } = await caller!.request("tools/list", cursor === undefined ? {} : { cursor });
    return error?.message ?? [result.tools.map(({ name }: { name: string }) => name), result.nextCursor];
  };
  const [first, cursor] = await page(ada);
  expect([first, typeof cursor]).toEqual([["first"], "string"]);
  expect(await page(ada, cursor)).toEqual([["second"], undefined]);
  expect(await page(eve)).toEqual([["second"], undefined]);
  expect(await page(eve, cursor)).toBe("unknown cursor");
});

test("a list that all may keep is for each caller alone where entries may be hidden", async () => {
  const listed = { ttlMs: 60_000, scope: "public" } as const;
  for (const [method] of lists) {
    const scopeOf = async (server: Server) =>
      (await callerOf(server, "2026-07-28", {}, "ada").request(method)).result.cacheScope;
    expect([method, await scopeOf(serverOf({ hooks }, { listed }))]).toEqual([method, "private"]);
    expect([method, await scopeOf(serverOf({}, { listed }))]).toEqual([method, "public"]);
  }
});

test("what changes holds from the next request on, and clients are told of it", async () => {
  const server = serverOf();
  const eve = callerOf(server, "2025-11-25", {}, "eve");
  const tools = async () => (await eve.request("tools/list")).result.tools.length;
  expect(await tools()).toBe(1);
  hidden = {};
  publish(server, { kind: "tools" });
  expect(await tools()).toBe(2);
  expect(await eve.call("second")).toMatchObject({ result: { content: [{ text: "second" }] } });
  hidden = { eve: ["first"] };
  expect(await eve.call("first")).toMatchObject({ error: { message: 'unknown tool "first"' } });
});

test("clients are told to list anew when the hook is replaced", async () => {
  const renewed = { sources: undefined };
  const options = { drainMs: 1, keepsAuth: false };
  expect(await replace(serverOf(), serverOf({}), { ...options, renewed })).toEqual(["tools", "resources", "prompts"]);
  expect(await replace(serverOf({}), serverOf(), { ...options, renewed })).toEqual(["tools", "resources", "prompts"]);
  expect(await replace(serverOf({}), serverOf({}), { ...options, renewed })).toEqual([]);
  expect(await replace(serverOf(), serverOf(), options)).toEqual([]);
});

test("a task of a tool that is hidden by then is not there", async () => {
  hidden = {};
  const server = serverOf();
  const capabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };
  const eve = callerOf(server, "2026-07-28", capabilities, "eve");
  const { taskId } = (await eve.call("second")).result;
  expect(await eve.request("tasks/get", { taskId })).toHaveProperty("result");
  hidden = { eve: ["second"] };
  for (const method of ["tasks/get", "tasks/cancel"])
    expect((await eve.request(method, { taskId })).error.message).toBe(`there is no task "${taskId}"`);
});

test("a subscription to a hidden resource is not acknowledged", async () => {
  const server = serverOf();
  const eve = callerOf(server, "2026-07-28", {}, "eve");
  void eve.request("subscriptions/listen", { notifications: { resourceSubscriptions: ["r://first", "r://second"] } });
  expect(eve.others[0].params.notifications).toEqual({ resourceSubscriptions: ["r://first"] });
});

test.each<[what: string, shows: (name: string) => unknown]>([
  ["a promise", async () => true],
  ["a text", () => "yes"],
  ["nothing", () => undefined],
])("only true shows an entry: %s does not", async (_, shows) => {
  const ada = callerOf(serverOf({ hooks: { enabled: { tools: shows as never } } }), "2025-11-25", {}, "ada");
  expect((await ada.request("tools/list")).result.tools).toEqual([]);
  expect((await ada.call("first")).error.message).toBe('unknown tool "first"');
  // Of lists that the hook does not speak of, all is there.
  expect((await ada.request("prompts/list")).result.prompts.length).toBe(2);
});

test("a hook that fails shows nothing", async () => {
  const fails = () => {
    throw new Error("no database");
  };
  const ada = callerOf(serverOf({ hooks: { enabled: { tools: fails } } }), "2025-11-25", {}, "ada");
  expect((await ada.request("tools/list")).error.message).toContain("internal error");
  expect((await ada.call("first")).error.message).toContain("internal error");
});

test("what is hidden is not told apart by scopes", async () => {
  const server = serverOf({ hooks, auth: authentication }, { tools: names.map((name) => ({ name, scopes: ["a"] })) });
  const eve = callerOf(server, "2025-11-25", {}, "eve");
  expect((await eve.call("first")).error.message).toContain("scope");
  expect((await eve.call("second")).error.message).toBe('unknown tool "second"');
});

/** Callers by their key, which is their name as well. */
const authentication = {
  start: async () => [],
  stop: () => {},
  authenticate: ({ header }: { header(name: string): string | undefined }): Auth => ({
    principal: header("authorization")?.slice("Bearer ".length) ?? "eve",
    scopes: [],
    claims: {},
  }),
  challenge: () => "Bearer",
  metadata: new Map(),
};

describe.each(doors)("over %s", (_, door) => {
  const json = { "content-type": "application/json" };
  const modern = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call" };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  test.each<[what: string, ask: (name: string) => Parameters<typeof door>[2]]>([
    [
      "a call",
      (name) => ({
        headers: { ...json, ...modern, "mcp-name": name },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, _meta } }),
      }),
    ],
    [
      "a call without the header of its argument",
      (name) => ({
        headers: { ...json, ...modern, "mcp-name": name, "mcp-param-n": "2" },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name, arguments: { n: 1 }, _meta },
        }),
      }),
    ],
    ["an event stream", (name) => ({ path: `/mcp/tools/${name}/sse`, headers: json, body: "{}" })],
    ["an event stream of a GET", (name) => ({ method: "GET", path: `/mcp/tools/${name}/sse` })],
  ])("%s of a hidden tool is answered as one of a tool that there is not", async (_what, ask) => {
    const answer = async (name: string, key: string) => {
      const request = ask(name);
      const server = serverOf({ hooks, auth: authentication });
      const headers = { authorization: `Bearer ${key}`, ...request.headers };
      const { status, text } = await door(server, { ...options, toolEvents: true }, { ...request, headers });
      return [status, text.replaceAll(name, "NAME")];
    };
    const told = await answer("second", "eve");
    expect(told).toEqual(await answer("absent", "eve"));
    expect(await answer("second", "ada")).not.toEqual(told);
  });
});
