import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import * as monitored from "../../fixtures/monitored/generated/server.js";
import { startIssuer, type Issuer } from "./issuer.js";
import { started } from "./started.js";

const resource = "https://mcp.example.com/mcp";
const metadata = "/.well-known/oauth-protected-resource";

let issuer: Issuer;
let oauth: typeof import("../../fixtures/oauth/generated/server.js");
beforeAll(async () => {
  issuer = await startIssuer(resource);
  Object.assign(process.env, { OAUTH_ISSUER: issuer.url, OAUTH_RESOURCE: resource });
  oauth = await import("../../fixtures/oauth/generated/server.js");
});
afterAll(() => issuer.stop());

async function listening(server: HttpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Mounted {
  readonly listener: RequestListener;
  readonly fetch: (request: Request) => Promise<Response>;
}

const requested = (path: string, init?: RequestInit): Request => new Request(`http://localhost${path}`, init);

/** Each way to mount a server at `/mcp`, or below `/api` where its name says so: a function that requests a path. */
const hosts: Readonly<
  Record<string, (served: Mounted) => Promise<(path: string, init?: RequestInit) => Promise<Response>>>
> = {
  "node:http": async ({ listener }) => {
    const base = await listening(createServer(listener));
    return (path, init) => fetch(base + path, init);
  },
  Express: async ({ listener }) => {
    const app = express();
    app.all("/mcp", listener);
    app.get([metadata, `${metadata}/mcp`, "/healthz"], listener);
    const base = await listening(createServer(app));
    return (path, init) => fetch(base + path, init);
  },
  "Express, below /api": async ({ listener }) => {
    const app = express();
    app.use("/api", listener);
    app.get([metadata, `${metadata}/mcp`], listener);
    const base = await listening(createServer(app));
    return (path, init) => fetch(base + (path.startsWith(metadata) ? path : `/api${path}`), init);
  },
  Hono: async ({ fetch: handle }) => {
    const app = new Hono();
    app.all("/mcp", (context) => handle(context.req.raw));
    app.get(`${metadata}/*`, (context) => handle(context.req.raw));
    app.get("/healthz", (context) => handle(context.req.raw));
    const base = await listening(createAdaptorServer({ fetch: app.fetch }) as HttpServer);
    return (path, init) => fetch(base + path, init);
  },
  fetch: async ({ fetch }) => {
    return (path, init) => fetch(requested(path, init));
  },
  "fetch, below /api": async ({ fetch }) => {
    return (path, init) => fetch(requested(`/api${path}`, init));
  },
};

const ping = {
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
  body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
};

describe.each(Object.entries(hosts))("mounted in %s", (_name, mount) => {
  test("a refusal leads to the metadata, which the server publishes", async () => {
    const request = await mount(oauth as unknown as Mounted);
    const refused = await request("/mcp", { ...ping, headers: { ...ping.headers, host: "localhost" } });
    expect(refused.status).toBe(401);
    const [, address] = /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate")!)!;
    const published = await request(new URL(address!).pathname);
    expect(published.status).toBe(200);
    expect(await published.json()).toMatchObject({ resource, authorization_servers: [issuer.url] });
    expect((await request(new URL(address!).pathname, { method: "HEAD" })).status).toBe(200);
  });

  test("health is served beside the MCP endpoint", async () => {
    const request = await mount(monitored as unknown as Mounted);
    const health = await request("/healthz");
    expect([health.status, await health.text()]).toEqual([200, '{"status":"ok"}']);
    expect((await request("/mcp", { ...ping, body: "{}" })).status).toBe(400);
  });
});

test.each([
  ["Express", () => import("../../fixtures/oauth/src/applications/express.js")],
  ["Hono", () => import("../../fixtures/oauth/src/applications/hono.js")],
])("the guide's application in %s publishes the metadata", async (_name, load) => {
  const base = await started(load);
  const refused = await fetch(`${base}/mcp`, ping);
  const [, address] = /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate")!)!;
  expect(await (await fetch(base + new URL(address!).pathname)).json()).toMatchObject({ resource });
});
