/** Attacks a server at all doors, as one caller or as many, and prints what the ledger and the heap hold afterwards. */
import { defineServer } from "../../runtime/dist/protocol/define-server.js";
import { fixedCaller } from "../../runtime/dist/protocol/auth.js";
import { createFetch } from "../../runtime/dist/transports/http/fetch.js";
import { createAudit } from "../../runtime/dist/logging/audit.js";
import { createMetrics } from "../../runtime/dist/metrics/metrics.js";
import { createTelemetry } from "../../runtime/dist/telemetry/telemetry.js";
import * as openTelemetry from "@opentelemetry/api";

const callers = Number(process.argv[2]);
const isObserved = process.argv[4] === "observed";
const validators = { input: Object.assign(() => true, { errors: null }) };
const surface = {
  maxKeptBytes: Number(process.argv[3]),
  server: { name: "x", version: "1" },
  tools: [{ name: "echo" }, { name: "slow" }, { name: "job", task: "required" }],
  resources: [],
  resourceTemplates: [{ uriTemplate: "x://{id}", pattern: "^x://(.*)$", variables: ["id"] }],
  prompts: [],
  toolValidators: async () => validators,
};
const handlers = {
  tools: new Map([
    ["echo", ({ text }) => text],
    ["slow", (_input, { progress }) => (progress(1), new Promise(() => {}))],
    ["job", ({ text }) => text],
  ]),
  ...{ resources: new Map(), resourceTemplates: new Map(), prompts: new Map(), completions: new Map() },
};
const authenticate = ({ header }) => ({ principal: header("x-caller"), scopes: [], claims: {} });
const auth = { ...fixedCaller({ scopes: [], claims: {} }), authenticate };
const observing = () => ({
  observers: [
    createAudit({ arguments: true, file: () => () => true }),
    createTelemetry(openTelemetry, { mode: "native", arguments: true }),
  ],
  metrics: createMetrics({ path: "/metrics", isOnHttpPort: false }),
});
const server = defineServer(surface, handlers, () => ({ auth, logger: () => {}, ...(isObserved && observing()) }));
server.application.ready = true;
const options = {
  ...{ path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] },
  ...{ sse: { path: "/sse", messagesPath: "/messages" }, toolEvents: true },
};
const fetch = createFetch(server, options);
const text = "x".repeat(1024 * 1024);
/** About 1 MB that no limit of a record shortens. */
const texts = Array(64).fill(text.slice(0, 16_000));
let sent = 0;

function send(path, body, headers = {}, method = "POST") {
  const caller = `${(sent += 1) % callers}`;
  const all = { "content-type": "application/json", accept: "application/json, text/event-stream", "x-caller": caller };
  const init = { method, headers: { ...all, ...headers }, ...(body && { body: JSON.stringify(body) }) };
  return fetch(new Request(`http://localhost${path}`, init));
}
const message = (method, params) => ({ jsonrpc: "2.0", id: 1, method, params });
const modern = (method, params, name) => {
  const claims = {
    protocolVersion: "2026-07-28",
    clientCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
  };
  const _meta = Object.fromEntries(
    Object.entries(claims).map(([key, value]) => [`io.modelcontextprotocol/${key}`, value]),
  );
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...(name && { "mcp-name": name }) };
  return send("/mcp", message(method, { ...params, _meta: { ..._meta, progressToken: 1 } }), headers);
};
const initialize = (info) =>
  send("/mcp", message("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: info }));

/** Each is tried as often as the second number says. */
const doors = [
  ["a name of 1 MB", 24, () => initialize({ name: text, version: text })],
  ["refused handshakes", 1200, () => send("/mcp", message("initialize", {}))],
  ["sessions", 1100, () => initialize({ name: "x", version: "1" })],
  [
    "handshakes with more than the protocol has",
    48,
    () => send("/mcp", message("initialize", { protocolVersion: "2025-11-25", capabilities: {}, texts })),
  ],
  ["tasks that end", 48, () => modern("tools/call", { name: "job", arguments: { text: "", texts } }, "job")],
  [
    "answers that are kept to be resumed",
    24,
    async () => {
      const headers = { "mcp-session-id": (await initialize({ name: "x" })).headers.get("mcp-session-id") };
      sent -= 1;
      const params = { name: "echo", arguments: { text }, _meta: { progressToken: 1 } };
      return send("/mcp", message("tools/call", params), headers);
    },
  ],
  ["tool event streams", 24, () => send("/mcp/tools/echo/sse", { text })],
  ["tool event streams that run", 24, () => send("/mcp/tools/slow/sse", { text })],
  ["tasks", 24, () => modern("tools/call", { name: "job", arguments: { text } }, "job")],
  ["many tasks", 1100, () => modern("tools/call", { name: "job", arguments: { text: "" } }, "job")],
  ["calls that run", 24, () => Promise.race([modern("tools/call", { name: "slow", arguments: { text } }, "slow")])],
  [
    "subscriptions",
    1100,
    () => modern("subscriptions/listen", { notifications: { toolsListChanged: true }, text: "" }),
  ],
  [
    "subscriptions to much",
    24,
    () =>
      modern("subscriptions/listen", {
        notifications: { resourceSubscriptions: Array(1000).fill(text.slice(0, 2000)) },
      }),
  ],
  ["HTTP+SSE", 1100, () => send("/sse", undefined, {}, "GET")],
];

/** Counts after garbage collection, which needs a turn of the event loop to reach closed requests. */
async function heap() {
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = await heap();
const kept = {};
for (const [what, times, open] of doors) {
  for (let count = 0; count < times; count += 1) await open();
  const grown = (await heap()) - before;
  kept[what] = { bytes: server.ledger.bytes, places: server.ledger.count(), grown };
}
const count = Object.fromEntries(
  ["session", "sse", "run", "task", "subscription", "call"].map((kind) => [kind, server.ledger.count(kind)]),
);
process.stdout.write(JSON.stringify({ kept, count }), () => process.exit(0));
