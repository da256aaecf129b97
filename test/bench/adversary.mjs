// `npm run adversary [-- --minutes 10] [--door NAME]...`: attacks a built server of 256 MB with default limits through all doors at once,
// beside twenty honest clients. Exit code 1 when the server ends, a call of an honest client fails, their median time
// more than doubles, or memory after garbage collection does not come back once the adversary is gone.
import { fork, spawn } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { callAll, honestClients } from "./adversary/honest.mjs";
import { files } from "./adversary/project.mjs";
import { build, here, root, scratch } from "./project.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, door: { type: "string", multiple: true } },
});
const megabyte = 1024 * 1024;
const folder = join(scratch, "target");
for (const [path, content] of Object.entries(files)) {
  fs.mkdirSync(dirname(join(folder, path)), { recursive: true });
  fs.writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
}
fs.mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
fs.symlinkSync(join(root, "node_modules", "@types", "node"), join(folder, "node_modules", "@types", "node"));
build(folder);

const probe = pathToFileURL(join(here, "soak", "probe.mjs")).href;
const server = spawn(
  process.execPath,
  [
    "--expose-gc",
    "--max-old-space-size=256",
    "--import",
    probe,
    join(folder, "dist", "server.js"),
    "--transport",
    "http",
  ],
  { stdio: ["ignore", "ignore", "pipe", "ipc"] },
);
let log = "";
let ended;
server.on("exit", (code, signal) => (ended = code ?? signal));
const url = await new Promise((resolve) =>
  server.stderr.on("data", (chunk) => {
    log = (log + chunk).slice(-10_000);
    const address = /^listening on (\S+)$/m.exec(log)?.[1];
    if (address !== undefined) resolve(new URL(address));
  }),
);

async function sample() {
  if (ended !== undefined) return { heap: NaN, rss: NaN, external: NaN, files: NaN };
  const answer = new Promise((resolve) => server.once("message", resolve));
  server.send("sample");
  const row = await Promise.race([answer, new Promise((resolve) => server.once("exit", () => resolve({})))]);
  return { ...row, files: ended === undefined ? fs.readdirSync(`/proc/${server.pid}/fd`).length : NaN };
}
const show = (what, { heap, rss, external, files }) =>
  console.log(
    `${what.padEnd(10)} heap ${(heap / megabyte).toFixed(1)} MB, rss ${(rss / megabyte).toFixed(1)} MB, external ${(external / megabyte).toFixed(1)} MB, ${files} files`,
  );
const at = (times, share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
const tell = (what, { times, failures }) => {
  console.log(
    `${what.padEnd(10)} ${times.length} calls answered, median ${at(times, 0.5).toFixed(1)} ms, 95 % ${at(times, 0.95).toFixed(1)} ms, 99 % ${at(times, 0.99).toFixed(1)} ms, longest ${at(times, 1).toFixed(0)} ms`,
  );
  for (const [failure, count] of failures) console.log(`           ${count} x ${failure}`);
};

const clients = await honestClients(url);
const alone = await callAll(clients, performance.now() + 20_000);
tell("alone", alone);
const before = await sample();
show("before", before);

const attack = fork(join(here, "adversary", "attack.mjs"), [String(url), ...(values.door ?? [])]);
const attackMs = Number(values.minutes) * 60_000;
const beside = await callAll(clients, performance.now() + attackMs);
tell("attacked", beside);
show("during", await sample());
const counts = await new Promise((resolve) => {
  attack.once("message", resolve);
  attack.send("stop");
});
for (const [door, count] of Object.entries(counts)) console.log(`           ${String(count).padStart(7)} x ${door}`);

// A new client of each kind gets in, and those that were there go on.
const after = await callAll([...clients, ...(await honestClients(url).catch(() => []))], performance.now() + 10_000);
tell("after", after);
await new Promise((resolve) => setTimeout(resolve, 5000));
const rest = await sample();
show("after", rest);

const verdicts = [
  ["the server lives", ended === undefined],
  ["no honest call failed", beside.failures.size === 0 && after.failures.size === 0 && beside.times.length > 0],
  ["honest calls take at most twice their time (median)", at(beside.times, 0.5) <= 2 * at(alone.times, 0.5)],
  ["honest calls take at most twice their time (95 %)", at(beside.times, 0.95) <= 2 * at(alone.times, 0.95)],
  ["memory is what it was, but for what is kept within documented bounds", rest.heap - before.heap < 48 * megabyte],
];
for (const [what, holds] of verdicts) console.log(`${holds ? "yes" : "NO "} ${what}`);
if (ended !== undefined) console.log(`the server ended with ${ended}: ${log.slice(-2000)}`);
await Promise.all(clients.map(({ close }) => close().catch(() => {})));
server.kill();
process.exit(verdicts.every(([, holds]) => holds) ? 0 : 1);
