// A Redis of the measurement's own: nothing on disk, a free port of the loopback address.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { createClient } from "redis";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

export async function startRedis() {
  const port = await freePort();
  const options = { port, bind: "127.0.0.1", dir: tmpdir(), save: "", appendonly: "no" };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (bytes) => String(bytes).includes("Ready to accept connections") && resolve());
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
  });
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  return {
    url,
    pid: child.pid,
    ask: (...command) => client.sendCommand(command),
    async stop() {
      client.destroy();
      process.off("exit", kill);
      const ended = once(child, "exit");
      kill();
      await ended;
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
