// Calls and listings over standard streams: one at a time, and 64 in flight.
import { join } from "node:path";
import { spawned } from "../load/stdio.mjs";
import { built, here } from "../project.mjs";
import { paired, row } from "../rounds.mjs";
import { answer, call, inEra, initialize, initialized } from "../surface.mjs";

const servers = (count, bundle) => ({
  "bare loop": [join(here, "servers", "bare-stdio.mjs"), String(count)],
  "bare loop, one write per chunk": [join(here, "servers", "bare-stdio.mjs"), String(count), "--per-chunk"],
  "bare loop, modern": [join(here, "servers", "bare-stdio.mjs"), String(count)],
  mcpc: [bundle],
  "mcpc, modern": [bundle],
  "SDK 1.x": [join(here, "peers", "sdk1.mjs"), String(count), "stdio"],
  "SDK 2.x": [join(here, "peers", "sdk2.mjs"), String(count), "stdio"],
  "SDK 2.x, modern": [join(here, "peers", "sdk2.mjs"), String(count), "stdio"],
  tmcp: [join(here, "peers", "tmcp.mjs"), String(count), "stdio"],
});
export const kinds = [
  ["tools/call", 1],
  ["tools/call", 64],
  ["tools/list", 1],
];

export async function measure({ quick }) {
  const rows = [];
  for (const count of quick ? [10] : [10, 200, 1000]) {
    const running = {};
    for (const [name, command] of Object.entries(servers(count, built(count))))
      running[name] = await opened(command, name.endsWith("modern") ? "modern" : "legacy");
    for (const [method, flight] of kinds) {
      const pairs = await paired(
        quick ? 3 : 7,
        running,
        () => "bare loop",
        async ({ server, request }) => {
          const { answers, ms } = await server.burst(request(method), flight, quick ? 300 : 500);
          return (answers / ms) * 1000;
        },
      );
      const what = `stdio ${method}, ${flight === 1 ? "one at a time" : `${flight} in flight`}, ${count} tools`;
      for (const name of Object.keys(running)) rows.push({ ...row(what, name, pairs[name]), unit: "/s" });
    }
    for (const { server } of Object.values(running)) server.close();
  }
  return rows;
}

export async function opened(command, era) {
  const server = spawned(command);
  const request = (method) => {
    const given = method === "tools/call" ? { name: "tool_7", arguments: call } : {};
    return JSON.stringify({ jsonrpc: "2.0", id: "%", method, params: inEra(era, given) }).replace('"%"', "%");
  };
  if (era === "legacy") {
    await server.ask(initialize);
    server.tell(initialized);
  }
  const text = await server.ask(JSON.parse(request("tools/call").replace("%", "1")));
  if (!text.includes(`"${answer}"`)) throw new Error(`${command[0]}: ${text}`);
  return { server, request };
}
