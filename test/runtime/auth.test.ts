import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createAuthentication } from "../../runtime/auth/authentication.js";
import { bearer } from "../../runtime/auth/bearer.js";
import { challengeText } from "../../runtime/auth/challenge.js";
import { watchFile } from "../../runtime/auth/file-watcher.js";
import { parseKeys } from "../../runtime/auth/keys.js";
import { withIncluded } from "../../runtime/auth/method.js";
import { createTokenCache } from "../../runtime/auth/token-cache.js";
import type { Listing } from "../../runtime/protocol/surface.js";
import { connect } from "../../runtime/protocol/connection.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { textOf } from "../../runtime/protocol/json-rpc.js";
import { onExpiry, identityOf, refuseExpired, revoke, type Unauthorized } from "../../runtime/protocol/auth.js";
import type { Auth } from "../../runtime/protocol/handlers.js";

const [one, two] = ["key-one-0123456789", "key-two-0123456789"];

test.each<[text: string, entries: object[], problems?: string[]]>([
  [one, [{ key: one }]],
  [`${one},${two}\n`, [{ key: one }, { key: two }]],
  [
    `# a comment, with a comma\nada:${one}\n\n bob : ${two} `,
    [
      { principal: "ada", key: one },
      { principal: "bob", key: two },
    ],
  ],
  [
    JSON.stringify([one, { key: two, principal: "bob", scopes: ["a"] }]),
    [{ key: one }, { key: two, principal: "bob", scopes: ["a"] }],
  ],
  ["short", [], ["K: key 1 must have at least 16 characters"]],
  [`${one}, with spaces in it 123`, [{ key: one }], ["K: key 2 may have letters, digits and - . _ ~ + / = only"]],
  ["[", [], ["K: not valid JSON"]],
  [JSON.stringify([{ key: one, scope: "a" }]), [], ['K: key 1 may have "key", "principal" and "scopes", nothing else']],
  [
    JSON.stringify([{ key: one, scopes: "a" }, 7, { key: two, principal: 7 }]),
    [],
    [
      'K: key 1 needs a list of texts as its "scopes"',
      'K: key 2 must be a text, or an object with "key"',
      'K: key 3 needs a text as its "principal"',
    ],
  ],
  ["", []],
])("keys are read from %j", (text, entries, expected = []) => {
  const problems: string[] = [];
  expect(parseKeys({ name: "K", text }, problems)).toEqual(entries);
  expect(problems).toEqual(expected);
});

const common = { name: "made", path: "/mcp", includes: {}, requested: ["a", "b"] };
const credentials = (authorization: string | undefined, url = "/mcp") => ({
  transport: "http" as const,
  url,
  header: (name: string) => (name === "authorization" ? authorization : undefined),
});
const application = { config: undefined, state: undefined };

test("a key is taken at once, and nothing that is almost one", async () => {
  const auth = createAuthentication({
    ...common,
    includes: { a: ["b"] },
    methods: [bearer({ env: "KEYS", scopes: ["a"] })],
  });
  const secrets = new Set<string>();
  expect(await auth.start({ KEYS: `ada:${one},${two}` }, secrets)).toEqual([]);
  expect([...secrets]).toEqual([one, two]);
  const asked = (authorization: string | undefined, url?: string) =>
    auth.authenticate(credentials(authorization, url), application);
  expect(asked(`Bearer ${one}`)).toEqual({ principal: "ada", scopes: ["a", "b"], claims: {} });
  expect(asked(`bearer  ${two}`)).toEqual({ scopes: ["a", "b"], claims: {} });
  const wrong = ["x", one.slice(1), `${one}x`, one.slice(0, -1), `${one}${one}`, one.toUpperCase(), `${one}=`];
  for (const token of wrong) expect(asked(`Bearer ${token}`)).toMatchObject({ status: 401, error: "invalid_token" });
  for (const header of ["Bearer", "Bearer ", `Bearer ${one} ${two}`, `Bearer ${one}, Bearer ${two}`, "Bearer ä"])
    expect(asked(header)).toMatchObject({ status: 400, error: "invalid_request" });
  for (const header of [undefined, "Basic YTpi", `Token ${one}`, one, ""])
    expect(asked(header)).toEqual({ status: 401, message: expect.stringContaining("Authorization: Bearer") });
  for (const url of [`/mcp?access_token=${one}`, `/mcp?x=1&access%5Ftoken=${one}`, "/mcp?access_token="])
    expect(asked(`Bearer ${one}`, url)).toMatchObject({ status: 400, error: "invalid_request" });
});

test("a server without keys, or with a file that cannot be read, says so before it starts", async () => {
  const start = (options: Parameters<typeof bearer>[0], environment = {}) =>
    createAuthentication({ ...common, methods: [bearer(options)] }).start(environment);
  const missing = async (): Promise<string> => Promise.reject(new Error("ENOENT"));
  const lists = "it lists who may call: one key a line, or JSON";
  for (const environment of [{}, { KEYS: "" }, { KEYS: " " }])
    expect(await start({ env: "KEYS", scopes: [] }, environment)).toEqual([`KEYS is not set; ${lists}`]);
  expect(await start({ env: "KEYS", scopes: [] }, { KEYS: "[]" })).toEqual([`KEYS holds no key; ${lists}`]);
  expect(await start({ file: { path: "keys", read: missing }, scopes: [] })).toEqual([
    "keys: the keys cannot be read: ENOENT",
  ]);
  const file = { path: { env: "FILE" }, read: async () => one };
  expect(await start({ file, scopes: [] })).toEqual([`FILE is not set; ${lists}`]);
  const empty = { path: { env: "FILE" }, read: async () => "" };
  expect(await start({ file: empty, scopes: [] }, { FILE: "x" })).toEqual([`FILE holds no key; ${lists}`]);
  expect(await start({ file: { ...empty, path: "keys" }, scopes: [] })).toEqual([`keys holds no key; ${lists}`]);
  expect(await start({ env: "KEYS", file, scopes: [] })).toEqual([
    "KEYS is not set, and FILE is not set; one of them lists who may call: one key a line, or JSON",
  ]);
  expect(await start({ env: "KEYS", file, scopes: [] }, { KEYS: one })).toEqual([]);
  expect(await start({ env: "KEYS", file, scopes: [] }, { FILE: "x" })).toEqual([]);
});

test("a file that is followed is taken when it has been written, and once", async () => {
  vi.useFakeTimers();
  const told: string[] = [];
  let text: string | undefined = "a";
  const stop = watchFile(async () => text ?? Promise.reject(new Error("away")), "a", {
    onChange: (now) => told.push(now),
    onError: (error) => told.push(String(error)),
  });
  const looks = async (...texts: (string | undefined)[]): Promise<string[]> => {
    for (text of texts) await vi.advanceTimersByTimeAsync(1000);
    return told.splice(0);
  };
  expect(await looks("a", "", "b")).toEqual([]);
  expect(await looks("b", "b")).toEqual(["b"]);
  expect(await looks("c", "b", "b")).toEqual([]);
  expect(await looks(undefined, undefined)).toEqual(["Error: away"]);
  expect(await looks("b", "d", undefined, "d")).toEqual(["Error: away", "d"]);
  stop();
  expect(await looks("e", "e")).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("credentials that are taken away end what was opened with them, and open nothing more", async () => {
  const auth: Auth = { principal: "ada", scopes: [], claims: {} };
  const ended: string[] = [];
  const over = onExpiry(auth, () => ended.push("over"));
  onExpiry(auth, () => ended.push("open"));
  over();
  expect(refuseExpired(auth)).toBeUndefined();
  revoke(auth);
  expect(ended).toEqual(["open"]);
  expect(refuseExpired(auth)).toMatchObject({ message: expect.stringContaining("expired") });
  await new Promise<void>((resolve) => void onExpiry(auth, resolve));
});

test("a challenge is a header whatever is put into it", () => {
  expect(challengeText({})).toBe("Bearer");
  expect(challengeText({ error: "invalid_token", scope: 'a"b\\c', realm: "Grüße\r\nX: y" })).toBe(
    'Bearer error="invalid_token", scope="a\\"b\\\\c", realm="Gr??e??X: y"',
  );
});

test("scopes include others, however they are chained", () => {
  const includes = { admin: ["write"], write: ["read", "admin"] };
  expect(withIncluded(["admin", "x"], includes)).toEqual(["admin", "x", "write", "read"]);
  expect(withIncluded(["toString", "__proto__"], includes)).toEqual(["toString", "__proto__"]);
});

test("no two callers have one identity, whatever they are called", () => {
  const callers: [principal: string, iss?: string][] = [
    ["ada"],
    ["ada", "https://a"],
    ["ada", "https://b"],
    ["b ada", "https://a"],
    ["ada", "https://a b"],
    ["https://a ada"],
    ['["https://a","ada"]'],
    ["client:ada", "https://a"],
  ];
  const auths = callers.map(([principal, iss]): Auth => ({
    principal,
    scopes: [],
    claims: iss === undefined ? {} : { iss },
  }));
  expect(new Set(auths.map(identityOf)).size).toBe(callers.length);
  expect(identityOf({ scopes: [], claims: { iss: "https://a" } })).toBeUndefined();
});

describe("what was found out about tokens", () => {
  const good: Auth = { principal: "ada", scopes: [], claims: {} };
  const refused = (status: 401 | 503) => ({ status, message: "no" });
  const minute = 60_000;
  const cacheOf = (maxExaminations = Infinity) => {
    const cache = createTokenCache({ keptMs: minute, maxExaminations });
    const examined: string[] = [];
    const stopped: string[] = [];
    const get = (token: string, verdict: Auth | Unauthorized | Promise<Auth>, caller = "") =>
      cache.get(token, caller, async (signal) => {
        examined.push(token);
        signal.addEventListener("abort", () => stopped.push(token));
        return verdict;
      });
    return { get, examined, stopped };
  };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("equal tokens are examined once, also at once", async () => {
    const { get, examined } = cacheOf();
    expect(await Promise.all([1, 2, 3].map(() => get("a", good)))).toEqual([good, good, good]);
    expect(await get("a", refused(401))).toEqual(good);
    expect(await get("b", refused(401))).toEqual(refused(401));
    expect(examined).toEqual(["a", "b"]);
  });

  test.each<[what: string, verdict: Auth | Unauthorized, after: number, times: number]>([
    ["a good one, before its time is up", good, minute - 1, 1],
    ["a good one, afterwards", good, minute, 2],
    ["one that expires before", { ...good, expiresAt: Date.now() + 10 * minute }, minute - 1, 1],
    ["a refused one, a second later", refused(401), 1000, 1],
    ["a refused one, later", refused(401), 2000, 2],
    ["one that nobody could tell of", refused(503), 0, 2],
  ])("are remembered for a while: %s", async (_what, verdict, after, times) => {
    const { get, examined } = cacheOf();
    await get("a", verdict);
    await vi.advanceTimersByTimeAsync(after);
    await get("a", verdict);
    expect(examined).toHaveLength(times);
  });

  test("a good token that expires is examined again then, whichever clock says so", async () => {
    const { get, examined } = cacheOf();
    await get("a", { ...good, expiresAt: Date.now() + 1000 });
    vi.setSystemTime(Date.now() + 1000);
    await get("a", good);
    vi.setSystemTime(Date.now() - 60 * minute);
    await vi.advanceTimersByTimeAsync(minute);
    await get("a", good);
    expect(examined).toHaveLength(3);
  });

  test("expired tokens leave, so that no valid one has to", async () => {
    const { get, examined } = cacheOf();
    await get("valid", good);
    const short = { ...good, expiresAt: Date.now() + 1000 };
    for (let number = 0; number < 9999; number += 1) await get(`short ${number}`, short);
    await vi.advanceTimersByTimeAsync(minute / 2);
    await get("one too many", good);
    examined.length = 0;
    await get("valid", good);
    expect(examined).toEqual([]);
  });

  test("a caller with many examinations loses the oldest to another, and gets no more", async () => {
    const { get, examined, stopped } = cacheOf(3);
    const never = new Promise<Auth>(() => {});
    const flood: ReturnType<typeof get>[] = [];
    for (const token of ["1", "2", "3"]) {
      flood.push(get(token, never, "flood"));
      // A token is hashed first, which may take longer than that of the next.
      await vi.waitFor(() => expect(examined).toContain(token), 100_000);
    }
    expect(await get("4", good, "flood")).toMatchObject({ status: 503 });
    expect(await get("mine", good, "honest")).toEqual(good);
    expect(await flood[0]).toMatchObject({ status: 503 });
    expect(stopped).toEqual(["1"]);
    // The place is free again, and an equal token is examined anew.
    expect(await get("1", good, "flood")).toEqual(good);
    expect(await get("5", refused(401), "flood")).toEqual(refused(401));
    expect(examined).toEqual(["1", "2", "3", "mine", "1", "5"]);
  });

  test("no more are examined at a time than may be, and bad ones drive out no good one", async () => {
    const { get, examined } = cacheOf(2);
    await get("good", good);
    let answer!: (verdict: Auth) => void;
    const slow = new Promise<Auth>((resolve) => (answer = resolve));
    const waiting = ["a", "b", "a", "b"].map((token) => get(token, slow));
    await vi.waitFor(() => expect(examined.toSorted()).toEqual(["a", "b", "good"]), 100_000);
    expect(await get("c", good)).toMatchObject({ status: 503 });
    expect(await get("good", refused(401))).toEqual(good);
    answer(good);
    expect(await Promise.all(waiting)).toEqual([good, good, good, good]);
    expect(await get("c", good)).toEqual(good);
    for (let number = 0; number < 10_001; number += 1) await get(`bad ${number}`, refused(401));
    expect(await get("good", refused(401))).toEqual(good);
    examined.length = 0;
    await get("bad 0", refused(401));
    await get("bad 10000", refused(401));
    expect(examined).toEqual(["bad 0"]);
  });
});

const encoder = new TextEncoder();
/** As a large server has it. */
const asForm = (entries: readonly string[]): Listing => {
  let end = -1;
  const ends = entries.map((entry) => (end += 1 + encoder.encode(entry).length));
  const bytes = encoder.encode(entries.join(","));
  return () => ({
    size: bytes.length,
    ends: () => ends,
    read: (place, begin) => place.set(bytes.subarray(begin, begin + place.length)),
  });
};

test.each<[string, (entries: readonly string[]) => Listing]>([
  ["texts", (entries) => entries],
  ["bytes", asForm],
])(
  "pages of a list of %s are counted for each set of scopes by itself, and few sets are kept",
  async (_kind, listed) => {
    const scoped = (name: string, scopes?: string[]) => ({ name, ...(scopes && { scopes }) });
    const tools = [scoped("a"), scoped("b", ["x"]), scoped("c"), scoped("d", ["y"]), scoped("e", ["x", "y"])];
    const many = Array.from({ length: 100 }, (_, index) => scoped(`ü${index}`, [`s${index}`]));
    const all = [...tools, ...many];
    const pass = Object.assign(() => true, { errors: null });
    const listing = all.map(({ name }) => JSON.stringify({ name, inputSchema: { type: "object" } }));
    const server = defineServer(
      {
        server: { name: "made", version: "1.0.0" },
        pageSize: 2,
        tools: all,
        resources: [],
        resourceTemplates: [],
        prompts: [],
        listings: async () => ({ tools: listed(listing), resources: [], resourceTemplates: [], prompts: [] }),
        toolValidators: async () => ({ input: pass }),
        templateValidators: async () => ({ params: pass }),
        promptValidators: async () => ({}),
      },
      {
        tools: new Map(),
        resources: new Map(),
        resourceTemplates: new Map(),
        prompts: new Map(),
        completions: new Map(),
      },
      () => ({ auth: createAuthentication({ ...common, methods: [] }), logger: () => {} }),
    );
    const list = (scopes: string[], cursor?: string): Promise<any> =>
      new Promise((resolve) => {
        const connection = connect(server, (message) => resolve(JSON.parse(textOf(message))), { scopes, claims: {} });
        const meta = {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
        };
        const params = { ...(cursor !== undefined && { cursor }), _meta: meta };
        connection.receive({ jsonrpc: "2.0", id: 1, method: "tools/list", params });
      });
    const pages = async (scopes: string[]): Promise<string[][]> => {
      const seen: string[][] = [];
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const { result } = await list(scopes, cursor);
        seen.push(result.tools.map(({ name }: { name: string }) => name));
        cursor = result.nextCursor;
      }
      return seen;
    };
    expect(await pages([])).toEqual([["a", "c"]]);
    expect(await pages(["x", "unheard of"])).toEqual([["a", "b"], ["c"]]);
    expect(await pages(["y"])).toEqual([["a", "c"], ["d"]]);
    expect(await pages(["x", "y"])).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    const { result } = await list(["x"]);
    expect((await list(["y"], result.nextCursor)).error).toEqual({ code: -32602, message: "unknown cursor" });
    expect((await list([], "")).error.code).toBe(-32602);
    for (let index = 0; index < 100; index += 1) await list([`s${index}`]);
    expect((server.indexes.get("audiences") as Map<string, unknown>).size).toBe(64);
    expect(await pages(["x"])).toEqual([["a", "b"], ["c"]]);
  },
);
