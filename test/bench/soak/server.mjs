// A built server with a probe in it, on HTTP or on standard streams.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "../project.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const fixtures = join(here, "..", "..", "..", "fixtures");
const preload = (name) => ["--import", pathToFileURL(join(here, `${name}.mjs`)).href];

/** Looks, and pauses between them, until a server is taken to have come to rest. */
const mostLooks = 100;
const lookMs = 100;

/**
 * Builds a fixture, or a copy of it in `folder`, and starts it. `leak`: what the server is to hold on to with every
 * request, to show that it is found out.
 */
export async function startServer(
  fixture,
  transport,
  { env = {}, leak, folder = join(fixtures, fixture), name = `${fixture} (${transport})` } = {},
) {
  build(folder);
  const script = join(folder, "dist", "server.js");
  const options = transport === "http" ? ["--transport", "http", "--port", "0"] : [];
  const node = ["--expose-gc", ...preload("probe"), ...(leak === undefined ? [] : preload("leak"))];
  const child = spawn(process.execPath, [...node, script, ...options], {
    stdio: ["pipe", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...env, ...(leak !== undefined && { SOAK_LEAK: leak }) },
  });
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

  async function look() {
    if (ended !== undefined) fail(ended);
    const answer = new Promise((resolve) => child.once("message", resolve));
    child.send("sample");
    return { ...(await Promise.race([answer, exited.then(fail)])), files: openFiles(child.pid) };
  }

  return {
    name,
    child,
    url,
    /** Memory after a garbage collection, handles, open files: once nobody calls, and the last connection is closed. */
    async sample() {
      let before = await look();
      let least = before;
      for (let looks = 0; looks < mostLooks; looks += 1) {
        await new Promise((resolve) => setTimeout(resolve, lookMs));
        const now = await look();
        if (now.handles < least.handles || now.files < least.files) least = now;
        // Twice the same, and nothing that is about to be closed.
        if (now.handles === before.handles && now.files === before.files && looks >= 4) return now;
        before = now;
      }
      return least;
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
    // Where the system does not tell, they are the same all the time.
    return 0;
  }
}
