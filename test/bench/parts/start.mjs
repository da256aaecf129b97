// From starting the process to its first `tools/list` answer on standard streams, and the memory it has then.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { built, here, scratch } from "../project.mjs";
import { median, paired, row } from "../rounds.mjs";
import { initialize, initialized } from "../surface.mjs";

const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
const input = [initialize, initialized, list].map((message) => `${JSON.stringify(message)}\n`).join("");
const none = "empty Node script";

export async function measure({ quick }) {
  const empty = join(scratch, "empty.js");
  fs.writeFileSync(empty, "");
  const kilobytes = await waiting();
  const rows = [];
  // As the others load it.
  const alone = { runtime: { transports: { stdio: {} } } };
  for (const count of quick ? [10] : [10, 200, 1000]) {
    const servers = {
      [none]: () => ending(empty, kilobytes),
      mcpc: listing([built(count, alone)]),
      "SDK 1.x": listing([join(here, "peers", "sdk1.mjs"), String(count), "stdio"]),
      "SDK 2.x": listing([join(here, "peers", "sdk2.mjs"), String(count), "stdio"]),
      tmcp: listing([join(here, "peers", "tmcp.mjs"), String(count), "stdio"]),
    };
    const pairs = await paired(
      quick ? 7 : 61,
      servers,
      () => none,
      (start) => start(),
    );
    for (const name of Object.keys(servers)) {
      const of = (member) => pairs[name].map((pair) => pair.map((value) => value[member]));
      rows.push({ ...row(`start to the first list, ${count} tools`, name, of("ms")), unit: "ms" });
      rows.push({ ...row(`memory then, ${count} tools`, name, of("kilobytes")), unit: "kB" });
    }
  }
  return rows;
}

const residentOf = (pid) => Number(/VmRSS:\s*(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

/** An empty script is over when it ends; what Node alone takes is known from one that waits. */
async function ending(empty, kilobytes) {
  const from = performance.now();
  await new Promise((resolve) => spawn(process.execPath, [empty], { stdio: "pipe" }).once("exit", resolve));
  return { ms: performance.now() - from, kilobytes };
}

/** The memory of scripts that do nothing but wait. */
async function waiting() {
  const values = [];
  for (let round = 0; round < 7; round++) {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "pipe" });
    await new Promise((resolve) => setTimeout(resolve, 250));
    values.push(residentOf(child.pid));
    child.kill("SIGKILL");
  }
  return median(values);
}

export function listing(command) {
  return () =>
    new Promise((resolve, reject) => {
      const from = performance.now();
      const child = spawn(process.execPath, command, { stdio: ["pipe", "pipe", "inherit"] });
      const pieces = [];
      let lines = 0;
      child.once("error", reject);
      child.stdin.on("error", () => {});
      child.stdout.on("data", (bytes) => {
        pieces.push(bytes);
        for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
        if (lines < 2) return;
        const ms = performance.now() - from;
        const kilobytes = residentOf(child.pid);
        child.kill("SIGKILL");
        const text = Buffer.concat(pieces).toString();
        if (text.includes('"tools":[')) resolve({ ms, kilobytes });
        else reject(new Error(text));
      });
      child.stdin.write(input);
    });
}
