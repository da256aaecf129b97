// What an adversary does at each door, again and again. Each is a function of the server's URL that resolves when it is
// over; whatever it opens stays open, unread, until `release` is called.
import * as http from "node:http";
import { connect } from "node:net";
import WebSocket from "ws";

/** Another address of this machine than that of the honest clients: another caller. */
export const address = "127.0.0.66";
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const big = "x".repeat(4_000_000);
const claims = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};
/** Nearly as many as a message may have, each another: what takes the longest to parse. */
const names = Array.from({ length: 9_900 }, (_, at) => `"name ${at}":0`).join(",");
let id = 0;
const message = (method, params) => ({ jsonrpc: "2.0", id: (id += 1), method, params });
const modern = (method, params) => message(method, { ...params, _meta: claims });
const modernHeaders = ({ method, params }) => ({
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": method,
  ...(params.name !== undefined && { "mcp-name": params.name }),
});

/** What is held open, oldest first; beyond `most` the oldest is let go, as an adversary with few files would. */
const held = [];
const most = 3000;
function hold(thing) {
  held.push(thing);
  if (held.length > most) held.shift().destroy();
}
export function release() {
  for (const thing of held.splice(0)) thing.destroy();
  agent.destroy();
}

/** Sends one request. `unread`: leaves the answer unread and the connection open. */
function send(url, body, { method = "POST", headers = {}, unread = false } = {}) {
  return new Promise((resolve) => {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const request = http.request(url, {
      method,
      localAddress: address,
      agent: unread ? false : agent,
      headers: {
        ...(text !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
        accept: "application/json, text/event-stream",
        ...headers,
      },
    });
    request.on("error", () => resolve({}));
    request.on("response", (response) => {
      response.on("error", () => {});
      const session = response.headers["mcp-session-id"];
      if (unread) {
        hold(request);
        return resolve({ session, status: response.statusCode });
      }
      response.resume().on("close", () => resolve({ session, status: response.statusCode }));
    });
    request.end(text);
  });
}

const initialize = (clientInfo = { name: "eve", version: "1" }) =>
  message("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
const open = async (url) => {
  const { session } = await send(url, initialize());
  return { "mcp-session-id": session ?? "none", "mcp-protocol-version": "2025-11-25" };
};

/** Opens a socket of its own, sends some bytes, and leaves it. */
function raw(url, ...pieces) {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(url.port), host: url.hostname, localAddress: address });
    socket.on("error", () => resolve()).on("close", () => resolve());
    socket.on("connect", () => {
      for (const piece of pieces) socket.write(piece);
      hold(socket);
      setTimeout(resolve, 20);
    });
  });
}

const head = (url, path, length) =>
  `POST ${path} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\ncontent-length: ${length}\r\n\r\n`;
const nested = (depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

export const doors = {
  "initialize, refused": (url) => send(url, message("initialize", {})),
  "initialize with a large clientInfo": (url) => send(url, initialize({ name: big, version: "1" })),
  "initialize, left": (url) => send(url, initialize()),
  "sessions with many subscriptions": async (url) => {
    const headers = await open(url);
    for (let at = 0; at < 200; at += 1)
      await send(url, message("resources/subscribe", { uri: `target://item/${at}${"y".repeat(1900)}` }), { headers });
  },
  "session streams, unread": async (url) => {
    const headers = await open(url);
    return send(url, undefined, { method: "GET", headers, unread: true });
  },
  "session logs": async (url) => {
    const headers = await open(url);
    const call = message("tools/call", {
      name: "flood",
      arguments: { events: 2000, size: 1_000_000 },
      _meta: { progressToken: 1 },
    });
    return send(url, call, { headers, unread: true });
  },
  "HTTP+SSE streams": (url) => send(new URL("/sse", url), undefined, { method: "GET", unread: true }),
  "upgrades, refused": (url) =>
    raw(url, `GET /nowhere HTTP/1.1\r\nhost: ${url.host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`),
  "sockets, unread": (url) =>
    new Promise((resolve) => {
      const socket = new WebSocket(String(url).replace(/^http(.*)mcp$/, "ws$1ws"), "mcp", { localAddress: address });
      socket.on("error", resolve).on("close", resolve);
      socket.on("open", () => {
        hold({ destroy: () => socket.terminate() });
        socket.pause();
        for (let at = 0; at < 4; at += 1)
          socket.send(JSON.stringify(modern("tools/call", { name: "echo", arguments: { text: big.slice(0, 1e6) } })));
        setTimeout(resolve, 50);
      });
    }),
  "tool events with large arguments": (url) =>
    send(new URL("/mcp/tools/echo/sse", url), JSON.stringify({ texts: big }), {}),
  "tool events, flooded": (url) =>
    send(new URL("/mcp/tools/flood/sse", url), { events: 10_000, size: 1_000_000 }, { unread: true }),
  "tasks with large parameters": (url) => {
    const body = modern("tools/call", { name: "job", arguments: { ms: 60_000, more: big.slice(0, 1_000_000) } });
    return send(url, body, { headers: modernHeaders(body) });
  },
  "tasks that end at once": (url) => {
    const body = modern("tools/call", { name: "job", arguments: { ms: 0 } });
    return send(url, body, { headers: modernHeaders(body) });
  },
  "subscriptions, left": (url) => {
    const body = modern("subscriptions/listen", { notifications: { toolsListChanged: true } });
    return send(url, body, { headers: modernHeaders(body), unread: true });
  },
  "bodies under way": (url) => raw(url, head(url, "/mcp", 4_190_000), big),
  "heads under way": (url) => raw(url, "POST /mcp HTTP/1.1\r\nhost: "),
  "deep values": (url) => send(url, `{"jsonrpc":"2.0","id":1,"method":"ping","params":${nested(500_000)}}`),
  "too many values": (url) =>
    send(url, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[${"{},".repeat(900_000)}0]}}`),
  "many numbers": (url) =>
    send(url, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[${"1,".repeat(249_000)}0]}}`),
  "many names": (url) => send(url, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{${names}}}`),
  "large answers, unread": (url) => {
    const body = modern("tools/call", { name: "echo", arguments: { text: big.slice(0, 3_000_000) } });
    return send(url, body, { headers: modernHeaders(body), unread: true });
  },
};
