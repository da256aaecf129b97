// `npm run soak -- [--minutes 10] [--rate 60] [--leak memory|handles|files]`: mixed traffic at a fixed rate, good and
// bad, against built servers over HTTP, HTTP+SSE, WebSocket and standard streams, one of which asks who calls. Memory
// after garbage collection, handles and open files must stay flat: exit code 1 when any of them grows. With `--leak` one
// server holds on to something with every request, and must be found out.
import { parseArgs } from "node:util";
import { guardedTraffic, keyFile } from "./soak/guarded-traffic.mjs";
import { httpTraffic } from "./soak/http-traffic.mjs";
import { startServer } from "./soak/server.mjs";
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
const servers = {
  archive: await startServer("long-job", "http"),
  rates: await startServer("cached", "http", { leak: values.leak }),
  notes: await startServer("secure", "http", { env: { NOTES_API_KEYS_FILE: keys.path, MCPC_LOG_LEVEL: "error" } }),
  streams: await startServer("cached", "stdio"),
};
servers.streams.child.stdout.resume();
const traffic = Object.entries({ ...httpTraffic, ...streamTraffic, ...guardedTraffic });
const counts = new Map(traffic.map(([name]) => [name, 0]));
let open = 0;
let skipped = 0;
let next = 0;

function begin() {
  if (open >= mostOpen) return void (skipped += 1);
  const [name, run] = traffic[next % traffic.length];
  next += 1;
  counts.set(name, counts.get(name) + 1);
  open += 1;
  void Promise.resolve(run(servers)).finally(() => (open -= 1));
}

/**
 * Sessions that were left and runs that have ended are kept, up to a bound: it is reached before anything is measured,
 * with as much in them as the traffic leaves in them.
 */
async function fill() {
  const runs = { ...httpTraffic, ...guardedTraffic };
  const times = (count, name) => Promise.all(Array.from({ length: count }, () => runs[name](servers)));
  for (const name of ["a session, left", "a session of a caller, left", "events of a caller's tool"])
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
  for (const server of Object.values(servers)) {
    const row = { server: server.name, minute, ...(await server.sample()) };
    samples.push(row);
    console.log(
      `${minute.toFixed(1).padStart(5)} min  ${row.server.padEnd(16)} heap ${inMegabytes(row.heap).padStart(7)} MB  rss ${inMegabytes(row.rss).padStart(7)} MB  handles ${String(row.handles).padStart(4)}  files ${String(row.files).padStart(4)}`,
    );
  }
  flowing = true;
}

function inMegabytes(bytes) {
  return (bytes / megabyte).toFixed(2);
}

await fill();
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

console.log(
  `\n${[...counts.values()].reduce((sum, count) => sum + count, 0)} pieces of traffic, ${skipped} left out\n`,
);
console.log("| server | | second third | last third | grows |\n|---|---|---|---|---|");
let grown = false;
for (const { name } of Object.values(servers)) {
  for (const { what, before, after, grows } of verdict(
    samples.filter((row) => row.server === name && row.minute > warmUp),
  )) {
    grown ||= grows;
    const [first, second] = [before, after].map((value) =>
      what === "handles" || what === "files" ? value : `${inMegabytes(value)} MB`,
    );
    console.log(`| ${name} | ${what} | ${first} | ${second} | ${grows ? "YES" : "no"} |`);
  }
}

keys.remove();
const ends = await Promise.all(Object.values(servers).map((server) => server.stop()));
for (const end of ends) {
  if (end.startsWith("0:")) continue;
  grown = true;
  console.log(`a server ended with ${end}`);
}
process.exit(grown ? 1 : 0);
