import { describe, expect, test } from "vitest";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { serverWith } from "./surface.js";

const http: HttpOptions = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] };
const elicitations = new Map([["name", { message: "?", requestedSchema: { type: "object", properties: {} } }]]);
const headers = [
  { header: "Region", path: ["region"], type: "string" },
  { header: "Level", path: ["level"], type: "integer" },
] as const;
const server = serverWith(
  {
    t: ((input: unknown) => JSON.stringify(input)) as never,
    ask: (async ({ first }: { first?: boolean }, { progress, elicit }: any) => {
      if (first === true) progress(1);
      await elicit.name();
    }) as never,
  },
  { surface: { headers, elicitations } },
);

const version = "io.modelcontextprotocol/protocolVersion";
const capabilities = { "io.modelcontextprotocol/clientCapabilities": {} };
const claim = { [version]: "2026-07-28", ...capabilities };
const standard = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "t" };

interface Sent {
  readonly headers?: Record<string, string | undefined>;
  readonly method?: string;
  readonly params?: object;
  readonly meta?: object | null;
  readonly id?: unknown;
}

async function send(options: HttpOptions, { headers: given, method = "tools/call", params, meta = claim }: Sent) {
  const all = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...standard,
    ...given,
  };
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const body = {
    jsonrpc: "2.0",
    id: "x",
    method,
    params: { name: "t", ...params, ...(meta !== null && { _meta: meta }) },
  };
  const request = new Request("http://localhost/mcp", { method: "POST", headers: present, body: JSON.stringify(body) });
  return createFetch(server, options)(request);
}

describe("what a request of 2026-07-28 is refused for, the first reason first", () => {
  const region = { arguments: { region: "Zürich" } };
  const rows: readonly [string, Sent, number, number | undefined][] = [
    ["all is well", {}, 200, undefined],
    ["a modern header, and a body that claims nothing", { meta: null }, 400, -32602],
    ["a claim without the version", { meta: capabilities }, 400, -32602],
    ["a claim without the capabilities", { meta: { [version]: "2026-07-28" } }, 400, -32602],
    ["a claim without a version header", { headers: { "mcp-protocol-version": undefined } }, 400, -32020],
    [
      "a claim of an unknown version, and a header of a known one",
      { meta: { ...claim, [version]: "2030-01-01" } },
      400,
      -32020,
    ],
    [
      "an unknown version in both",
      { meta: { ...claim, [version]: "2030-01-01" }, headers: { "mcp-protocol-version": "2030-01-01" } },
      400,
      -32022,
    ],
    [
      "a version that has a handshake, in both",
      { meta: { ...claim, [version]: "2025-11-25" }, headers: { "mcp-protocol-version": "2025-11-25" } },
      400,
      -32022,
    ],
    ["no Mcp-Method", { headers: { "mcp-method": undefined } }, 400, -32020],
    ["another Mcp-Method", { headers: { "mcp-method": "tools/list" } }, 400, -32020],
    ["an Mcp-Method in other letters", { headers: { "mcp-method": "Tools/Call" } }, 400, -32020],
    ["no Mcp-Name", { headers: { "mcp-name": undefined } }, 400, -32020],
    ["another Mcp-Name", { headers: { "mcp-name": "u" } }, 400, -32020],
    ["an Mcp-Name in Base64", { headers: { "mcp-name": `=?base64?${btoa("t")}?=` } }, 200, undefined],
    ["an Mcp-Name in Base64 that is none", { headers: { "mcp-name": "=?base64?dA?=" } }, 400, -32020],
    ["an Mcp-Name that begins like Base64", { headers: { "mcp-name": "=?base64?dA==" } }, 400, -32020],
    ["blanks around a header", { headers: { "mcp-name": "  t\t" } }, 200, undefined],
    ["a body without the name: the body's mistake", { params: { name: undefined } }, 200, -32602],
    ["an unknown method", { method: "none", headers: { "mcp-method": "none" } }, 404, -32601],
    ["an argument without its header", { params: region }, 400, -32020],
    ["an argument with another header", { params: region, headers: { "mcp-param-region": "Bern" } }, 400, -32020],
    [
      "an argument with its header",
      { params: region, headers: { "mcp-param-region": `=?base64?${Buffer.from("Zürich").toString("base64")}?=` } },
      200,
      undefined,
    ],
    [
      "an integer, written with a fraction of nothing",
      { params: { arguments: { level: 42 } }, headers: { "mcp-param-level": "42.0" } },
      200,
      undefined,
    ],
    ["a client that takes JSON alone", { headers: { accept: "application/json" } }, 200, undefined],
    ["a client that takes anything", { headers: { accept: "*/*" } }, 200, undefined],
    [
      "the header of a session, which this revision does not have",
      { headers: { "mcp-session-id": "x" } },
      200,
      undefined,
    ],
    [
      "initialize, and all that goes with a request",
      { method: "initialize", headers: { "mcp-method": "initialize" } },
      404,
      -32601,
    ],
    ["initialize, and a modern header alone", { method: "initialize", meta: null }, 400, -32602],
    ["null needs no header", { params: { arguments: { region: null } } }, 200, undefined],
    ["a header without its argument", { headers: { "mcp-param-region": "Bern" } }, 200, undefined],
    ["a header that no argument asks for", { headers: { "mcp-param-colour": "red" } }, 200, undefined],
    [
      "a handler that needs what the client has not",
      { params: { name: "ask" }, headers: { "mcp-name": "ask" } },
      400,
      -32021,
    ],
  ];
  test.each(rows)("%s", async (_, sent, status, code) => {
    const response = await send(http, sent);
    const answer = (await response.json()) as any;
    expect([response.status, answer.error?.code, answer.id]).toEqual([status, code, "x"]);
  });

  test("what comes to light when the answer has begun is told in the stream", async () => {
    const response = await send(http, {
      params: { name: "ask", arguments: { first: true } },
      headers: { "mcp-name": "ask" },
      meta: { ...claim, progressToken: 1 },
    });
    expect(response.status).toBe(200);
    const events = (await response.text()).trim().split("\n\n");
    expect(events.map((event) => JSON.parse(event.split("data: ")[1]!))).toMatchObject([
      { method: "notifications/progress" },
      { id: "x", error: { code: -32021 } },
    ]);
  });
});

const other: readonly [string, unknown, Record<string, string>, number, number | undefined][] = [
  // No revision says what the headers of a notification must be; there are none that a client of this one sends.
  ["a notification with its claim", { method: "notifications/x", params: { _meta: claim } }, {}, 202, undefined],
  ["a notification under a modern header", { method: "notifications/x" }, standard, 202, undefined],
  ["an answer to nothing", { id: 1, result: {} }, standard, 400, -32600],
  ["a batch with a modern message", [{ id: 1, method: "tools/list", params: { _meta: claim } }], {}, 400, -32600],
  ["an id that is null", { id: null, method: "tools/list", params: { _meta: claim } }, standard, 400, -32600],
];
test.each(other)("%s", async (_, message, given, status, code) => {
  const whole = (one: unknown): object => ({ jsonrpc: "2.0", ...(one as object) });
  const body = Array.isArray(message) ? message.map(whole) : whole(message);
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", ...given };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  const response = await createFetch(server, http)(new Request("http://localhost/mcp", init));
  const text = await response.text();
  expect([response.status, text === "" ? undefined : JSON.parse(text).error.code]).toEqual([status, code]);
});

test.each([
  ["text/event-stream", 200],
  ["*/*", 200],
  ["text/*", 200],
  ["application/json", 406],
])("a client that accepts %s is answered with %i where only a stream can be the answer", async (accept, status) => {
  const stop = new AbortController();
  const init = {
    method: "POST",
    headers: { ...standard, "content-type": "application/json", "mcp-method": "subscriptions/listen", accept },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "subscriptions/listen",
      params: { notifications: {}, _meta: claim },
    }),
    signal: stop.signal,
  };
  expect((await createFetch(server, http)(new Request("http://localhost/mcp", init))).status).toBe(status);
  stop.abort();
});

describe("behind a proxy", () => {
  const named: HttpOptions = { ...http, allowedHosts: ["mcp.example"], allowedOrigins: ["https://app.example"] };
  const open: HttpOptions = { ...named, host: "0.0.0.0" };
  const forwarded = { "x-forwarded-host": "localhost", forwarded: "host=localhost;proto=https" };
  const rows: readonly [string, HttpOptions, Record<string, string>, number][] = [
    ["a host it does not know", http, { host: "mcp.example" }, 403],
    ["that calls it by a name that is allowed", named, { host: "mcp.example" }, 200],
    ["with a port", named, { host: "MCP.example:8443" }, 200],
    ["by a name that only begins like one", named, { host: "mcp.example.evil.example" }, 403],
    ["that says what the host was: nobody asked", http, { host: "evil.example", ...forwarded }, 403],
    ["the same, where the server is open to all addresses", open, { host: "evil.example", ...forwarded }, 403],
    [
      "that says the host was another: nobody asked",
      named,
      { host: "mcp.example", "x-forwarded-host": "evil.example" },
      200,
    ],
    ["a page of an allowed origin", named, { host: "mcp.example", origin: "https://app.example" }, 200],
    [
      "a page of its own origin, which is not listed",
      named,
      { host: "mcp.example", origin: "https://mcp.example" },
      403,
    ],
    [
      "a page elsewhere, whatever else is said of it",
      named,
      {
        host: "mcp.example",
        origin: "https://evil.example",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "https",
      },
      403,
    ],
    [
      "a page on this machine, where the server is open to all addresses",
      open,
      { host: "mcp.example", origin: "http://localhost:1" },
      403,
    ],
  ];
  test.each(rows)("%s", async (_, options, given, status) => {
    const response = await send(options, { headers: given });
    expect(response.status).toBe(status);
    if (status === 200) return;
    const answer = (await response.json()) as any;
    expect(answer).not.toHaveProperty("id");
    expect(answer.error.message).toMatch(/allowedHosts|allowedOrigins/);
  });

  test("an event stream asks not to be held back, nor kept", async () => {
    const meta = { ...claim, progressToken: 1 };
    const response = await send(named, {
      params: { name: "ask", arguments: { first: true } },
      headers: { "mcp-name": "ask", host: "mcp.example", origin: "https://app.example" },
      meta,
    });
    const header = (name: string) => response.headers.get(name);
    expect([header("content-type"), header("cache-control"), header("x-accel-buffering")]).toEqual([
      "text/event-stream",
      "no-cache, no-transform",
      "no",
    ]);
    expect([header("access-control-allow-origin"), header("vary")]).toEqual(["https://app.example", "Origin"]);
    await response.body!.cancel();
  });
});
