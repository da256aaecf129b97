// `npm run cuts [-- --minutes 2 --seed 1 --share 1]`: official clients of four generations call a built server through
// a proxy that cuts connections at random. Every call must end with its answer or an error. A wrong answer, or a call that
// runs into the client's time limit although the server could answer it, is exit code 1.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { callers, calls, files, outcome } from "./cuts/callers.mjs";
import { cuttingProxy } from "./cuts/proxy.mjs";
import { build, root, scratch } from "./project.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    share: { type: "string", default: "1" },
  },
});
/** Milliseconds that a client waits for an answer; no call takes one second without cuts. */
const timeout = 10_000;
/** Milliseconds after which nothing is cut until the call ends: from then on it is for the server to answer. */
const calmAfter = 6000;
/** The share of calls that clients which come back may abandon: so few connections break before their first event. */
const mostAbandoned = 0.05;
/** How many clients of each generation call at a time. */
const lines = 4;
const folder = join(scratch, "report");
for (const [path, content] of Object.entries(files)) {
  fs.mkdirSync(dirname(join(folder, path)), { recursive: true });
  fs.writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
}
fs.mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
fs.symlinkSync(join(root, "node_modules", "@types", "node"), join(folder, "node_modules", "@types", "node"));
build(folder);
const server = spawn(process.execPath, [join(folder, "dist", "server.js"), "--transport", "http"], {
  stdio: ["ignore", "ignore", "pipe"],
});
let log = "";
const target = await new Promise((resolve) =>
  server.stderr.on("data", (chunk) => {
    log = (log + chunk).slice(-10_000);
    const url = /^listening on (\S+)$/m.exec(log)?.[1];
    if (url !== undefined) resolve(new URL(url));
  }),
);

const until = performance.now() + Number(values.minutes) * 60_000;
let failed = false;
/** One client after the other on a line of its own, each until it can call no more. */
async function line({ connect, comesBack }, seed, counts, messages) {
  const proxy = await cuttingProxy(target, { seed, share: Number(values.share) });
  const url = new URL(target.pathname, `http://127.0.0.1:${proxy.port}`);
  for (let turn = seed; performance.now() < until;) {
    let client;
    try {
      client = await connect(url);
      counts.connects += 1;
    } catch {
      continue;
    }
    for (let failures = 0; failures < 3 && performance.now() < until; turn += 1) {
      const terms = { comesBack, timeout, calmAfter, calm: proxy.calm };
      const { kind, message } = await outcome(client, calls[turn % calls.length], terms);
      proxy.resume();
      counts[kind] += 1;
      failures = kind === "answered" ? 0 : failures + 1;
      if (kind !== "answered") messages.set(`${kind}: ${message}`, (messages.get(`${kind}: ${message}`) ?? 0) + 1);
    }
    await client.close().catch(() => {});
  }
  counts.cuts += proxy.cuts();
  proxy.stop();
}

async function run([name, caller], index) {
  const counts = { answered: 0, refused: 0, hung: 0, wrong: 0, abandoned: 0, connects: 0, cuts: 0 };
  const messages = new Map();
  const seed = Number(values.seed) + 100 * index;
  await Promise.all(Array.from({ length: lines }, (_, at) => line(caller, seed + at, counts, messages)));
  failed ||= counts.hung + counts.wrong > 0 || counts.answered === 0;
  failed ||= caller.comesBack && counts.abandoned > mostAbandoned * counts.answered;
  const numbers = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  console.log(`${name.padEnd(24)} ${numbers.join(", ")}`);
  for (const [message, count] of messages) console.log(`    ${count} x ${message}`);
}
await Promise.all(Object.entries(callers).map(run));
if (server.exitCode !== null) {
  failed = true;
  console.log(`the server ended with ${server.exitCode}: ${log}`);
}
server.kill();
process.exit(failed ? 1 : 0);
