import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createClient } from "../../fixtures/secure/generated/client.js";
import { blocksTestedBy } from "../house/documents.js";
import { serveHttpWith, serverOf, type Running } from "./clients.js";
import { modern, transports, type Headers } from "./credentials.js";
import { rawStdio } from "./raw-stdio.js";

const key = {
  ada: "ada-0123456789abcdef",
  adaNew: "ada-fedcba9876543210",
  adaReads: "ada-reads-0123456789",
  bob: "bob-0123456789abcdef",
  reader: "reader-0123456789abcdef",
  nobody: "nobody-0123456789abcdef",
  plain: "plain-0123456789abcdef",
};
const keys = JSON.stringify([
  { key: key.ada, principal: "ada" },
  { key: key.adaNew, principal: "ada" },
  { key: key.adaReads, principal: "ada", scopes: ["notes:read"] },
  { key: key.bob, principal: "bob", scopes: ["notes:read", "notes:write"] },
  { key: key.reader, principal: "rita", scopes: ["notes:read"] },
  { key: key.nobody, principal: "nils", scopes: [] },
  key.plain,
]);
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

let http: Running;
beforeAll(async () => {
  http = await serveHttpWith({ NOTES_API_KEYS: keys }, serverOf("secure"));
});
afterAll(() => http.stop());

describe.each(
  blocksTestedBy("docs/authentication.md", "test/e2e/secure.test.ts").flatMap(({ text }) => text.trim().split("\n")),
)("keys as the guide has them: %s", (line) => {
  test("the server takes them", async () => {
    const exported = execFileSync("sh", ["-c", `${line}\nprintf %s "$NOTES_API_KEYS"`], { encoding: "utf8" });
    const shown = [...exported.matchAll(/k3y[\w-]+/g)].map(([text]) => text);
    expect(shown).not.toEqual([]);
    const server = await serveHttpWith({ NOTES_API_KEYS: exported }, serverOf("secure"));
    try {
      for (const each of shown) expect((await modern(server.url, bearer(each), "tools/list")).status).toBe(200);
      expect((await modern(server.url, bearer("k3y-of-eve-0123456789"), "tools/list")).status).toBe(401);
    } finally {
      await server.stop();
    }
  });
});

const all = 'scope="notes:admin notes:read notes:write"';
const outcomes: [name: string, headers: Headers, status: number, challenge?: string, query?: string][] = [
  ["no header", {}, 401, `Bearer ${all}`],
  ["another scheme", { authorization: "Basic YWRhOmFkYQ==" }, 401, `Bearer ${all}`],
  ["a scheme alone", { authorization: "Bearer" }, 400, 'Bearer error="invalid_request"'],
  ["two tokens", { authorization: `Bearer ${key.ada} ${key.bob}` }, 400, 'Bearer error="invalid_request"'],
  ["an unknown key", bearer("eve-0123456789abcdef"), 401, 'Bearer error="invalid_token"'],
  ["the beginning of a key", bearer(key.ada.slice(0, -1)), 401, 'Bearer error="invalid_token"'],
  ["a key in the address", {}, 400, 'Bearer error="invalid_request"', `access_token=${key.ada}`],
  ["a key in the address, too", bearer(key.ada), 400, 'Bearer error="invalid_request"', `access_token=${key.ada}`],
  ["a key", bearer(key.ada), 200],
  ["its successor", bearer(key.adaNew), 200],
  ["a key without a name", bearer(key.plain), 200],
];

describe.each(Object.keys(transports))("over %s", (transport) => {
  test.each(outcomes)("%s", async (_name, headers, status, challenge, query = "") => {
    const seen = await transports[transport]!(http.url, headers, query);
    expect([seen.status, seen.challenge]).toEqual([
      status,
      challenge === undefined ? undefined : expect.stringContaining(challenge),
    ]);
    if (status === 200) return;
    for (const value of Object.values(key)) expect(seen.body + (seen.challenge ?? "")).not.toContain(value);
  });
});

test("what is refused tells a page of an allowed origin why; what it asks before needs no key", async () => {
  const origin = "http://localhost:5173";
  const preflight = await fetch(http.url, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-headers")]).toEqual([204, "authorization"]);
  const refused = await modern(http.url, { origin }, "tools/list");
  expect(refused.status).toBe(401);
  expect(refused.headers.get("access-control-allow-origin")).toBe(origin);
  expect(refused.headers.get("access-control-expose-headers")).toContain("WWW-Authenticate");
  expect((await modern(http.url, { origin: "https://evil.example", ...bearer(key.ada) }, "tools/list")).status).toBe(
    403,
  );
  expect(await refused.json()).toEqual({
    jsonrpc: "2.0",
    error: { code: -32600, message: expect.stringContaining("Authorization: Bearer") },
  });
});

const listings = {
  "tools/list": ({ tools }: any) => tools.map(({ name }: any) => name),
  "resources/list": ({ resources }: any) => resources.map(({ uri }: any) => uri),
  "resources/templates/list": ({ resourceTemplates }: any) => resourceTemplates.map(({ name }: any) => name),
  "prompts/list": ({ prompts }: any) => prompts.map(({ name }: any) => name),
} as const;

const everything = [
  ["whoami", "list_notes", "add_note", "delete_notes"],
  ["notes://help", "notes://audit"],
  ["note"],
  ["review-notes"],
];

test.each([
  ["ada", key.ada, everything],
  ["a key without a name", key.plain, everything],
  ["bob", key.bob, [everything[0], ["notes://help"], ["note"], ["review-notes"]]],
  ["rita, who only reads", key.reader, [["whoami", "list_notes"], ["notes://help"], ["note"], ["review-notes"]]],
  ["nils, who may do nothing", key.nobody, [["whoami"], ["notes://help"], [], []]],
])("the lists show what %s may use, in both eras", async (_name, token, expected) => {
  const session = await openSession(token);
  for (const [index, [method, names]] of Object.entries(listings).entries()) {
    for (let round = 0; round < 2; round += 1) {
      const { result }: any = await (await modern(http.url, bearer(token), method)).json();
      expect([method, names(result), result.cacheScope]).toEqual([method, expected[index], "private"]);
    }
    const { result }: any = await (await post({ jsonrpc: "2.0", id: 1, method }, session)).json();
    expect([method, names(result)]).toEqual([method, expected[index]]);
  }
});

const calls: [method: string, params: Record<string, unknown>, needed: string][] = [
  ["tools/call", { name: "add_note", arguments: { text: "x" } }, "notes:write"],
  ["resources/read", { uri: "notes://audit" }, "notes:admin"],
  ["resources/read", { uri: "notes://note/1" }, "notes:read"],
  ["prompts/get", { name: "review-notes" }, "notes:read"],
  [
    "completion/complete",
    { ref: { type: "ref/prompt", name: "review-notes" }, argument: { name: "tone", value: "" } },
    "notes:read",
  ],
];

test.each(calls)("%s %j needs %s", async (method, params, needed) => {
  const refused = await modern(http.url, bearer(key.nobody), method, params);
  expect(refused.status).toBe(403);
  expect(refused.headers.get("www-authenticate")).toBe(
    `Bearer error="insufficient_scope", error_description="this needs the scope ${needed}", scope="${needed}"`,
  );
  const denied = {
    code: -32600,
    message: `this needs the scope ${needed}`,
    data: { error: "insufficient_scope", scopes: [needed] },
  };
  expect(await refused.json()).toEqual({ jsonrpc: "2.0", id: 1, error: denied });
  const legacy = await post({ jsonrpc: "2.0", id: 1, method, params }, await openSession(key.nobody));
  expect([legacy.status, await legacy.json()]).toEqual([403, { jsonrpc: "2.0", id: 1, error: denied }]);
  // A client of an older revision asks for what the challenge names, and nothing else.
  const reader = await post({ jsonrpc: "2.0", id: 1, method, params }, await openSession(key.reader));
  const held = needed === "notes:read" ? undefined : `scope="notes:read ${needed}"`;
  expect([reader.status, reader.headers.get("www-authenticate")?.split(", ").at(-1)]).toEqual(
    held === undefined ? [200, undefined] : [403, held],
  );
  const socket = await openSocket(key.nobody);
  expect(await socket.request(method, params)).toMatchObject({ error: denied });
  socket.close();
  const stream = await openSse(key.nobody);
  expect(await stream.request(method, params)).toMatchObject({ error: denied });
  stream.close();
  const allowed: any = await (await modern(http.url, bearer(key.ada), method, params)).json();
  expect(allowed.error?.data?.error).toBeUndefined();
});

test("what a handler is told is who calls, and nothing of the key", async () => {
  const who = async (token: string) =>
    ((await (await modern(http.url, bearer(token), "tools/call", { name: "whoami" })).json()) as any).result
      .structuredContent;
  expect(await who(key.ada)).toEqual({ principal: "ada", scopes: ["notes:admin", "notes:read", "notes:write"] });
  expect(await who(key.reader)).toEqual({ principal: "rita", scopes: ["notes:read"] });
  expect(await who(key.plain)).toEqual({ scopes: ["notes:admin", "notes:read", "notes:write"] });
});

describe("what one has begun, another does not find", () => {
  test("a session: messages, its stream, its end; another key of the same principal does", async () => {
    const session = await openSession(key.ada);
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    const as = (token: string): Headers => ({ ...session, ...bearer(token) });
    for (const token of [key.bob, key.plain]) {
      expect((await post(ping, as(token))).status).toBe(404);
      const stream = await fetch(http.url, { headers: { ...as(token), accept: "text/event-stream" } });
      expect(stream.status).toBe(404);
      expect((await fetch(http.url, { method: "DELETE", headers: as(token) })).status).toBe(404);
    }
    expect((await post(ping, as(key.adaNew))).status).toBe(200);
    expect((await fetch(http.url, { method: "DELETE", headers: as(key.adaNew) })).status).toBe(200);
  });

  test("a stream of HTTP+SSE", async () => {
    const stop = new AbortController();
    const stream = await fetch(new URL("/sse", http.url), { headers: bearer(key.ada), signal: stop.signal });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const path = /data: (\S+)/.exec((await reader.read()).value!)![1]!;
    const send = (headers: Headers) =>
      fetch(new URL(path, http.url), {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
      });
    expect((await send({})).status).toBe(401);
    expect((await send(bearer(key.bob))).status).toBe(404);
    expect((await send(bearer(key.ada))).status).toBe(202);
    stop.abort();
  });

  test("a tool's events", async () => {
    const url = new URL("/mcp/tools/whoami/sse", http.url);
    const id = /^id: (.+)$/m.exec(await (await fetch(url, { headers: bearer(key.ada) })).text())![1]!;
    const again = (token: string) => fetch(url, { headers: { ...bearer(token), "last-event-id": id } });
    expect((await again(key.bob)).status).toBe(204);
    expect(await (await again(key.ada)).text()).toContain("tool_complete");
    const write = new URL("/mcp/tools/add_note/sse?text=x", http.url);
    const byGet = await fetch(write, { headers: bearer(key.ada) });
    expect([byGet.status, byGet.headers.get("allow"), await byGet.text()]).toEqual([
      405,
      "POST",
      expect.stringContaining("send the arguments with POST"),
    ]);
    const headers = { ...bearer(key.nobody), "content-type": "application/json" };
    const refused = await fetch(write, { method: "POST", headers, body: '{"text":"x"}' });
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      403,
      expect.stringContaining('scope="notes:write"'),
    ]);
  });

  test("a request that waits for an answer, and a task", async () => {
    const ask = async (token: string, more: object, capabilities: object = { elicitation: {} }): Promise<any> =>
      (await modern(http.url, bearer(token), "tools/call", { name: "delete_notes", ...more }, capabilities)).json();
    const { requestState } = (await ask(key.ada, {})).result;
    const answered = { requestState, inputResponses: { confirm: { action: "accept", content: { sure: true } } } };
    expect((await ask(key.bob, answered)).error.code).toBe(-32602);
    expect((await ask(key.adaNew, answered)).result.content[0].text).toMatch(/^Deleted/);

    const tasks = { elicitation: {}, extensions: { "io.modelcontextprotocol/tasks": {} } };
    const { taskId } = (await ask(key.ada, {}, tasks)).result;
    const look = async (token: string, method: string, more = {}): Promise<any> =>
      (await modern(http.url, bearer(token), method, { taskId, ...more }, tasks)).json();
    for (const [method, more] of [["tasks/get"], ["tasks/cancel"], ["tasks/update", { inputResponses: {} }]] as const)
      expect((await look(key.bob, method, more)).error).toMatchObject({
        code: -32602,
        message: `there is no task "${taskId}"`,
      });
    expect((await look(key.adaReads, "tasks/get")).error.data).toEqual({
      error: "insufficient_scope",
      scopes: ["notes:write"],
    });
    expect((await look(key.ada, "tasks/get")).result.status).toBe("input_required");
    expect((await look(key.adaNew, "tasks/cancel")).result.resultType).toBe("complete");
  });
});

test("nothing of a key is logged, however it was refused", async () => {
  const wrong = "eve-secret-0123456789";
  await modern(http.url, bearer(wrong), "tools/list");
  await modern(http.url, { authorization: `Bearer ${wrong} ${wrong}` }, "tools/list");
  await fetch(new URL(`/mcp?access_token=${wrong}`, http.url));
  await modern(http.url, bearer(key.ada), "tools/list");
  expect(http.stderr()).toContain("credentials were refused");
  for (const token of [wrong, ...Object.values(key)]) expect(http.stderr()).not.toContain(token);
});

test("in memory a test says who calls", async () => {
  const rita = createClient({ auth: { principal: "rita", scopes: ["notes:read"] } });
  expect((await rita.tools.whoami({})).principal).toBe("rita");
  await expect(rita.tools.add_note({ text: "x" })).rejects.toThrow("this needs the scope notes:write");
  await rita.close();
  const anybody = createClient();
  expect(await anybody.tools.whoami({})).toEqual({ scopes: ["notes:admin", "notes:read", "notes:write"] });
  await anybody.close();
});

describe("over stdio", () => {
  const claim = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const asked = async (environment: Record<string, string>, name: string, input = {}) => {
    const server = rawStdio("env", [
      ...Object.entries(environment).map((pair) => pair.join("=")),
      "node",
      serverOf("secure"),
    ]);
    const { result, error } = await server.request("tools/call", { name, arguments: input, _meta: claim });
    await server.end();
    return result ?? error;
  };

  test("whoever started it may do everything, without a key and without keys", async () => {
    expect((await asked({}, "whoami")).structuredContent).toEqual({
      scopes: ["notes:admin", "notes:read", "notes:write"],
    });
    expect((await asked({}, "add_note", { text: "x" })).content[0].text).toBe("That makes 1.");
  });

  test("MCPC_ACCESS_TOKEN says who calls", async () => {
    const environment = { NOTES_API_KEYS: `${keys}`, MCPC_ACCESS_TOKEN: key.reader };
    expect((await asked(environment, "whoami")).structuredContent).toEqual({
      principal: "rita",
      scopes: ["notes:read"],
    });
    expect(await asked(environment, "add_note", { text: "x" })).toMatchObject({
      data: { error: "insufficient_scope" },
    });
  });

  test("a key that is not one ends it at once, and is not told", async () => {
    const server = rawStdio("env", [
      `NOTES_API_KEYS=${keys}`,
      "MCPC_ACCESS_TOKEN=eve-0123456789abcdef",
      "node",
      serverOf("secure"),
    ]);
    expect(await server.exited).toBe(2);
    expect(server.stderr()).toMatch(/MCPC_ACCESS_TOKEN: the credentials are not valid/);
    expect(server.stderr()).not.toContain("eve-");
  });
});

test.each([
  [{}, "NOTES_API_KEYS is not set, and NOTES_API_KEYS_FILE is not set"],
  [{ NOTES_API_KEYS: "short,ada:also short" }, "NOTES_API_KEYS: key 1 must have at least 16 characters"],
  [{ NOTES_API_KEYS_FILE: "/nowhere/keys" }, "/nowhere/keys: the keys cannot be read"],
])("a server over HTTP without good keys does not start: %j", async (environment, message) => {
  const starting = serveHttpWith(environment, serverOf("secure"));
  await expect(starting).rejects.toThrow(message);
  await expect(starting).rejects.toThrow("ended with 2");
});

function post(message: object, headers: Headers): Promise<Response> {
  return fetch(http.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: JSON.stringify(message),
  });
}

async function openSession(token: string): Promise<Headers> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const response = await post({ jsonrpc: "2.0", id: 0, method: "initialize", params }, bearer(token));
  return { ...bearer(token), "mcp-session-id": response.headers.get("mcp-session-id")! };
}

async function openSse(token: string) {
  const stop = new AbortController();
  const stream = await fetch(new URL("/sse", http.url), { headers: bearer(token), signal: stop.signal });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const data = async (): Promise<string> => {
    for (let found; ; text += (await reader.read()).value!) {
      if ((found = /^data: (.*)\n/m.exec(text)) === null) continue;
      text = text.slice(found.index + found[0].length);
      return found[1]!;
    }
  };
  const path = await data();
  const send = async (message: object): Promise<any> => {
    const headers = { "content-type": "application/json", ...bearer(token) };
    await fetch(new URL(path, http.url), { method: "POST", headers, body: JSON.stringify(message) });
    return JSON.parse(await data());
  };
  const params = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  await send({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  return {
    request: (method: string, params: object) => send({ jsonrpc: "2.0", id: 1, method, params }),
    close: () => stop.abort(),
  };
}

async function openSocket(token: string) {
  const socket = new WebSocket(`ws://${http.url.host}/ws`, "mcp", { headers: bearer(token) });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const claim = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    request: (method: string, params: object) =>
      new Promise<unknown>((resolve) => {
        socket.once("message", (data) => resolve(JSON.parse(String(data))));
        socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: claim } }));
      }),
    close: () => socket.close(),
  };
}
