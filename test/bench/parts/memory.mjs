// The heap, after garbage collection, that each of a thousand idle sessions and open streams adds to a server.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { once, post } from "../load/http.mjs";
import { built, here } from "../project.mjs";
import { inEra, initialize, initialized } from "../surface.mjs";

const limits = { maxSessions: 5000, maxSubscriptions: 5000, maxConnections: 5000 };
const manifest = {
  runtime: { transports: { http: {} }, limits },
  resources: [{ uri: "bench://watched", name: "watched", text: "Watched.", subscribe: true }],
};
const version = "2025-11-25";

export async function measure({ quick }) {
  const count = quick ? 200 : 1000;
  const mcpc = [built(10, manifest), "--transport", "http", "--port", "0"];
  const peer = (name, ...args) => [join(here, "peers", `${name}.mjs`), "10", ...args];
  const servers = {
    mcpc: { command: mcpc, things: ["session", "stream of a session", "subscription"] },
    "SDK 1.x": { command: peer("sdk1", "sessions"), things: ["session", "stream of a session"] },
    "SDK 2.x": { command: peer("sdk2", "stateless"), things: ["subscription"] },
    "mcp-use": { command: peer("mcp-use"), things: ["subscription"] },
  };
  const rows = [];
  for (const [name, { command, things }] of Object.entries(servers)) {
    const bytes = await bytesOf(command, things, count);
    for (const thing of things) rows.push({ what: names[thing], name, value: bytes[thing], unit: "bytes" });
  }
  return rows.toSorted((one, other) => titles.indexOf(one.what) - titles.indexOf(other.what));
}

const names = {
  session: "heap of an idle session",
  "stream of a session": "heap of an open stream of a session, beside it",
  subscription: "heap of an open subscription of 2026-07-28",
};
const titles = Object.values(names);

/** The bytes that each of `count` things adds to the heap of a server. */
export async function bytesOf(command, things, count) {
  const server = await started(command);
  const sessions = [];
  const sockets = [];
  const make = {
    session: async () => void sessions.push(await session(server.port)),
    "stream of a session": async () => void sockets.push(await stream(server.port, get(server.port, sessions.pop()))),
    subscription: async () => void sockets.push(await stream(server.port, listen(server.port))),
  };
  try {
    const bytes = {};
    // The first ones compile code and fill tables, and each stream takes a session that is there.
    for (const thing of things) await times(20, make[thing]);
    for (const thing of things) {
      const before = await server.heap();
      await times(count, make[thing]);
      bytes[thing] = ((await server.heap()) - before) / count;
    }
    return bytes;
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function times(count, make) {
  for (let index = 0; index < count; index += 1) await make();
}

async function session(port) {
  const { head } = await once(port, post(port, "/mcp", initialize));
  const id = /mcp-session-id: *(\S+)/i.exec(head)[1];
  await once(port, post(port, "/mcp", initialized, { "mcp-session-id": id, "mcp-protocol-version": version }));
  return id;
}

function get(port, id) {
  const headers = { host: `127.0.0.1:${port}`, accept: "text/event-stream", "mcp-session-id": id };
  const lines = Object.entries({ ...headers, "mcp-protocol-version": version }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `GET /mcp HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

function listen(port) {
  const params = inEra("modern", { notifications: { toolsListChanged: true } });
  const message = { jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params };
  return post(port, "/mcp", message, { "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" });
}

/** Opens a stream, and resolves when its head has come. */
function stream(port, request) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }).on("error", reject);
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
      if (!text.includes("\r\n\r\n")) return;
      if (/^HTTP\/1\.1 200[^]*text\/event-stream/i.test(text)) resolve(socket);
      else reject(new Error(text));
    });
    socket.write(request);
  });
}

/** Starts a server that says, when asked, how large its heap is after a garbage collection. */
function started(command) {
  const probe = join(here, "soak", "probe.mjs");
  const child = spawn(process.execPath, ["--expose-gc", "--import", probe, ...command], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const heap = () =>
    new Promise((resolve) => {
      child.once("message", ({ heap, external }) => resolve(heap + external));
      child.send("sample");
    });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr.on("data", (bytes) => {
      text += bytes;
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
      if (port) resolve({ port, heap, close: () => child.kill() });
    });
    child.once("exit", (code) => reject(new Error(`exit ${code}: ${text}`)));
  });
}
