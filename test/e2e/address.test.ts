import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type Server as HttpServer,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { serveHttpWith } from "./clients.js";
import { develop } from "./dev/development.js";
import { imported } from "./in-process.js";
import { kept, mcpc } from "./project.js";

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "deployment", "address.mcp.json"), "utf8"));
const environment = {
  PORT: "0",
  BIND_ADDRESS: "127.0.0.1",
  MCP_PATH: "/tools/mcp",
  PUBLIC_HOSTS: "mcp.example.com, staging.example.com:8443",
  OTHER_ORIGINS: "https://other.example.com",
};

let folder: string;
let script: string;
beforeAll(() => {
  folder = kept({
    "a.mcp.json": manifest,
    "src/tools/greet.ts": `import type { Greet } from "../../generated/types.js";\nexport const greet: Greet = () => "hello";\n`,
  });
  expect(mcpc(folder, "build", "--strict")).toMatchObject({ code: 0, stderr: "" });
  script = join(folder, "dist", "server.js");
});

/** The status of a ping, by what is asked of which path. */
const asked: readonly (readonly [what: string, path: string, headers: Record<string, string>, status: number])[] = [
  ["a public host", "/tools/mcp", { host: "mcp.example.com" }, 200],
  ["a public host with its port", "/tools/mcp", { host: "staging.example.com:8443" }, 200],
  ["another host", "/tools/mcp", { host: "evil.example.com" }, 403],
  ["an origin of the manifest", "/tools/mcp", { host: "localhost", origin: "https://app.example.com" }, 200],
  ["an origin of the environment", "/tools/mcp", { host: "localhost", origin: "https://other.example.com" }, 200],
  ["another origin", "/tools/mcp", { host: "localhost", origin: "https://evil.example.com" }, 403],
];

type Ping = (path: string, headers: Readonly<Record<string, string>>) => Promise<number>;
const usual = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/list",
};
const claims = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const message = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: claims } });

/** `fetch` leaves no choice of the host. */
const pingAt =
  (port: number): Ping =>
  async (path, headers) => {
    const sent = request({ host: "127.0.0.1", port, path, method: "POST", headers: { ...usual, ...headers } });
    sent.end(message);
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      sent.on("response", resolve).on("error", reject),
    );
    response.resume();
    return response.statusCode!;
  };

async function statuses(ping: Ping): Promise<readonly (readonly [string, number])[]> {
  const found: (readonly [string, number])[] = [];
  for (const [what, path, headers] of asked) found.push([what, await ping(path, headers)]);
  return found;
}
const expected = asked.map(([what, , , status]) => [what, status]);

interface Mounted {
  readonly listener: RequestListener;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly upgrade: (...of: any[]) => void;
  readonly start: () => Promise<void>;
  at(path: string): Omit<Mounted, "at" | "start">;
}

async function listening(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const ways: Readonly<Record<string, (mounted: Mounted) => Promise<Ping>>> = {
  "node:http": async ({ listener }) => pingAt(await listening(createServer(listener))),
  Express: async ({ listener }) => pingAt(await listening(createServer(express().use(listener)))),
  Hono: async ({ fetch: handle }) => {
    const app = new Hono();
    app.all("/tools/mcp", (context) => handle(context.req.raw));
    return pingAt(await listening(createAdaptorServer({ fetch: app.fetch }) as HttpServer));
  },
  fetch:
    async ({ fetch: handle }) =>
    async (path, headers) => {
      const init = { method: "POST", headers: { ...usual, ...headers }, body: message };
      return (await handle(new Request(`http://localhost${path}`, init))).status;
    },
  WebSocket: async ({ listener, upgrade }) => {
    const port = await listening(createServer(listener).on("upgrade", upgrade));
    return (_path, headers) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["mcp"], { headers });
        // Its own word for a connection that a POST would have answered.
        socket.on("open", () => {
          socket.terminate();
          resolve(200);
        });
        socket.on("unexpected-response", (_, response) => {
          response.resume();
          resolve(response.statusCode!);
        });
      });
  },
};

test.each(Object.entries(ways))(
  "a server that is mounted in %s is told who may come when it starts",
  async (_, mount) => {
    const mounted = await imported<Mounted>(folder, "generated/server.ts");
    const ping = await mount(mounted);
    // The variables are set after the module has been loaded; nobody needs the port.
    for (const [name, value] of Object.entries(environment)) if (name !== "PORT") vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await statuses(ping)).toEqual(expected);
  },
);

test("at another path than that of the environment", async () => {
  const mounted = await imported<Mounted>(folder, "generated/server.ts");
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const ping = pingAt(await listening(createServer(mounted.at("/api/mcp").listener)));
  expect(await ping("/api/mcp", { host: "mcp.example.com" })).toBe(200);
  expect(await ping("/tools/mcp", { host: "mcp.example.com" })).toBe(404);
});

test("a mounted server that is told nothing says so, and answers nobody", async () => {
  const { start, fetch: handle } = await imported<Mounted>(folder, "generated/server.ts");
  await expect(start()).rejects.toThrow('MCP_PATH is not set: "runtime.transports.http.path" is required');
  expect((await handle(new Request("http://localhost/mcp", { method: "POST" }))).status).toBe(503);
});

test.each(["the built server", "mcpc dev"])("%s is told where to listen, and who may come", async (which) => {
  const { url, stop } =
    which === "mcpc dev" ? await develop(folder, environment) : await serveHttpWith(environment, script);
  try {
    expect(url.pathname).toBe("/tools/mcp");
    expect(await statuses(pingAt(Number(url.port)))).toEqual(expected);
  } finally {
    await stop();
  }
});

function run(env: Readonly<Record<string, string>>, ...args: string[]) {
  const { PATH = "" } = process.env;
  return spawnSync("node", [script, ...args], { env: { PATH, ...env }, input: "", encoding: "utf8" });
}

test("every variable that is missing or wrong is named before anything is served", () => {
  const wrong = { PORT: "99999", MCP_PATH: "tools", PUBLIC_HOSTS: "https://mcp.example.com,ok.example.com" };
  const { status, stderr } = run(wrong, "--transport", "http");
  expect([status, stderr.trimEnd().split("\n")]).toEqual([
    2,
    [
      "the settings are not right:",
      '  MCP_PATH: "runtime.transports.http.path" cannot be "tools": a path begins with a slash, and has no query, blank or letter beyond ASCII',
      '  BIND_ADDRESS is not set: "runtime.transports.http.host" is required',
      '  PORT: "runtime.transports.http.port" cannot be "99999": a port is a number from 0 to 65535',
      '  OTHER_ORIGINS is not set: "runtime.transports.http.allowedOrigins" is required',
      '  PUBLIC_HOSTS: "runtime.transports.http.allowedHosts" cannot be "https://mcp.example.com": a host is a name and perhaps a port, such as mcp.example.com: no scheme, no path',
    ],
  ]);
});

test("a refusal names the variables that hold hosts and origins", async () => {
  const mounted = await imported<Mounted>(folder, "generated/server.ts");
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const refusal = async (url: string, headers: Readonly<Record<string, string>>): Promise<string> =>
    (
      await mounted.fetch(new Request(url, { method: "POST", headers: { ...usual, ...headers }, body: message }))
    ).text();
  expect(await refusal("http://evil.example.com/tools/mcp", {})).toContain(
    String.raw`name it in PUBLIC_HOSTS (\"runtime.transports.http.allowedHosts\") if it is yours`,
  );
  expect(await refusal("http://localhost/tools/mcp", { origin: "https://evil.example.com" })).toContain(
    "name it in OTHER_ORIGINS (",
  );
});

test("over standard streams none of them is asked", () => {
  expect(run({})).toMatchObject({ status: 0, stderr: "" });
});

test("--help names them", () => {
  const { status, stdout } = run({}, "--help");
  expect(status).toBe(0);
  expect(stdout).toContain("its port, 0 for any free one (MCPC_PORT; default from PORT)");
  expect(stdout).toContain(
    "  PUBLIC_HOSTS   host names that it is called by, separated by commas (required over http)",
  );
});

test("the command line comes before them", async () => {
  const { PORT: _port, BIND_ADDRESS: _address, ...others } = environment;
  const { url, stop } = await serveHttpWith(others, script, "--host", "127.0.0.1");
  expect(url.pathname).toBe("/tools/mcp");
  await stop();
});
