// Requests on a server's standard input, a number of them in flight; answers counted by their line ends, not parsed.
import { spawn } from "node:child_process";

/** Starts a server and returns how to talk to it. Requests are written with ids of their own: `%` is where. */
export function spawned(command) {
  const child = spawn(process.execPath, command, { stdio: ["pipe", "pipe", "inherit"] });
  let answered = () => {};
  child.stdout.on("data", (bytes) => {
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
    answered(bytes);
  });
  let lines = 0;
  let id = 0;
  const write = (text, count) => {
    let all = "";
    for (let index = 0; index < count; index++) all += text.replace("%", String((id += 1)));
    child.stdin.write(all);
  };
  return {
    pid: child.pid,
    /** The line that answers one request. */
    ask: (message) =>
      new Promise((resolve, reject) => {
        let text = "";
        answered = (bytes) => {
          text += bytes;
          if (text.endsWith("\n")) resolve(text);
        };
        child.once("exit", (code) => reject(new Error(`exit ${code}`)));
        child.stdin.write(`${JSON.stringify(message)}\n`);
      }),
    tell: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    /** Keeps `flight` requests waiting for `ms`; how many were answered, and the milliseconds until the last was. */
    burst: (request, flight, ms) =>
      new Promise((resolve) => {
        const text = `${request}\n`;
        const from = performance.now();
        let seen = lines;
        let sent = flight;
        const start = seen;
        answered = () => {
          const fresh = lines - seen;
          if (fresh === 0) return;
          seen = lines;
          if (performance.now() - from < ms) {
            sent += fresh;
            write(text, fresh);
          } else if (lines - start === sent) resolve({ answers: sent, ms: performance.now() - from });
        };
        write(text, flight);
      }),
    close: () => child.kill(),
  };
}
