// Calls and listings over HTTP, 32 connections that are kept alive.
import { join } from "node:path";
import { burst, once, post } from "../load/http.mjs";
import { serving } from "../load/server.mjs";
import { built, here } from "../project.mjs";
import { paired, row } from "../rounds.mjs";
import { answer, call, inEra, initialize } from "../surface.mjs";

const peer = (name, ...args) => [join(here, "peers", `${name}.mjs`), ...args];

export const withoutSessions = { runtime: { transports: { stdio: {}, http: { sessions: false } } } };

const bare = (count) => [join(here, "servers", "bare-http.mjs"), String(count)];

/** Each server: how it is started, the era and revision it is spoken to in, and the session where it opens none itself. */
const servers = (count, bundle, stateless) => ({
  "bare loop": { command: bare(count), era: "legacy" },
  "bare loop, sessions": { command: bare(count), era: "legacy", session: "4b1b9d0e-6f0a-4c57-9b0e-2f2a6a6f7c11" },
  "bare loop, modern": { command: bare(count), era: "modern" },
  "mcpc, sessions": { command: [bundle, "--transport", "http", "--port", "0"], era: "legacy" },
  "mcpc, no sessions": { command: [stateless, "--transport", "http", "--port", "0"], era: "legacy" },
  "mcpc, modern": { command: [bundle, "--transport", "http", "--port", "0"], era: "modern" },
  "SDK 1.x, sessions": { command: peer("sdk1", String(count), "sessions"), era: "legacy" },
  "SDK 1.x, stateless": { command: peer("sdk1", String(count), "stateless"), era: "legacy" },
  "SDK 2.x, modern": { command: peer("sdk2", String(count), "stateless"), era: "modern" },
  "SDK 2.x": { command: peer("sdk2", String(count), "stateless"), era: "legacy" },
  "mcp-lite": { command: peer("mcp-lite", String(count)), era: "legacy", version: "2025-06-18" },
  "mcp-use, modern": { command: peer("mcp-use", String(count)), era: "modern" },
  "mcp-use": { command: peer("mcp-use", String(count)), era: "legacy" },
  tmcp: { command: peer("tmcp", String(count), "stateless"), era: "legacy", version: "2025-06-18" },
});

const isOurs = (name) => name.startsWith("mcpc");

/** Some of the cases, and the bare loops. */
function only(cases, wanted) {
  return Object.fromEntries(Object.entries(cases).filter(([name]) => wanted(name) || name.startsWith("bare loop")));
}

/** The bare loop that is sent the same bytes. */
function baselineOf(name) {
  if (name.includes(", modern")) return "bare loop, modern";
  return name.endsWith(", sessions") ? "bare loop, sessions" : "bare loop";
}

/** One process is faster than another: what is close together is measured with several. */
const generations = 5;

export async function measure({ quick }) {
  const rows = [];
  for (const count of quick ? [10] : [10, 200, 1000]) {
    const all = servers(count, built(count), built(count, withoutSessions));
    const pairs = {};
    const measured = async (those, rounds, ms) => {
      const running = {};
      for (const [name, server] of Object.entries(those)) running[name] = await opened(server);
      for (const method of ["tools/call", "tools/list"]) {
        const cases = Object.fromEntries(
          Object.entries(running).map(([name, { server, request }]) => [name, { ...server, request: request(method) }]),
        );
        const found = await paired(rounds, cases, baselineOf, async ({ port, request }) => {
          const { answers, ms: took } = await burst(port, 32, request, ms);
          return (answers / took) * 1000;
        });
        for (const [name, more] of Object.entries(found)) ((pairs[method] ??= {})[name] ??= []).push(...more);
      }
      for (const { server } of Object.values(running)) server.close();
    };
    for (let generation = 0; generation < (quick ? 1 : generations); generation++)
      await measured(only(all, isOurs), quick ? 3 : 9, 120);
    await measured(
      only(all, (name) => !isOurs(name)),
      quick ? 3 : 9,
      300,
    );
    for (const [method, found] of Object.entries(pairs))
      for (const name of Object.keys(all))
        rows.push({ ...row(`HTTP ${method}, ${count} tools`, name, found[name]), unit: "/s" });
  }
  return rows;
}

export async function opened({ command, era, session: given, version = "2025-11-25" }) {
  const server = await serving(command);
  const { port } = server;
  const params = { ...initialize.params, protocolVersion: version };
  const { head } = await once(port, post(port, "/mcp", { ...initialize, params }));
  const session = given ?? /mcp-session-id: *(\S+)/i.exec(head)?.[1];
  const headers = (method) =>
    era === "modern"
      ? {
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": method,
          ...(method === "tools/call" && { "mcp-name": "tool_7" }),
        }
      : { "mcp-protocol-version": version, ...(session && { "mcp-session-id": session }) };
  const request = (method) => {
    const params = method === "tools/call" ? { name: "tool_7", arguments: call } : {};
    const message = { jsonrpc: "2.0", id: 1, method, params: inEra(era, params) };
    return post(port, "/mcp", message, headers(method));
  };
  const { status, body } = await once(port, request("tools/call"));
  if (status !== 200 || !body.includes(`"${answer}"`)) throw new Error(`${command[0]}: ${status} ${body}`);
  return { server, request };
}
