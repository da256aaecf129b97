// Calls over WebSocket: 32 connections with one request each, and one with 64.
import { join } from "node:path";
import { serving } from "../load/server.mjs";
import { burst, connected } from "../load/websocket.mjs";
import { built, here } from "../project.mjs";
import { paired, row } from "../rounds.mjs";
import { answer, call, inEra, initialize, initialized } from "../surface.mjs";

const kinds = [
  [32, 1],
  [1, 64],
];

const baselineOf = (name) => (name.includes("modern") ? "bare loop, modern" : "bare loop");

export async function measure({ quick }) {
  const bundle = built(10, { runtime: { transports: { http: {}, websocket: {} } } });
  const listening = [bundle, "--transport", "http", "--port", "0"];
  const servers = {
    "bare loop": { command: [join(here, "servers", "bare-websocket.mjs")], era: "legacy" },
    "bare loop, modern": { command: [join(here, "servers", "bare-websocket.mjs")], era: "modern" },
    mcpc: { command: listening, era: "legacy" },
    "mcpc, modern": { command: listening, era: "modern" },
  };
  const running = {};
  for (const [name, { command, era }] of Object.entries(servers))
    running[name] = { server: await serving(command), era };
  const rows = [];
  for (const [count, flight] of kinds) {
    const cases = {};
    for (const [name, { server, era }] of Object.entries(running)) {
      const params = inEra(era, { name: "tool_7", arguments: call });
      const request = JSON.stringify({ jsonrpc: "2.0", id: "%", method: "tools/call", params }).replace('"%"', "%");
      const sockets = await connected(server.port, count, era === "legacy" ? [initialize, initialized] : []);
      await checked(sockets[0], request);
      cases[name] = { sockets, request };
    }
    const pairs = await paired(quick ? 3 : 7, cases, baselineOf, async ({ sockets, request }) => {
      const { answers, ms } = await burst(sockets, flight, request, quick ? 300 : 500);
      return (answers / ms) * 1000;
    });
    const what = `WebSocket tools/call, ${count === 1 ? "a connection" : `${count} connections`}, ${flight} in flight`;
    for (const name of Object.keys(cases)) rows.push({ ...row(what, name, pairs[name]), unit: "/s" });
    for (const { sockets } of Object.values(cases)) for (const socket of sockets) socket.terminate();
  }
  for (const { server } of Object.values(running)) server.close();
  return rows;
}

async function checked(socket, request) {
  socket.send(request.replace("%", "0"));
  const [data] = await new Promise((resolve) => socket.once("message", (...given) => resolve(given)));
  if (!String(data).includes(`"${answer}"`)) throw new Error(String(data));
}
