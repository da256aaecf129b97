import { describe, expect, test } from "vitest";
import { createHealth } from "../../runtime/health/health.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import type { Auth } from "../../runtime/protocol/handlers.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { doors, options, type Ask } from "./doors.js";
import { serverWith } from "./surface.js";

const json = { "content-type": "application/json", accept: "application/json" };
const call = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "read",
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
};
const modern = {
  ...json,
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "read",
};
const body = JSON.stringify(call);

const named: Partial<HttpOptions> = {
  allowedHosts: ["MCP.Example.com", "münchen.example", "[2001:DB8::1]", "secure.example:443", "odd.example:8443"],
  allowedOrigins: ["https://App.Example.com", "https://port.example:443", "http://slash.example/", "Ext://AbC"],
};
const open: Partial<HttpOptions> = { host: "0.0.0.0" };
const stream: Ask = { method: "GET", path: "/sse" };
const run: Ask = { method: "GET", path: "/mcp/tools/read/sse" };
/** Headers as Chromium sends them. */
const page = (site: string, mode: string, dest = "empty"): Record<string, string> => ({
  "sec-fetch-site": site,
  "sec-fetch-mode": mode,
  "sec-fetch-dest": dest,
});

/** `authenticated`: the server asks for credentials, and lets everybody in. */
interface Row {
  readonly what: string;
  readonly served?: Partial<HttpOptions>;
  readonly authenticated?: true;
  readonly ask?: Ask;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

const rows: readonly Row[] = [
  {
    what: "a host in other letters than the setting",
    served: named,
    headers: { host: "mcp.example.com" },
    status: 200,
  },
  { what: "a host as the setting", served: named, headers: { host: "MCP.Example.com:80" }, status: 200 },
  { what: "an international name", served: named, headers: { host: "xn--mnchen-3ya.example" }, status: 200 },
  { what: "an address of IPv6", served: named, headers: { host: "[2001:db8::1]:3000" }, status: 200 },
  { what: "a host with the port of HTTPS", served: named, headers: { host: "secure.example" }, status: 200 },
  { what: "a host with its port", served: named, headers: { host: "odd.example:8443" }, status: 200 },
  { what: "a host with another port", served: named, headers: { host: "odd.example" }, status: 403 },
  { what: "a name around an allowed one", served: named, headers: { host: "a.mcp.example.com" }, status: 403 },
  { what: "two hosts", headers: { host: "localhost, evil.example" }, status: 400 },

  { what: "an origin in other letters", served: named, headers: { origin: "https://app.example.com" }, status: 200 },
  { what: "an origin with the port of HTTPS", served: named, headers: { origin: "https://port.example" }, status: 200 },
  { what: "an origin with a slash", served: named, headers: { origin: "http://slash.example" }, status: 200 },
  { what: "an origin of another scheme", served: named, headers: { origin: "ext://abc" }, status: 200 },
  { what: "an origin with another scheme", served: named, headers: { origin: "http://app.example.com" }, status: 403 },
  { what: "an origin that is null", served: named, headers: { origin: "null" }, status: 403 },

  { what: "public: an address", served: open, headers: { host: "10.0.0.7:3000" }, status: 200 },
  { what: "public: an address of IPv6", served: open, headers: { host: "[::1]:3000" }, status: 200 },
  { what: "public: this machine", served: open, headers: { host: "localhost" }, status: 200 },
  {
    what: "public: a name that may lead here (DNS rebinding)",
    served: open,
    headers: { host: "evil.example" },
    status: 403,
  },
  {
    what: "public: a name that begins like an address",
    served: open,
    headers: { host: "10.0.0.7.evil.example" },
    status: 403,
  },
  {
    what: "public: a name, and credentials",
    served: open,
    authenticated: true,
    headers: { host: "mcp.example" },
    status: 200,
  },
  {
    what: "public: two names, and credentials",
    served: open,
    authenticated: true,
    headers: { host: "a, b" },
    status: 400,
  },
  ...["127.0.0.1:3902", "localhost:3902", "10.0.0.7:3902", "[fd00::7]:3902"].map((host) => ({
    what: `public, with names: ${host}`,
    served: { ...open, ...named },
    headers: { host },
    status: 200,
  })),
  ...["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.7.", "0x0a000007", "a.localhost"].map(
    (host) => ({ what: `public, with names: ${host}`, served: { ...open, ...named }, headers: { host }, status: 403 }),
  ),
  {
    what: "public, with names: a page on a loopback address",
    served: { ...open, ...named },
    headers: { host: "127.0.0.1:3902", origin: "http://127.0.0.1:5173" },
    status: 403,
  },
  { what: "loopback, with names: an address", served: named, headers: { host: "10.0.0.7:3902" }, status: 403 },
  {
    what: "public: a name that is allowed",
    served: { ...open, ...named },
    headers: { host: "mcp.example.com" },
    status: 200,
  },

  { what: "an image elsewhere", ask: run, headers: page("cross-site", "no-cors", "image"), status: 403 },
  { what: "a script on a sister site", ask: run, headers: page("same-site", "no-cors", "script"), status: 403 },
  { what: "an image on the same origin", ask: run, headers: page("same-origin", "no-cors", "image"), status: 403 },
  { what: "a link elsewhere", ask: run, headers: page("cross-site", "navigate", "document"), status: 403 },
  { what: "a frame", ask: run, headers: page("cross-site", "navigate", "iframe"), status: 403 },
  {
    what: "a frame of an older browser",
    ask: run,
    headers: page("cross-site", "nested-navigate", "iframe"),
    status: 403,
  },
  { what: "an address that a user opens", ask: run, headers: page("none", "navigate", "document"), status: 403 },
  { what: "a page elsewhere that sends no Origin", ask: run, headers: page("cross-site", "cors"), status: 403 },
  { what: "an EventSource on the same origin", ask: run, headers: page("same-origin", "cors"), status: 200 },
  {
    what: "an EventSource on an allowed origin",
    served: named,
    ask: run,
    headers: { ...page("cross-site", "cors"), origin: "https://app.example.com" },
    status: 200,
  },
  {
    what: "an allowed page that is known by its Referer",
    served: named,
    ask: run,
    headers: { ...page("same-site", "cors"), referer: "https://app.example.com/a?b" },
    status: 200,
  },
  {
    what: "an allowed page that sends an image",
    served: named,
    ask: run,
    headers: { ...page("cross-site", "no-cors"), referer: "https://app.example.com/" },
    status: 403,
  },
  {
    what: "a page of this machine",
    ask: run,
    headers: { ...page("same-site", "cors"), origin: "http://localhost:5173" },
    status: 200,
  },
  { what: "a program", ask: run, headers: {}, status: 200 },
  { what: "HTTP+SSE: an image elsewhere", ask: stream, headers: page("cross-site", "no-cors", "image"), status: 403 },
  { what: "HTTP+SSE: a program", ask: stream, headers: {}, status: 200 },
  {
    what: "a session's stream: a page elsewhere",
    ask: { method: "GET" },
    headers: page("cross-site", "cors"),
    status: 403,
  },
  {
    what: "the end of a session: a page elsewhere",
    ask: { method: "DELETE" },
    headers: page("cross-site", "cors"),
    status: 403,
  },
];

const probes = { liveness: "/healthz", readiness: "/readyz" };
const metadata = "/.well-known/oauth-protected-resource";

/** A server that asks for credentials and lets everybody in. */
function guarded(): Server {
  const server = serverWith({ read: () => "x" }, { surface: { readOnly: true } });
  const authenticate = (): Auth => ({ principal: "p", scopes: [], claims: {} });
  const auth = { challenge: () => "Bearer", start: async () => [], stop: () => {}, authenticate };
  return Object.assign(server, { auth: { ...auth, metadata: new Map([[metadata, '{"resource":"x"}']]) } });
}

describe.each(doors)("%s", (_, door) => {
  test.each(rows)("$what: $status", async ({ served, authenticated, ask, headers, status }) => {
    const server = authenticated ? guarded() : serverWith({ read: () => "x" }, { surface: { readOnly: true } });
    const all: HttpOptions = {
      ...options,
      toolEvents: true,
      sse: { path: "/sse", messagesPath: "/messages" },
      ...served,
    };
    const asked = ask === undefined ? { headers: { ...modern, ...headers }, body } : { ...ask, headers };
    const told = await door(server, all, asked);
    expect(told.status, told.text).toBe(status);
    if (status === 403) expect(told.headers).not.toHaveProperty("access-control-allow-origin");
  });

  test.each([
    ["GET", undefined, {}, 405],
    ["GET", false, {}, 405],
    ["GET", true, {}, 200],
    ["GET", false, { "last-event-id": "none-1" }, 204],
    ["POST", false, json, 200],
  ] as const)("%s of a tool with readOnly %s: a run, if it may", async (method, readOnly, headers, status) => {
    let runs = 0;
    const surface = readOnly === undefined ? {} : { readOnly };
    const server = serverWith({ t: () => String((runs += 1)) }, { surface });
    const ask = { method, path: "/mcp/tools/t/sse", headers, ...(method === "POST" && { body: "{}" }) };
    const told = await door(server, { ...options, toolEvents: true }, ask);
    expect([told.status, told.headers["allow"], runs]).toEqual([
      status,
      status === 405 ? "POST" : undefined,
      status === 200 ? 1 : 0,
    ]);
  });

  test("a page anywhere may ask for the metadata, with any header", async () => {
    const headers = {
      origin: "https://page.example",
      "access-control-request-method": "GET",
      "access-control-request-headers": "mcp-protocol-version",
    };
    const told = await door(guarded(), options, { method: "OPTIONS", path: metadata, headers });
    expect([told.status, told.headers]).toEqual([
      204,
      expect.objectContaining({
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "mcp-protocol-version",
      }),
    ]);
  });

  test.each([
    ["GET", metadata, 200, '{"resource":"x"}'],
    ["HEAD", metadata, 200, ""],
    ["GET", `${metadata}/`, 200, '{"resource":"x"}'],
    ["DELETE", metadata, 405, ""],
    ["GET", "/healthz", 200, '{"status":"ok"}'],
    ["HEAD", "/healthz", 200, ""],
    ["GET", "/healthz/?x", 200, '{"status":"ok"}'],
    ["HEAD", "/mcp", 405, ""],
  ])("%s %s: %i", async (method, path, status, text) => {
    const health = createHealth({ ...probes, timeoutMs: 1000, cacheMs: 0, version: "1" });
    const told = await door(Object.assign(guarded(), { health }), options, { method, path });
    expect([told.status, told.text]).toEqual([status, text]);
    if (status === 405 && path === metadata) expect(told.headers["allow"]).toBe("GET, HEAD");
  });
});
