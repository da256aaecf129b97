// A built server with a probe in it, on HTTP or on standard streams.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const fixtures = join(here, "..", "..", "..", "fixtures");
const probe = ["--expose-gc", "--import", pathToFileURL(join(here, "probe.mjs")).href];

export async function startServer(fixture, transport) {
  const script = join(fixtures, fixture, "dist", "server.js");
  const options = transport === "http" ? ["--transport", "http", "--port", "0"] : [];
  const child = spawn(process.execPath, [...probe, script, ...options], { stdio: ["pipe", "pipe", "pipe", "ipc"] });
  let log = "";
  let ended;
  const exited = new Promise((resolve) =>
    child.once("exit", (code, signal) => resolve((ended = `${code ?? signal}: ${log.slice(-2000)}`))),
  );
  child.stdin.on("error", () => {});
  const listening = new Promise((resolve) =>
    child.stderr.on("data", (chunk) => {
      log = (log + chunk).slice(-10_000);
      const url = /^listening on (\S+)$/m.exec(log)?.[1];
      if (url !== undefined) resolve(new URL(url));
    }),
  );
  const url = transport === "http" ? await Promise.race([listening, exited.then(fail)]) : undefined;
  return {
    name: `${fixture} (${transport})`,
    child,
    url,
    /** Memory after a garbage collection, handles, open files. */
    async sample() {
      if (ended !== undefined) fail(ended);
      const answer = new Promise((resolve) => child.once("message", resolve));
      child.send("sample");
      const told = await Promise.race([answer, exited.then(fail)]);
      return { ...told, files: openFiles(child.pid) };
    },
    async stop() {
      if (transport === "http") child.kill("SIGTERM");
      else child.stdin.end();
      return exited;
    },
  };
}

function fail(ended) {
  throw new Error(`a server ended with ${ended}`);
}

function openFiles(pid) {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return Number.NaN;
  }
}
