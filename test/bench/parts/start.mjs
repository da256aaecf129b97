// From starting the process to its first `tools/list` answer on standard streams, and the memory it has then.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { built, here, scratch } from "../project.mjs";
import { row, rounds } from "../rounds.mjs";
import { initialize, initialized } from "../surface.mjs";

const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
const input = [initialize, initialized, list].map((message) => `${JSON.stringify(message)}\n`).join("");
const none = "empty Node script";

export async function measure({ quick }) {
  const empty = join(scratch, "empty.js");
  fs.writeFileSync(empty, "");
  const rows = [];
  for (const count of quick ? [10] : [10, 200, 1000]) {
    const servers = {
      [none]: () => idle(empty),
      mcpc: listing([built(count)]),
      "SDK 1.x": listing([join(here, "peers", "sdk1.mjs"), String(count), "stdio"]),
      "SDK 2.x": listing([join(here, "peers", "sdk2.mjs"), String(count), "stdio"]),
      tmcp: listing([join(here, "peers", "tmcp.mjs"), String(count), "stdio"]),
    };
    const values = await rounds(quick ? 7 : 31, servers, (start) => start());
    for (const name of Object.keys(servers)) {
      const of = (member, name) => values[name].map((value) => value[member]);
      const compared = (member) => row("", name, of(member, name), of(member, none));
      rows.push({ ...compared("ms"), what: `start to the first list, ${count} tools`, unit: "ms" });
      rows.push({ ...compared("kilobytes"), what: `memory then, ${count} tools`, unit: "kB" });
    }
  }
  return rows;
}

const residentOf = (pid) => Number(/VmRSS:\s*(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

/** An empty script is over when it ends; what Node alone takes is read of one that waits. */
async function idle(empty) {
  const from = performance.now();
  await new Promise((resolve) => spawn(process.execPath, [empty], { stdio: "pipe" }).once("exit", resolve));
  const ms = performance.now() - from;
  const waiting = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "pipe" });
  await new Promise((resolve) => setTimeout(resolve, 250));
  const kilobytes = residentOf(waiting.pid);
  waiting.kill("SIGKILL");
  return { ms, kilobytes };
}

function listing(command) {
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
