import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { serveHttpWith, serverOf, type Running } from "./clients.js";
import { modern, transports, type Headers } from "./credentials.js";

const key = {
  ada: "ada-0123456789abcdef",
  adaNew: "ada-fedcba9876543210",
  bob: "bob-0123456789abcdef",
  fixed: "fixed-0123456789abcdef",
};
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

const folder = mkdtempSync(join(tmpdir(), "mcpc-keys-"));
const file = join(folder, "keys.json");
/** As tools do that replace a file in one go. */
function write(keys: readonly object[] | string): void {
  writeFileSync(`${file}.new`, typeof keys === "string" ? keys : JSON.stringify(keys));
  renameSync(`${file}.new`, file);
}
const [ada, adaNew, bob] = [
  { key: key.ada, principal: "ada" },
  { key: key.adaNew, principal: "ada" },
  { key: key.bob, principal: "bob", scopes: ["notes:read"] },
];

let http: Running;
beforeAll(async () => {
  write([ada, bob]);
  http = await serveHttpWith(
    { NOTES_API_KEYS: `fred:${key.fixed}`, NOTES_API_KEYS_FILE: file, MCPC_LOG_LEVEL: "info" },
    serverOf("secure"),
  );
});
afterAll(async () => {
  await http.stop();
  rmSync(folder, { recursive: true });
});

const status = async (token: string): Promise<number> => (await modern(http.url, bearer(token), "tools/list")).status;
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 100_000, interval: 100 });

/** What stays open until its caller goes; `ended` resolves then. */
const streams: Readonly<Record<string, (token: string) => Promise<{ readonly ended: Promise<unknown> }>>> = {
  "subscriptions/listen": async (token) => {
    const wanted = { notifications: { toolsListChanged: true } };
    const response = await modern(http.url, bearer(token), "subscriptions/listen", wanted);
    expect(response.status).toBe(200);
    return { ended: response.text() };
  },
  "the stream of a session": async (token) => {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
    const opened = await fetch(http.url, {
      method: "POST",
      headers: { ...headers, ...bearer(token) },
      body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
    });
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
    const response = await fetch(http.url, { headers: { ...headers, ...session, ...bearer(token) } });
    expect(response.status).toBe(200);
    return { ended: response.text() };
  },
  "HTTP+SSE": async (token) => {
    const response = await fetch(new URL("/sse", http.url), { headers: bearer(token) });
    expect(response.status).toBe(200);
    return { ended: response.text() };
  },
  WebSocket: async (token) => {
    const socket = new WebSocket(`ws://${http.url.host}/ws`, "mcp", { headers: bearer(token) });
    await once(socket, "open");
    return { ended: once(socket, "close") };
  },
};

test("a file of keys is followed: new keys are taken, those taken out are refused, and what lives on them ends", async () => {
  const over: string[] = [];
  for (const [name, open] of Object.entries(streams)) {
    for (const token of [key.ada, key.bob]) {
      const { ended } = await open(token);
      void ended.then(
        () => over.push(`${name} of ${token.slice(0, 3)}`),
        () => {},
      );
    }
  }
  expect([await status(key.ada), await status(key.bob), await status(key.adaNew)]).toEqual([200, 200, 401]);

  write([ada, adaNew, bob]);
  await until(async () => expect(await status(key.adaNew)).toBe(200));
  expect([await status(key.ada), await status(key.bob), over]).toEqual([200, 200, []]);

  write([ada, adaNew]);
  await until(async () => expect(await status(key.bob)).toBe(401));
  for (const begin of Object.values(transports)) {
    expect((await begin(http.url, bearer(key.bob))).status).toBe(401);
    expect((await begin(http.url, bearer(key.adaNew))).status).toBe(200);
  }
  await until(() =>
    expect(over.toSorted()).toEqual(
      Object.keys(streams)
        .map((name) => `${name} of bob`)
        .toSorted(),
    ),
  );
});

test("what a key opens may change, too", async () => {
  write([{ ...ada, scopes: ["notes:read"] }, adaNew]);
  const add = (token: string) =>
    modern(http.url, bearer(token), "tools/call", { name: "add_note", arguments: { text: "x" } });
  await until(async () => expect((await add(key.ada)).status).toBe(403));
  expect((await add(key.adaNew)).status).toBe(200);
});

test("a file that is wrong or away takes no key away; an empty one takes them all; the log says so, without keys", async () => {
  write(`ada:${key.adaNew}, short`);
  await until(() => expect(http.stderr()).toContain("key 2 must have at least 16 characters"));
  expect([await status(key.ada), await status(key.adaNew)]).toEqual([200, 200]);
  rmSync(file);
  await until(() => expect(http.stderr()).toContain("the keys cannot be read: ENOENT"));
  expect(await status(key.adaNew)).toBe(200);
  write("");
  await until(async () => expect(await status(key.adaNew)).toBe(401));
  // Those of the environment hold as long as the process.
  expect(await status(key.fixed)).toBe(200);
  write([adaNew]);
  await until(async () => expect(await status(key.adaNew)).toBe(200));
  expect(await status(key.ada)).toBe(401);
  expect(http.stderr()).toMatch(/"level":"info","message":"the keys in [^"]+ have changed","keys":2/);
  for (const token of Object.values(key)) expect(http.stderr()).not.toContain(token);
});
