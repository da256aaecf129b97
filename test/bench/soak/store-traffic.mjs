// What clients do with two replicas that share a Redis: each piece of traffic goes on at the other replica.
import * as fs from "node:fs";
import { join } from "node:path";
import { hasRedis, startRedis } from "../load/redis.mjs";
import { build, root, scratch } from "../project.mjs";
import { redisLimits } from "./verdict.mjs";
import { bearer, message, modern, openSession, pick, send } from "./wire.mjs";

/** Callers by their part: some fill what is kept for a caller, and one exceeds the rate. */
const parts = ["bidder", "watcher", "clerk", "idler", "settler", "appraiser", "leaver", "greedy"];
const keyOf = (name) => `key-of-${name}-0123456789`;
const as = (name) => bearer(keyOf(name));
const fillers = Array.from({ length: 20 }, (_, index) => `filler-${index}`);

/** Limits that are reached soon, so that the measured servers are full. */
const maxKeptBytes = 4 * 1024 * 1024;
const limits = { rate: { perMinute: 6000, burst: 100 }, maxSessions: 200, maxTasks: 200, maxKeptBytes, drainMs: 5000 };

/** A Redis to be looked at like a server, and the auction that uses it. */
export async function startAuction(startServer) {
  const folder = join(scratch, "auction");
  const fixture = join(root, "fixtures", "replicas");
  const skipped = ["dist", "node_modules"].map((name) => join(fixture, name));
  fs.cpSync(fixture, folder, { recursive: true, filter: (path) => !skipped.includes(path) });
  fs.symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const path = join(folder, "auction.mcp.json");
  const manifest = JSON.parse(fs.readFileSync(path, "utf8"));
  fs.writeFileSync(path, JSON.stringify({ ...manifest, runtime: { ...manifest.runtime, limits } }));
  build(folder);
  const redis = await startRedis();
  const env = {
    REDIS_URL: redis.url,
    AUCTION_API_KEYS: [...parts, ...fillers].map((name) => `${name}:${keyOf(name)}`).join("\n"),
    MCPC_STATE_KEYS: keyOf("states"),
    MCPC_LOG_LEVEL: "error",
  };
  const start = (name) => startServer("replicas", "http", { env, folder, name });
  return { east: await start("replicas (east)"), west: await start("replicas (west)"), redis: looked(redis) };
}

export { hasRedis };

function looked(redis) {
  const figure = async (section, name) =>
    Number(new RegExp(`^${name}:(\\d+)`, "m").exec(await redis.ask("INFO", section))[1]);
  return {
    ...redis,
    name: "Redis",
    limits: redisLimits,
    /** What is used once all that has expired is gone: a scan removes it. */
    async sample() {
      for (let cursor = "0", first = true; first || cursor !== "0"; first = false)
        [cursor] = await redis.ask("SCAN", cursor, "COUNT", "1000");
      return {
        memory: await figure("memory", "used_memory"),
        connections: await figure("clients", "connected_clients"),
      };
    },
    stop: async () => (await redis.stop(), "0:"),
  };
}

const capable = (extensions) => ({
  meta: {
    "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} }, ...(extensions && { extensions }) },
  },
});
const call = (name, input, options) => message("tools/call", { name, arguments: input }, options);
const legacy = { legacy: true };
const progress = { legacy: true, meta: { progressToken: 1 } };
const tasks = { "io.modelcontextprotocol/tasks": {} };
const lot = (most = 50) => `lot-${Math.floor(Math.random() * most)}`;
const uriOf = (name) => `auction://lots/${name}`;
const both = ({ east, west }) => pick([east.url, west.url], [west.url, east.url]);
const paid = { action: "accept", content: { isPaid: true } };
const parsed = ({ text }) => (text.startsWith("{") ? JSON.parse(text) : {});
const lastEvent = ({ text }) => [...text.matchAll(/^id: ?(.+)$/gm)].at(-1)?.[1];
/** Reads on after what a stream has had. */
const resumed = (url, headers, answer, more) =>
  send(url, { method: "GET", headers: { ...headers, "last-event-id": lastEvent(answer) ?? "" }, ...more });

/** Opens a task; resolves with a function that sends a request about it. */
async function task(url, name, ms) {
  const headers = as(name);
  const { result } = parsed(await modern(url, call("settle", { lot: lot(), ms }, capable(tasks)), { headers }));
  return (target, method, params = {}) =>
    modern(target, message(method, { taskId: result?.taskId ?? "x", ...params }, capable(tasks)), { headers });
}

/** Asks, answers at the other replica, and sends the answer again, which is refused. */
async function rounds(servers, name) {
  const [here, there] = both(servers);
  const settle = (more) => {
    const body = message("tools/call", { name: "settle", arguments: { lot: "lamp", ms: 0 }, ...more }, capable());
    return (url) => modern(url, body, { headers: as(name) });
  };
  const { result } = parsed(await settle()(here));
  if (result?.requestState === undefined) return;
  const [question] = Object.keys(result.inputRequests);
  const last = settle({ inputResponses: { [question]: paid }, requestState: result.requestState });
  const answer = await last(there);
  await last(here);
  return answer;
}

export const storeTraffic = {
  "a bid": (servers) => modern(both(servers)[0], call("bid", { lot: lot() }), { headers: as("bidder") }),
  "a watcher of lots": (servers) => {
    const uris = [lot(), lot()].map(uriOf);
    const body = message("subscriptions/listen", { notifications: { resourceSubscriptions: uris } });
    return modern(both(servers)[0], body, { headers: as("watcher"), hangUp: pick(50, 2000) });
  },
  "an estimate": (servers) => modern(both(servers)[0], call("get_estimate", { lot: lot() }), { headers: as("bidder") }),
  "a new estimate": (servers) =>
    modern(both(servers)[0], call("set_estimate", { lot: lot(), dollars: 7 }), { headers: as("bidder") }),
  "a task, to its end": async (servers) => {
    const [here, there] = both(servers);
    const ask = await task(here, "clerk", pick(0, 100));
    await ask(there, "tasks/get");
    await ask(there, "tasks/update", { inputResponses: { payment: paid } });
    for (let tries = 0; tries < 20; tries += 1) {
      const answer = await ask(pick(here, there), "tasks/get");
      if (parsed(answer).result?.status !== "working") return answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },
  "a task, cancelled elsewhere": async (servers) => {
    const [here, there] = both(servers);
    return (await task(here, "clerk", 100))(there, "tasks/cancel");
  },
  "a task that nobody answers": async (servers) => {
    const [here, there] = both(servers);
    return (await task(here, "idler", 100))(there, "tasks/get");
  },
  "a call in rounds, and its last round twice": (servers) => rounds(servers, "settler"),
  "a call of a session, whose stream goes on elsewhere": async (servers) => {
    const [here, there] = both(servers);
    const headers = await openSession(here, { headers: as("appraiser") });
    if (headers === undefined) return;
    const body = call("appraise", { pieces: pick(2, 20), msPerPiece: pick(1, 10) }, progress);
    const begun = await send(here, { body, headers, hangUp: "first bytes" });
    const answer = await resumed(there, headers, begun);
    await send(there, { method: "DELETE", headers });
    return answer;
  },
  "a session that hears of bids elsewhere": async (servers) => {
    const [here, there] = both(servers);
    const headers = await openSession(here, { headers: as("watcher") });
    if (headers === undefined) return;
    const watched = lot();
    const subscribe = message("resources/subscribe", { uri: uriOf(watched) }, legacy);
    await send(here, { body: subscribe, headers });
    const hearing = send(there, { method: "GET", headers, hangUp: 300 });
    await send(here, { body: call("bid", { lot: watched }, legacy), headers });
    await resumed(here, headers, await hearing, { hangUp: 100 });
    return send(there, { method: "DELETE", headers });
  },
  "a question of a session, answered elsewhere": async (servers) => {
    const [here, there] = both(servers);
    const headers = await openSession(here, { headers: as("settler"), capabilities: { elicitation: {} } });
    if (headers === undefined) return;
    const asked = await send(here, {
      body: call("settle", { lot: "lamp", ms: 0 }, legacy),
      headers,
      hangUp: "first bytes",
    });
    const id = /"id":("[^"]+")/.exec(asked.text)?.[1];
    if (id !== undefined)
      await send(there, { body: `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(paid)}}`, headers });
    const answer = await resumed(there, headers, asked, { hangUp: 2000 });
    await send(here, { method: "DELETE", headers });
    return answer;
  },
  "a session of two replicas, left": async (servers) => {
    const [here, there] = both(servers);
    const headers = await openSession(here, { headers: as("leaver") });
    if (headers === undefined) return;
    await send(here, { body: message("resources/subscribe", { uri: uriOf(lot()) }, legacy), headers });
    return send(there, { body: call("which_replica", {}, legacy), headers });
  },
  "events of a tool that go on elsewhere": async (servers) => {
    const [here, there] = both(servers);
    const at = (url) => new URL("/mcp/tools/appraise/sse?pieces=10&msPerPiece=5", url);
    const begun = await send(at(here), { method: "GET", headers: as("appraiser"), hangUp: pick("first bytes", 30) });
    return resumed(at(there), as("appraiser"), begun);
  },
  "a caller that exceeds its rate": async (servers) => {
    if (Math.random() > 0.1) return;
    const ask = () => modern(both(servers)[0], call("which_replica", {}), { headers: as("greedy") });
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 100 }, ask));
      const refused = answers.find(({ status }) => status !== 200);
      if (refused !== undefined) return refused;
    }
  },
  "connections with Redis that break": async ({ redis }) => {
    if (Math.random() > 0.05) return;
    for (const type of ["normal", "pubsub"]) await redis.ask("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
  },
};

/** Fills what is bounded: sessions, states, tasks, and the logs that replicas read. */
export async function fillStore(servers) {
  const { redis } = servers;
  const length = async (log) => Number(await redis.ask("XLEN", `mcpc:auction:${log}`));
  const times = (count, run) => Promise.all(Array.from({ length: count }, run));
  const isFull = async (kind) =>
    Number(await redis.ask("HGET", `mcpc:auction:{${kind}}:index`, "bytes")) > 0.98 * maxKeptBytes;
  while (!(await isFull("sessions")))
    await times(40, () => openSession(both(servers)[0], { headers: as(pick(...fillers)) }));
  while (!(await isFull("states"))) await times(40, () => rounds(servers, pick(...fillers)));
  for (let round = 0; round < 15; round += 1) {
    await times(20, () => storeTraffic["a task that nobody answers"](servers));
    await times(20, () => storeTraffic["a task, cancelled elsewhere"](servers));
  }
  while ((await length("changes")) < 10_000)
    await times(100, () => modern(both(servers)[0], call("bid", { lot: lot() }), { headers: as(pick(...fillers)) }));
  const sessions = [];
  // A caller may have no request left for a moment.
  while (sessions.length < 2) {
    const headers = await openSession(servers.east.url, { headers: as(pick(...fillers)) });
    if (headers !== undefined) sessions.push(headers);
  }
  const change = (headers) => {
    const body = message(pick("resources/subscribe", "resources/unsubscribe"), { uri: uriOf(lot()) }, legacy);
    return send(both(servers)[0], { body, headers });
  };
  while ((await length("control")) < 10_000) await times(100, () => change(pick(...sessions)));
  for (const headers of sessions) await send(servers.east.url, { method: "DELETE", headers });
}
