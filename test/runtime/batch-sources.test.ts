import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createRate } from "../../runtime/limits/rate.js";
import { createAudit } from "../../runtime/logging/audit.js";
import { createListener } from "../../runtime/node/http-listener.js";
import type { Origin } from "../../runtime/protocol/connection.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { converse } from "./conversation.js";
import { options } from "./doors.js";
import { serverWith } from "./surface.js";

const version = "2025-03-26";
const batch = [1, 2, 3].map((id) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "add" } }));
const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: "test", version: "1" } };

/** A server that admits three requests of each caller, with the records of its audit. */
function limited(): { readonly server: Server; readonly records: any[] } {
  const records: any[] = [];
  const file = () => (line: string) => records.push(JSON.parse(line)) > 0;
  const { surface, handlers } = serverWith({ add: () => "done" });
  const server = defineServer(surface, handlers, () => ({
    observers: [createAudit({ file })],
    admit: createRate({ perMinute: 1, burst: 3 }),
  }));
  return { server, records };
}

/** A refused call has its record before the calls that run. */
const shown = (records: readonly any[]) =>
  records
    .filter(({ method }) => method === "tools/call")
    .map(({ id, address, transport, error = "" }) => [id, address, transport, error])
    .toSorted(([one], [other]) => one - other);

test.each([
  ["of a session", {}],
  ["without sessions", { sessions: false as const }],
])("over HTTP, the calls of a batch %s come from its client, as single ones do", async (_, more) => {
  const { server, records } = limited();
  const http = createServer(createListener(server, { ...options, ...more })).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const post = (message: object, headers = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify(message),
    });
  const opened = await post({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  const session = opened.headers.get("mcp-session-id");
  const answer = await post(batch, { "mcp-protocol-version": version, ...(session && { "mcp-session-id": session }) });
  expect(await answer.json()).toHaveLength(batch.length);
  const from = ["127.0.0.1", "http"];
  // Initialize counts, too.
  expect(shown(records)).toEqual(batch.map(({ id }) => [id, ...from, id === 3 ? "rate" : ""]));
});

const origins: readonly (readonly [transport: string, origin: Origin])[] = [
  ["websocket", { remote: "192.0.2.1", network: { protocol: "websocket" } }],
  ["http", { remote: "192.0.2.1", network: { protocol: "http" } }],
  // The platform does not tell addresses.
  ["http", {}],
];

test.each(origins)("over a connection by %s, the calls of a batch come from its client", async (transport, origin) => {
  const { server, records } = limited();
  const { connection, next } = await converse(server, version, {}, origin);
  connection.receive(batch);
  expect(await next()).toHaveLength(3);
  const from = [origin.remote, transport];
  // The opening of the session counts, too.
  expect(shown(records)).toEqual([
    [1, ...from, ""],
    [2, ...from, ""],
    [3, ...from, "rate"],
  ]);
});
