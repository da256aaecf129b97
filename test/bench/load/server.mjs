// Starts a server that says on standard error where it listens.
import { spawn } from "node:child_process";

export function serving(command, env = {}) {
  const child = spawn(process.execPath, command, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr.on("data", (bytes) => {
      text += bytes;
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
      if (port) resolve({ port, pid: child.pid, close: () => child.kill() });
    });
    child.once("exit", (code) => reject(new Error(`exit ${code}: ${text}`)));
  });
}
