// `npm run soak -- [--minutes 10] [--rate 60]`: mixed traffic at a fixed rate, good and bad, against built servers over
// HTTP, HTTP+SSE, WebSocket and standard streams. Memory after garbage collection, handles and open files must stay
// flat: exit code 1 when any of them grows.
import { parseArgs } from "node:util";
import { httpTraffic } from "./soak/http-traffic.mjs";
import { startServer } from "./soak/server.mjs";
import { streamTraffic } from "./soak/stream-traffic.mjs";
import { agent } from "./soak/wire.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, rate: { type: "string", default: "60" } },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes > 0 && rate > 0)) throw new Error("--minutes and --rate must be positive numbers");

/** Until what is kept on purpose (sessions, runs, results) has reached its bounds, growth tells nothing. */
const warmUp = 0.55;
const tickMs = 100;
const mostOpen = 2000;
const megabyte = 1024 * 1024;

const servers = {
  archive: await startServer("long-job", "http"),
  rates: await startServer("cached", "http"),
  streams: await startServer("cached", "stdio"),
};
servers.streams.child.stdout.resume();
const traffic = Object.entries({ ...httpTraffic, ...streamTraffic });
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

const started = Date.now();
const elapsed = () => (Date.now() - started) / 60_000;
let due = 0;
const ticking = setInterval(() => {
  due += (rate * tickMs) / 1000;
  for (; due >= 1; due -= 1) begin();
}, tickMs);

const samples = [];
async function sample() {
  for (const server of Object.values(servers)) {
    const { heapUsed, rss, handles, files } = await server.sample();
    const row = {
      server: server.name,
      minute: elapsed(),
      heap: heapUsed / megabyte,
      rss: rss / megabyte,
      handles,
      files,
    };
    samples.push(row);
    console.log(
      `${row.minute.toFixed(1).padStart(5)} min  ${row.server.padEnd(16)} heap ${row.heap.toFixed(1).padStart(6)} MB  rss ${row.rss.toFixed(0).padStart(4)} MB  handles ${String(handles).padStart(4)}  files ${String(files).padStart(4)}`,
    );
  }
}

const sampleMs = Math.max(2000, (minutes * 60_000) / 40);
while (elapsed() < minutes) {
  await new Promise((resolve) => setTimeout(resolve, sampleMs));
  await sample();
}
clearInterval(ticking);

console.log(
  `\n${[...counts.values()].reduce((sum, count) => sum + count, 0)} pieces of traffic, ${skipped} left out\n`,
);
console.log("| server | | first half | second half | grows |\n|---|---|---|---|---|");
const limits = { heap: 1.5, rss: 25, handles: 10, files: 10 };
let grown = false;
for (const { name } of Object.values(servers)) {
  const steady = samples.filter((row) => row.server === name && row.minute > minutes * warmUp);
  const half = Math.ceil(steady.length / 2);
  for (const [what, most] of Object.entries(limits)) {
    const [first, second] = [steady.slice(0, half), steady.slice(half)].map((rows) =>
      median(rows.map((row) => row[what])),
    );
    const grows = second - first > most;
    grown ||= grows;
    console.log(`| ${name} | ${what} | ${first.toFixed(1)} | ${second.toFixed(1)} | ${grows ? "YES" : "no"} |`);
  }
}

agent.destroy();
const ends = await Promise.all(Object.values(servers).map((server) => server.stop()));
for (const end of ends) {
  if (end.startsWith("0:")) continue;
  grown = true;
  console.log(`a server ended with ${end}`);
}
process.exit(grown ? 1 : 0);

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
