import { OAuth2Server, type MutableResponse } from "oauth2-mock-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthentication } from "../../runtime/auth/authentication.js";
import { introspection } from "../../runtime/auth/introspection.js";
import { oauth } from "../../runtime/auth/oauth.js";

const issuer = new OAuth2Server();
let answer: { statusCode: number; body: Record<string, unknown> };
let asked: string[] = [];
beforeAll(async () => {
  await issuer.start(0, "localhost");
  issuer.service.on("beforeIntrospect", (response: MutableResponse, request: any) => {
    asked.push(request.headers.authorization);
    Object.assign(response, answer);
  });
});
afterAll(() => issuer.stop());

const environment = { SECRET: "a secret: with %" };
const now = Math.floor(Date.now() / 1000);
const active = { active: true, aud: "https://mcp.example", sub: "ada", scope: "a b", exp: now + 600 };

async function authentication(cacheSeconds = 0, audience = ["https://mcp.example"], resource?: string) {
  const check = introspection({ clientId: "mcp", clientSecret: { env: "SECRET" }, cacheSeconds });
  const auth = createAuthentication({
    name: "made",
    path: "/mcp",
    includes: { b: ["c"] },
    requested: [],
    methods: [
      oauth({ issuer: issuer.issuer.url!, audience, clockToleranceSeconds: 5, check, ...(resource && { resource }) }),
    ],
  });
  expect(await auth.start(environment)).toEqual([]);
  return (token: string, remote?: string) => {
    const header = (name: string) => (name === "authorization" ? `Bearer ${token}` : undefined);
    const shared = { config: undefined, state: undefined };
    return auth.authenticate({ transport: "http", url: "/mcp", remote, header }, shared);
  };
}

test("an active token says who calls", async () => {
  answer = { statusCode: 200, body: active };
  asked = [];
  const verdict = await (await authentication())("opaque");
  const claims = { ...active, iss: issuer.issuer.url };
  expect(verdict).toEqual({ principal: "ada", scopes: ["a", "b", "c"], claims, expiresAt: (now + 605) * 1000 });
  // RFC 6749, section 2.3.1.
  expect(asked.map((header) => Buffer.from(header.slice("Basic ".length), "base64").toString())).toEqual([
    "mcp:a+secret%3A+with+%25",
  ]);
});

test.each<[name: string, body: Record<string, unknown>, reason: string]>([
  ["inactive", { active: false }, "not active"],
  ["of an answer that does not say", { ...active, active: "true" }, "not active"],
  ["for another audience", { ...active, aud: ["https://other.example"] }, "another audience"],
  ["for no audience", { ...active, aud: undefined }, "another audience"],
  ["of another issuer", { ...active, iss: "https://other.example" }, "another issuer"],
  ["expired", { ...active, exp: now - 60 }, "expired"],
  ["not valid yet", { ...active, nbf: now + 60 }, "not valid yet"],
  ["of nobody", { ...active, sub: undefined }, "neither sub nor client_id"],
  ["of a user without a subject", { ...active, sub: undefined, username: "ada", client_id: "app" }, "subject"],
  ["of a user who is called as a client", { ...active, sub: "client:app" }, "client:"],
  ["bound to a key", { ...active, cnf: { jkt: "x" } }, "cnf"],
  ["bound to a certificate", { ...active, cnf: { "x5t#S256": "x" } }, "cnf"],
  ["of another type", { ...active, token_type: "DPoP" }, "bearer"],
])("a token that is %s is refused", async (_name, body, reason) => {
  answer = { statusCode: 200, body };
  const verdict = await (await authentication())("opaque");
  const message = "the credentials are not valid, or not any more";
  expect(verdict).toEqual({ status: 401, error: "invalid_token", message, reason: expect.stringContaining(reason) });
});

test.each<[principal: string, claims: object]>([
  ["alice", { sub: "alice" }],
  ["alice", { sub: "alice", client_id: "app", username: "Alice" }],
  ["client:alice", { sub: undefined, client_id: "alice" }],
  ["client:alice", { sub: undefined, azp: "alice" }],
  ["client:alice", { sub: "", client_id: "alice" }],
  // As RFC 9068 has it for a client that acts for itself.
  ["client:alice", { sub: "alice", client_id: "alice" }],
])("the principal is %s for %j", async (principal, more) => {
  answer = { statusCode: 200, body: { ...active, ...more } };
  expect(await (await authentication())("opaque")).toMatchObject({ principal });
});

test.each<[ours: string, theirs: string, same: boolean]>([
  ["https://mcp.example", "https://mcp.example/", true],
  ["https://mcp.example/", "https://mcp.example", true],
  ["https://MCP.example:443", "https://mcp.example/", true],
  ["https://MCP.example/mcp", "https://mcp.example/mcp", true],
  ["https://mcp.example/mcp", "https://mcp.example/mcp/", false],
  ["https://mcp.example", "https://mcp.example/mcp", false],
  ["https://mcp.example", "http://mcp.example", false],
  ["https://mcp.example", "https://mcp.example?", false],
  ["mcp.example", "mcp.example/", false],
])("the audience %s and a token for %s", async (ours, aud, same) => {
  answer = { statusCode: 200, body: { ...active, aud } };
  const resource = "https://mcp.example";
  const verdict = await (await authentication(0, [ours], resource))("opaque");
  expect(verdict).toMatchObject(same ? { principal: "ada" } : { status: 401 });
});

test("a flood of bad tokens is a bounded number of requests, and equal ones are one", async () => {
  answer = { statusCode: 200, body: { active: false } };
  asked = [];
  const verify = await authentication();
  await Promise.all(Array.from({ length: 500 }, () => verify("same")));
  expect(asked.length).toBe(1);
  const statuses = await Promise.all(
    Array.from({ length: 500 }, async (_, number) => (await verify(`${number}`)) as any),
  );
  const busy = statuses.filter(({ status }) => status === 503).length;
  expect([asked.length, busy]).toEqual([101, 400]);
});

test("a flood of bad tokens shuts out nobody at another address", async () => {
  answer = { statusCode: 200, body: { active: false } };
  asked = [];
  const verify = await authentication();
  await verify("first");
  const flood = Array.from({ length: 100 }, (_, number) => verify(`${number}`, "192.0.2.1"));
  const others = ["192.0.2.2", "192.0.2.3"].map((remote) => verify(`of-${remote}`, remote));
  const statuses = (await Promise.all(others)).map((verdict: any) => verdict.status as number);
  expect(statuses).toEqual([401, 401]);
  await Promise.all(flood);
});

test("an issuer that fails is not taken for a refusal, nor remembered", async () => {
  const verify = await authentication(60);
  answer = { statusCode: 500, body: {} };
  expect(await verify("opaque")).toMatchObject({ status: 503 });
  answer = { statusCode: 200, body: active };
  expect(await verify("opaque")).toMatchObject({ principal: "ada" });
});

test("an answer is kept for as long as the manifest says, and no longer than the token", async () => {
  const verify = await authentication(60);
  answer = { statusCode: 200, body: active };
  asked = [];
  await verify("one");
  await verify("one");
  await verify("two");
  expect(asked.length).toBe(2);
  answer = { statusCode: 200, body: { ...active, exp: now - 4 } };
  await verify("brief");
  expect(asked.length).toBe(3);
});

test("a secret that is not set stops the server before it starts", async () => {
  const check = introspection({ clientId: "mcp", clientSecret: { env: "UNSET" }, cacheSeconds: 0 });
  const method = oauth({
    issuer: "https://auth.example",
    audience: ["https://mcp.example"],
    clockToleranceSeconds: 5,
    check,
  });
  const auth = createAuthentication({ name: "made", path: "/mcp", includes: {}, requested: [], methods: [method] });
  expect(await auth.start({})).toEqual(["UNSET is not set"]);
});
