import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { serverOf } from "./clients.js";
import { mcpc, project } from "./project.js";

/** A text of each room, which a bundle keeps. */
const rooms = {
  any: "needs credentials",
  scopes: "this needs the scope",
  expiry: "the credentials have expired; connect again",
  stdio: "MCPC_ACCESS_TOKEN",
  bearer: "holds no key",
  oauth: ".well-known/oauth-authorization-server",
  jwt: "ERR_JWKS_NO_MATCHING_KEY",
  introspection: "token_type_hint",
};

test.each<[fixture: string, held: (keyof typeof rooms)[]]>([
  ["weather", []],
  ["secure", ["any", "scopes", "expiry", "stdio", "bearer"]],
  ["oauth", ["any", "scopes", "expiry", "stdio", "oauth", "jwt"]],
])("the bundle of %s holds the ways that its manifest declares, and no other", (fixture, held) => {
  const text = readFileSync(serverOf(fixture), "utf8");
  expect(Object.entries(rooms).flatMap(([room, name]) => (text.includes(name) ? [room] : []))).toEqual(held);
});

const manifest = (auth: object) => ({ server: { name: "s", version: "1.0.0" }, runtime: { auth } });

test("signed tokens without the package that verifies them: what to install; looked-up ones need none", () => {
  const oauth = { issuer: "https://auth.example.com", audience: "https://mcp.example.com/mcp" };
  const folder = project({ "s.mcp.json": manifest({ oauth }) });
  // A runtime of the project's own, as npm installs it: with nothing above it.
  const runtime = join(import.meta.dirname, "..", "..", "runtime");
  mkdirSync(join(folder, "node_modules", "@mcpc"), { recursive: true });
  for (const part of ["package.json", "dist"])
    cpSync(join(runtime, part), join(folder, "node_modules", "@mcpc", "runtime", part), { recursive: true });
  const refused = mcpc(folder, "build");
  expect([refused.code, refused.stdout + refused.stderr]).toEqual([1, expect.stringContaining("npm install jose@6.x")]);
  const introspection = { clientId: "mcp", clientSecret: { env: "SECRET" } };
  const looked = project({ "s.mcp.json": manifest({ oauth: { ...oauth, introspection } }) });
  cpSync(join(folder, "node_modules"), join(looked, "node_modules"), { recursive: true });
  expect(mcpc(looked, "build", "--format", "json")).toMatchObject({ code: 0 });
});
