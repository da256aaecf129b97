// `npm run soak -- [--minutes 10] [--rate 60] [--leak memory|handles|files]`: mixed traffic at a fixed rate, good and
// bad, against built servers over HTTP, HTTP+SSE, WebSocket and standard streams. One asks for keys, one for tokens of an
// authorization server, and two share a Redis. Memory after garbage collection, handles and open files must stay flat, and
// the memory of Redis: exit code 1 when any of them grows. With `--leak` one server holds on to something with every
// request, and must be found out.
import { parseArgs } from "node:util";
import { guardedTraffic, keyFile } from "./soak/guarded-traffic.mjs";
import { httpTraffic } from "./soak/http-traffic.mjs";
import { oauthTraffic, startIssuer } from "./soak/oauth-traffic.mjs";
import { startServer } from "./soak/server.mjs";
import { fillStore, hasRedis, startAuction, storeTraffic } from "./soak/store-traffic.mjs";
import { streamTraffic } from "./soak/stream-traffic.mjs";
import { verdict } from "./soak/verdict.mjs";
import { agent } from "./soak/wire.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "60" },
    leak: { type: "string" },
  },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes > 0 && rate > 0)) throw new Error("--minutes and --rate must be positive numbers");
if (![undefined, "memory", "handles", "files"].includes(values.leak))
  throw new Error("--leak must be memory, handles or files");

/** What is kept for some time on purpose, five minutes at the most, tells nothing before that is over. */
const warmUp = minutes > 9 ? 5.5 : minutes / 4;
const tickMs = 100;
const mostOpen = 2000;
const megabyte = 1024 * 1024;

const keys = keyFile(5000);
const issuer = await startIssuer();
if (!hasRedis) console.log("redis-server is not installed: no traffic to servers with a store\n");
const servers = {
  archive: await startServer("long-job", "http"),
  rates: await startServer("cached", "http", { leak: values.leak }),
  notes: await startServer("secure", "http", { env: { NOTES_API_KEYS_FILE: keys.path, MCPC_LOG_LEVEL: "error" } }),
  projects: await startServer("oauth", "http", { env: issuer.env }),
  streams: await startServer("cached", "stdio"),
  ...(hasRedis && (await startAuction(startServer))),
};
servers.streams.child.stdout.resume();
const targets = { ...servers, issuer };
const kinds = [httpTraffic, streamTraffic, guardedTraffic, oauthTraffic, ...(hasRedis ? [storeTraffic] : [])];
const traffic = kinds.flatMap((kind) => Object.entries(kind));
/** How often each piece of traffic ended with which status. */
const counts = new Map(traffic.map(([name]) => [name, new Map()]));
let open = 0;
let skipped = 0;
let next = 0;

function begin() {
  if (open >= mostOpen) return void (skipped += 1);
  const [name, run] = traffic[next % traffic.length];
  next += 1;
  open += 1;
  void Promise.resolve(run(targets)).then((answer) => {
    open -= 1;
    const ends = counts.get(name);
    const end = answer?.status ?? "done";
    ends.set(end, (ends.get(end) ?? 0) + 1);
  });
}

/**
 * Sessions that were left and runs that have ended are kept, up to a bound: it is reached before anything is measured,
 * with as much in them as the traffic leaves in them.
 */
async function fill() {
  const runs = { ...httpTraffic, ...guardedTraffic, ...oauthTraffic };
  const times = (count, name) => Promise.all(Array.from({ length: count }, () => runs[name](targets)));
  const left = ["a session, left", "a session of a caller, left", "a session of a user, left"];
  for (const name of [...left, "events of a caller's tool", "events of a user's tool"])
    for (let round = 0; round < 44; round += 1) await times(50, name);
  // The archive indexes two at a time; a session is left while its call goes on.
  for (let round = 0; round < 80; round += 1) {
    await Promise.all([times(2, "a session, left in the middle of a call"), times(2, "a session, left")]);
    await new Promise((resolve) => setTimeout(resolve, 250));
    for (let run = 0; run < 3; run += 1) await times(2, "events of a tool");
  }
}

let due = 0;
let flowing = false;
const ticking = setInterval(() => {
  if (!flowing) return;
  due += (rate * tickMs) / 1000;
  for (; due >= 1; due -= 1) begin();
}, tickMs);

/** The traffic stops while servers are looked at: what they still have then is what they hold on to. */
async function sample() {
  flowing = false;
  while (open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  agent.destroy();
  const minute = elapsed();
  const all = Object.values(servers);
  const looks = await Promise.all(all.map((server) => server.sample()));
  for (const [index, server] of all.entries()) {
    const figures = looks[index];
    samples.push({ server: server.name, minute, ...figures });
    const cells = Object.entries(figures).map(([what, value]) => `${what} ${shown(what, value).padStart(9)}`);
    console.log(`${minute.toFixed(1).padStart(5)} min  ${server.name.padEnd(16)} ${cells.join("  ")}`);
  }
  flowing = true;
}

function shown(what, value) {
  return ["handles", "files", "connections"].includes(what) ? String(value) : `${(value / megabyte).toFixed(2)} MB`;
}

await Promise.all([fill(), hasRedis ? fillStore(servers) : undefined]);
const samples = [];
const started = Date.now();
const elapsed = () => (Date.now() - started) / 60_000;
const sampleMs = Math.max(2000, (minutes * 60_000) / 60);
flowing = true;
while (elapsed() < minutes) {
  await new Promise((resolve) => setTimeout(resolve, sampleMs));
  await sample();
}
clearInterval(ticking);

console.log();
for (const [name, ends] of counts)
  console.log(`${name.padEnd(52)} ${[...ends].map(([end, count]) => `${count} × ${end}`).join(", ")}`);
const total = [...counts.values()].flatMap((ends) => [...ends.values()]).reduce((sum, count) => sum + count, 0);
console.log(`\n${total} pieces of traffic, ${skipped} left out\n`);
console.log("| server | | second third | last third | grows |\n|---|---|---|---|---|");
let grown = false;
for (const { name, limits } of Object.values(servers)) {
  const rows = samples.filter((row) => row.server === name && row.minute > warmUp);
  for (const { what, before, after, grows } of verdict(rows, limits)) {
    grown ||= grows;
    console.log(`| ${name} | ${what} | ${shown(what, before)} | ${shown(what, after)} | ${grows ? "YES" : "no"} |`);
  }
}

keys.remove();
issuer.stop();
const ends = await Promise.all(Object.values(servers).map((server) => server.stop()));
for (const end of ends) {
  if (end.startsWith("0:")) continue;
  grown = true;
  console.log(`a server ended with ${end}`);
}
process.exit(grown ? 1 : 0);
