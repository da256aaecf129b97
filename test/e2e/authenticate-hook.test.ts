import { createServer } from "node:http";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";
import { serveHttpWith } from "./clients.js";
import { modern } from "./credentials.js";
import { mcpc, project } from "./project.js";

const manifest = (runtime: object) => ({
  server: { name: "hooked", version: "1.0.0" },
  tools: [
    {
      name: "who",
      description: "Returns the caller.",
      inputSchema: { type: "object", properties: {} },
      annotations: { readOnlyHint: true },
    },
    {
      name: "guarded",
      description: "Answers callers inside.",
      inputSchema: { type: "object", properties: {} },
      annotations: { readOnlyHint: true },
      scopes: ["inside"],
    },
  ],
  runtime,
});
const who = `import type { Who } from "../../generated/types.js";
export const who: Who = (_input, { auth }) => JSON.stringify(auth);
`;
const guarded = `import type { Guarded } from "../../generated/types.js";
export const guarded: Guarded = () => "inside";
`;
const hooks = `
import { McpError } from "@mcpc/runtime";
import type { Authenticate, StartContext } from "../generated/application.js";

export async function onStart(_context: StartContext) {
  return { users: new Map([["cookie-of-ada", "ada"]]) };
}

export const authenticate: Authenticate = async ({ header, transport, state }) => {
  const cookie = /session=([a-z-]+)/.exec(header("cookie") ?? "")?.[1];
  if (cookie === "banned") throw new McpError(1, "you have been banned");
  if (cookie === "broken") throw new Error("the database is gone: secret");
  const principal = cookie === undefined ? undefined : state.users.get(cookie);
  return principal === undefined ? undefined : { principal, scopes: ["inside"], claims: { transport } };
};
`;
const files = { "src/tools/who.ts": who, "src/tools/guarded.ts": guarded, "src/hooks.ts": hooks };

test("a hook decides, whatever the credentials are, beside keys or alone", async () => {
  const folder = project({ "hooked.mcp.json": manifest({ auth: { bearer: { env: "KEYS" } } }), ...files });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  const server = await serveHttpWith({ KEYS: "key-0123456789abcdef" }, join(folder, "dist", "server.js"));
  const call = async (headers: Record<string, string>, name = "who") => {
    const response = await modern(server.url, headers, "tools/call", { name });
    const body: any = await response.json();
    return [response.status, body.result?.content[0].text ?? body.error.message];
  };
  const auth = { principal: "ada", scopes: ["inside"], claims: { transport: "http" } };
  expect(await call({ cookie: "session=cookie-of-ada" })).toEqual([200, JSON.stringify(auth)]);
  expect(await call({ cookie: "session=cookie-of-ada" }, "guarded")).toEqual([200, "inside"]);
  expect(await call({ authorization: "Bearer key-0123456789abcdef" }, "guarded")).toEqual([200, "inside"]);
  expect(await call({})).toEqual([401, expect.stringContaining("needs credentials")]);
  expect(await call({ cookie: "session=eve" })).toEqual([401, expect.stringContaining("needs credentials")]);
  expect(await call({ cookie: "session=banned" })).toEqual([401, "you have been banned"]);
  expect(await call({ cookie: "session=broken" })).toEqual([500, expect.not.stringContaining("secret")]);
  expect(server.stderr()).toContain("the database is gone");
  await server.stop();
});

test("a server that is mounted asks, too, and starts what its hook needs", async () => {
  const folder = project({ "hooked.mcp.json": manifest({ transports: { http: {}, toolEvents: {} } }), ...files });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
  const { build } = await import("esbuild");
  const outfile = join(folder, "mounted.mjs");
  const runtime = join(import.meta.dirname, "..", "..", "runtime");
  const entry = join(folder, "generated", "server.ts");
  const options = {
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    alias: { "@mcpc/runtime": runtime },
  } as const;
  await build({ ...options, entryPoints: [entry] });
  const mounted = await import(pathToFileURL(outfile).href);
  const http = createServer(mounted.listener).listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = new URL(`http://127.0.0.1:${(http.address() as { port: number }).port}/mcp`);
  expect((await modern(url, {}, "tools/list")).status).toBe(401);
  expect((await modern(url, { cookie: "session=cookie-of-ada" }, "tools/list")).status).toBe(200);
  // What an EventSource sends along of itself: it has no headers of the page's.
  const events = await fetch(new URL("/mcp/tools/who/sse", url), { headers: { cookie: "session=cookie-of-ada" } });
  expect(await events.text()).toContain('\\"transport\\":\\"toolEvents\\"');
  http.close();
  const request = (headers: Record<string, string>) =>
    mounted.fetch(
      new Request(url, {
        method: "POST",
        headers: { "content-type": "application/json", "mcp-protocol-version": "2025-11-25", ...headers },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "initialize",
          params: { protocolVersion: "2025-11-25" },
        }),
      }),
    );
  expect((await request({})).status).toBe(401);
  expect((await request({ cookie: "session=cookie-of-ada" })).status).toBe(200);
});

test("without any way to say who calls, scopes are a mistake; a hook that has another name is none", () => {
  const renamed = hooks.replace("const authenticate:", "const authenticateUser:");
  const folder = project({ "hooked.mcp.json": manifest({}), ...files, "src/hooks.ts": renamed });
  const { code, stdout, stderr } = mcpc(folder, "build");
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("auth/scopes-without-authentication")]);
});
