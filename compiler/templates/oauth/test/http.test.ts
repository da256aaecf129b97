import { startServer } from "@mcpc/runtime/testing/node";
import { OAuth2Server } from "oauth2-mock-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, type Surface } from "../generated/client.js";

const audience = "https://mcp.example.com/mcp";
const issuer = new OAuth2Server();
beforeAll(async () => {
  await issuer.issuer.keys.generate("RS256");
  await issuer.start(0, "localhost");
});
afterAll(() => issuer.stop());

/** Starts the built server, and calls it with a token of the test's issuer. */
async function started(claims: object) {
  const token = await issuer.issuer.buildToken({
    scopesOrTransform: (_header, payload) => void Object.assign(payload, { aud: audience, sub: "ada", ...claims }),
  });
  return startServer<Surface>("dist/server.js", {
    transport: "http",
    env: { OAUTH_ISSUER: issuer.issuer.url!, OAUTH_AUDIENCE: audience },
    headers: { authorization: `Bearer ${token}` },
  });
}

test("a caller with the scope sees the tool", async () => {
  const server = await started({ scope: "profile", name: "Ada" });
  try {
    expect(await server.client.tools.who_am_i({})).toEqual({ name: "Ada" });
  } finally {
    await server.close();
  }
});

test("a token for another server is refused", async () => {
  const server = await started({ scope: "profile", aud: "https://other.example.com/mcp" });
  try {
    await expect(server.client.tools.who_am_i({})).rejects.toThrow("not valid");
  } finally {
    await server.close();
  }
});

test("a caller without the scope does not see the tool", async () => {
  const client = createClient({ auth: { principal: "ada", scopes: [], claims: {} } });
  expect((await client.listTools()).map(({ name }) => name)).toEqual(["count_words"]);
  await client.close();
});
