import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportSPKI, importJWK, SignJWT, type JWK } from "jose";
import { OAuth2Server } from "oauth2-mock-server";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { serveHttpWith, serverOf, type Running } from "./clients.js";
import { modern, transports, type Headers } from "./credentials.js";
import { freePort } from "./free-port.js";
import { startIssuer, type Issuer } from "./issuer.js";

let issuer: Issuer;
let stranger: OAuth2Server;
let http: Running;
let resource: string;
beforeAll(async () => {
  const port = await freePort();
  resource = `http://127.0.0.1:${port}/mcp`;
  issuer = await startIssuer(resource);
  stranger = new OAuth2Server();
  stranger.issuer.url = issuer.url;
  await stranger.issuer.keys.generate("RS256", { kid: "first" } as never);
  const environment = { OAUTH_ISSUER: issuer.url, OAUTH_RESOURCE: resource };
  http = await serveHttpWith(environment, serverOf("oauth"), "--port", String(port));
});
afterAll(() => Promise.all([http.stop(), issuer.stop()]));

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
const seconds = (): number => Math.floor(Date.now() / 1000);
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = (more: object = {}): object => ({
  iss: issuer.url,
  aud: resource,
  sub: "ada",
  scope: "projects:read",
  exp: seconds() + 600,
  ...more,
});
const publicKey = async () => importJWK((issuer.server.issuer.keys.toJSON() as JWK[])[0]!, "RS256");

/** A token with this `typ` in its header, signed with the issuer's key. */
async function typed(typ: string | undefined): Promise<string> {
  const key = await importJWK(issuer.server.issuer.keys.get("first") as JWK, "RS256");
  const header = { alg: "RS256", kid: "first", ...(typ !== undefined && { typ }) };
  return new SignJWT({ ...claims() }).setProtectedHeader(header).sign(key);
}

const good: Readonly<Record<string, () => Promise<string>>> = {
  "a token": () => issuer.token(),
  "one of several audiences": () =>
    issuer.token((payload) => void (payload["aud"] = ["https://other.example", resource])),
  "a token that says what it is": () => typed("at+JWT"),
  "the same in full": () => typed("application/at+jwt"),
  "one that does not say": () => typed(undefined),
  "a token that expired within the tolerance": () => issuer.token((payload) => void (payload["exp"] = seconds() - 2)),
  "a token of a client's own": () =>
    issuer.token((payload) => {
      delete payload["sub"];
      payload["client_id"] = "robot";
    }),
};

const bad: Readonly<Record<string, () => Promise<string>>> = {
  "no token at all, but text": async () => "not-a-token",
  "three parts of nothing": async () => "a.b.c",
  "an expired token": () => issuer.token((payload) => void (payload["exp"] = seconds() - 60)),
  "one without an end": () => issuer.token((payload) => void delete (payload as { exp?: unknown })["exp"]),
  "one that is not valid yet": () => issuer.token((payload) => void (payload["nbf"] = seconds() + 60)),
  "another audience": () => issuer.token((payload) => void (payload["aud"] = "https://other.example/mcp")),
  "no audience": () => issuer.token((payload) => void delete payload["aud"]),
  "another issuer": () => issuer.token((payload) => void (payload["iss"] = "https://other.example")),
  "nobody's": () => issuer.token((payload) => void delete payload["sub"]),
  "an unknown key id": () => issuer.token((_payload, header) => void (header["kid"] = "unheard-of")),
  "one of another type": () => typed("dpop+jwt"),
  "a token about a user": () => typed("id+jwt"),
  "one that is bound to a key": () => issuer.token((payload) => void (payload["cnf"] = { jkt: "x" })),
  "a user's who is called as a client": () => issuer.token((payload) => void (payload["sub"] = "client:robot")),
  "a changed payload": async () => {
    const [header, , signature] = (await issuer.token()).split(".");
    return [header, encoded(claims({ sub: "eve" })), signature].join(".");
  },
  "the algorithm none": async () => `${encoded({ alg: "none", typ: "JWT" })}.${encoded(claims())}.`,
  "the algorithm none, with a signature": async () => {
    const [, , signature] = (await issuer.token()).split(".");
    return [encoded({ alg: "none", kid: "first" }), encoded(claims()), signature].join(".");
  },
  "HS256 with the public key as the secret": async () => {
    const secret = new TextEncoder().encode(await exportSPKI((await publicKey()) as never));
    return new SignJWT({ ...claims() }).setProtectedHeader({ alg: "HS256", kid: "first" }).sign(secret);
  },
  "the right key id, another key": () =>
    stranger.issuer.buildToken({
      kid: "first",
      scopesOrTransform: (_header, payload) => void Object.assign(payload, claims()),
    }),
};

describe.each(Object.keys(transports))("over %s", (transport) => {
  test.each(Object.keys(good))("%s is taken", async (name) => {
    const seen = await transports[transport]!(http.url, bearer(await good[name]!()));
    expect([seen.status, seen.challenge]).toEqual([200, undefined]);
  });

  test.each(Object.keys(bad))("%s is not", async (name) => {
    const token = await bad[name]!();
    const seen = await transports[transport]!(http.url, bearer(token));
    expect(seen.status).toBe(401);
    // The same words whatever was wrong: the differences would help to guess.
    expect(seen.challenge).toBe(
      `Bearer error="invalid_token", error_description="the credentials are not valid, or not any more", scope="projects:read", resource_metadata="${metadataUrl()}"`,
    );
    expect(seen.body).not.toContain(token);
  });

  test("without any, it says where to get one", async () => {
    const seen = await transports[transport]!(http.url, {});
    const challenge = `Bearer scope="projects:read", resource_metadata="${metadataUrl()}"`;
    expect([seen.status, seen.challenge]).toEqual([401, challenge]);
    expect((await transports[transport]!(http.url, {}, `access_token=${await issuer.token()}`)).status).toBe(400);
  });
});

const metadataUrl = (): string => new URL("/.well-known/oauth-protected-resource/mcp", http.url).href;

test("the metadata says where to get a token, to anybody, from any page", async () => {
  for (const path of ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"]) {
    const response = await fetch(new URL(path, http.url), { headers: { origin: "https://anywhere.example" } });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
    expect(await response.json()).toEqual({
      resource,
      authorization_servers: [issuer.url],
      scopes_supported: ["projects:read"],
      bearer_methods_supported: ["header"],
      resource_name: "Projects of a signed-in user",
    });
  }
  const preflight = await fetch(metadataUrl(), { method: "OPTIONS", headers: { origin: "https://anywhere.example" } });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  expect((await fetch(metadataUrl(), { method: "POST" })).status).toBe(405);
  expect((await fetch(new URL("/.well-known/oauth-protected-resource/other", http.url))).status).toBe(404);
});

test("a token with fewer scopes is told all that it takes", async () => {
  const refused = await modern(http.url, bearer(await issuer.token()), "tools/call", {
    name: "create_project",
    arguments: { name: "x" },
  });
  expect(refused.status).toBe(403);
  expect(refused.headers.get("www-authenticate")).toBe(
    `Bearer error="insufficient_scope", error_description="this needs the scopes projects:read projects:write", scope="projects:read projects:write", resource_metadata="${metadataUrl()}"`,
  );
});

test("what a handler is told is what the token says, and never the token", async () => {
  const token = await issuer.token((payload) => {
    payload["scope"] = "projects:read projects:write other";
    payload["client_id"] = "app";
  });
  const { result }: any = await (await modern(http.url, bearer(token), "tools/call", { name: "whoami" })).json();
  expect(result.structuredContent).toEqual({
    principal: "ada",
    scopes: ["projects:read", "projects:write", "other"],
    client: "app",
  });
  const scp = await issuer.token((payload) => Object.assign(payload, { scope: undefined, scp: ["projects:read"] }));
  expect(await names(scp)).toEqual(["whoami", "list_projects"]);
});

test("a key that the issuer has begun to use is fetched, without a restart", async () => {
  expect((await transports["Streamable HTTP"]!(http.url, bearer(await issuer.token(undefined, "first")))).status).toBe(
    200,
  );
  await issuer.server.issuer.keys.generate("RS256", { kid: "second" } as never);
  await issuer.server.issuer.keys.generate("ES256", { kid: "third" } as never);
  for (const kid of ["second", "third", "first"])
    expect([kid, await names(await issuer.token(undefined, kid))]).toEqual([kid, ["whoami", "list_projects"]]);
});

test("one subject's session is not another's, nor is it the next token's that is anybody's", async () => {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const send = (token: string, message: object, headers: Headers = {}) =>
    fetch(http.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...bearer(token),
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
    });
  const opened = await send(await issuer.token(), { method: "initialize", params });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
  const eve = await issuer.token((payload) => void (payload["sub"] = "eve"));
  expect((await send(eve, { method: "tools/list" }, session)).status).toBe(404);
  const client = await issuer.token((payload) => {
    delete payload["sub"];
    payload["client_id"] = "ada";
  });
  expect((await send(client, { method: "tools/list" }, session)).status).toBe(404);
  const wider = await issuer.token((payload) => void (payload["scope"] = "projects:read projects:write"));
  const { result }: any = await (await send(wider, { method: "tools/list" }, session)).json();
  expect(result.tools.map(({ name }: any) => name)).toEqual(["whoami", "list_projects", "create_project"]);
});

test("a connection ends with the token it was opened with", async () => {
  const brief = () => issuer.token((payload) => void (payload["exp"] = seconds() - 3));
  const socket = new WebSocket(`ws://${http.url.host}/ws`, "mcp", { headers: bearer(await brief()) });
  const closed = once(socket, "close");
  const stream = await fetch(new URL("/sse", http.url), { headers: bearer(await brief()) });
  expect(await stream.text()).toMatch(/^event: endpoint/);
  const notifications = { toolsListChanged: true };
  const listening = await modern(http.url, bearer(await brief()), "subscriptions/listen", { notifications });
  expect(await listening.text()).toContain('"resultType":"complete"');
  expect((await closed)[0]).toBe(1008);
});

test("nothing of a token is logged", async () => {
  const token = await issuer.token((payload) => void (payload["aud"] = "https://other.example"));
  await modern(http.url, bearer(token), "tools/list");
  expect(http.stderr()).toContain("the claim aud does not fit");
  for (const part of token.split(".")) expect(http.stderr()).not.toContain(part);
  expect(http.stderr()).not.toMatch(/"level":"error"/);
});

test("an issuer that is reached inside a network is found at the address of its metadata, and must be the one", async () => {
  const outside = "https://auth.example.com/realms/acme";
  let claimed = outside;
  const inside = createServer((request, response) => {
    const { port } = inside.address() as AddressInfo;
    response.setHeader("content-type", "application/json");
    // An address that needs https, to a server that is not told of it.
    const jwks_uri = `http://0.0.0.0:${port}/jwks`;
    const metadata = { issuer: claimed, jwks_uri };
    response.end(JSON.stringify(request.url === "/jwks" ? { keys: issuer.server.issuer.keys.toJSON() } : metadata));
  });
  await new Promise<void>((resolve) => inside.listen(0, "0.0.0.0", resolve));
  onTestFinished(() => void inside.close());
  const { port } = inside.address() as AddressInfo;
  const environment = {
    OAUTH_ISSUER: outside,
    OAUTH_METADATA_URL: `http://0.0.0.0:${port}/metadata`,
    OAUTH_RESOURCE: resource,
  };
  for (const [says, status] of [
    [outside, 200],
    ["https://other.example.com", 503],
  ] as const) {
    claimed = says;
    const server = await serveHttpWith(environment, serverOf("oauth"));
    const token = await issuer.token((payload) => void (payload["iss"] = outside));
    expect((await modern(server.url, bearer(token), "tools/list")).status).toBe(status);
    await server.stop();
  }
});

test("without its issuer a server starts, and says that it cannot tell at the moment", async () => {
  const port = await freePort();
  const environment = { OAUTH_ISSUER: `http://127.0.0.1:${port}`, OAUTH_RESOURCE: resource };
  const alone = await serveHttpWith(environment, serverOf("oauth"));
  const refused = await modern(alone.url, bearer(await issuer.token()), "tools/list");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  expect((await modern(alone.url, {}, "tools/list")).status).toBe(401);
  expect(alone.stderr()).toContain("no metadata of the issuer was found");
  await alone.stop();
});

test.each([
  [{ OAUTH_RESOURCE: "https://mcp.example.com" }, "OAUTH_ISSUER is not set"],
  [{ OAUTH_ISSUER: "http://auth.example.com", OAUTH_RESOURCE: "projects" }, "OAUTH_ISSUER must be an https address"],
  [
    { OAUTH_ISSUER: "https://auth.example.com", OAUTH_RESOURCE: "projects" },
    "OAUTH_RESOURCE must be this server's https",
  ],
])("a server whose addresses are not right does not start: %j", async (environment, message) => {
  await expect(serveHttpWith(environment, serverOf("oauth"))).rejects.toThrow(message);
});

async function names(token: string): Promise<string[]> {
  const { result }: any = await (await modern(http.url, bearer(token), "tools/list")).json();
  return result.tools.map(({ name }: any) => name);
}
