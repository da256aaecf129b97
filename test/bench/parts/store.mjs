// Calls over HTTP of servers that share their state in Redis, beside the same servers that keep it to themselves: calls
// that need nothing of Redis, and calls of a session that write to it.
import * as fs from "node:fs";
import { join } from "node:path";
import { burst, once, post } from "../load/http.mjs";
import { hasRedis, startRedis } from "../load/redis.mjs";
import { serving } from "../load/server.mjs";
import { build, project, root } from "../project.mjs";
import { paired, row } from "../rounds.mjs";
import { answer, call, inEra, initialize } from "../surface.mjs";
import { handler, more } from "./streams.mjs";

const version = "2025-11-25";
const store = { redis: { url: { env: "REDIS_URL" } } };
/** Without a label, the handler tells subscribers of an update. */
const { label: _, ...unlabelled } = call;

/** Each call: whether its server has sessions, its era, its arguments, and whether it asks for its progress. */
const untouched = "HTTP tools/call that needs no store";
const touching = "HTTP tools/call of a session that writes to the store";
const calls = {
  "2026-07-28": { what: untouched, era: "modern" },
  "2025-11-25, no sessions": { what: untouched, era: "legacy", sessions: false },
  "2025-11-25, a session": { what: untouched, era: "legacy" },
  "an event stream": { what: touching, era: "legacy", streamed: true },
  "an update": { what: touching, era: "legacy", input: unlabelled },
};
const kinds = ["without a store", "with a store"];
const baselineOf = (name) => name.replace(kinds[1], kinds[0]);

/** One process is faster than another: what is close together is measured with several. */
const generations = 5;

export async function measure({ quick }) {
  if (!hasRedis) return void console.log("redis-server is not installed: not measured");
  const bundles = Object.fromEntries(
    [true, false].flatMap((sessions) =>
      kinds.map((kind) => [`${sessions}, ${kind}`, built({ http: { sessions } }, kind === kinds[1])]),
    ),
  );
  const redis = await startRedis();
  const pairs = {};
  for (let generation = 0; generation < (quick ? 1 : generations); generation++) {
    const running = {};
    for (const [key, bundle] of Object.entries(bundles))
      running[key] = await serving([bundle, "--transport", "http", "--port", "0"], { REDIS_URL: redis.url });
    const cases = {};
    for (const [name, { sessions = true, ...how }] of Object.entries(calls))
      for (const kind of kinds) cases[`${name}, ${kind}`] = await opened(running[`${sessions}, ${kind}`], how);
    const found = await paired(quick ? 3 : 9, cases, baselineOf, async ({ port, request }) => {
      const { answers, ms } = await burst(port, 32, request, 200);
      return (answers / ms) * 1000;
    });
    for (const [name, those] of Object.entries(found)) (pairs[name] ??= []).push(...those);
    for (const server of Object.values(running)) server.close();
  }
  await redis.stop();
  return Object.entries(calls).flatMap(([name, { what }]) =>
    kinds.map((kind) => ({ ...row(what, `${name}, ${kind}`, pairs[`${name}, ${kind}`]), unit: "/s" })),
  );
}

function built(transports, hasStore) {
  const folder = project(10, { ...more, runtime: { transports, ...(hasStore && { store }) } });
  fs.writeFileSync(join(folder, "src", "sum.ts"), handler);
  // The package of Redis is the user's own.
  fs.symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  build(folder);
  return join(folder, "dist", "server.js");
}

/** The bytes of a call, after a session is opened where the server has them. */
async function opened({ port }, { era, input = call, streamed = false }) {
  const headers = { "mcp-protocol-version": version };
  if (era === "modern")
    Object.assign(headers, {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "tool_7",
    });
  else {
    const { head } = await once(port, post(port, "/mcp", initialize));
    const session = /mcp-session-id: *(\S+)/i.exec(head)?.[1];
    if (session !== undefined) headers["mcp-session-id"] = session;
  }
  const params = inEra(era, { name: "tool_7", arguments: input, ...(streamed && { _meta: { progressToken: 1 } }) });
  const request = post(port, "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/call", params }, headers);
  const { head, status, body } = await once(port, request);
  if (status !== 200 || !body.includes(`"${answer}"`) || /event-stream/.test(head) !== streamed)
    throw new Error(`${head}\n\n${body}`);
  return { port, request };
}
