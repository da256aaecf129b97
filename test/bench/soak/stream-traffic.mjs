// What clients do over WebSocket, HTTP+SSE and standard streams, well and badly.
import * as http from "node:http";
import WebSocket from "ws";
import { initialize, message, pick, send } from "./wire.mjs";

const job = (pages) =>
  message("tools/call", { name: "index_pages", arguments: { pages, msPerPage: 1 } }, { meta: { progressToken: 1 } });
const cancelled = ({ id }) => ({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });

/** A socket that has opened, and what becomes of it; `undefined` when it is refused. */
function open({ archive }) {
  const url = String(archive.url).replace(/^http(.*)mcp$/, "ws$1ws");
  const socket = new WebSocket(url, "mcp");
  const closed = new Promise((resolve) => socket.on("close", resolve).on("error", resolve));
  const opened = new Promise((resolve) => {
    socket.once("open", () => resolve({ socket, closed }));
    void closed.then(() => resolve(undefined));
  });
  return opened;
}

async function withSocket(servers, use) {
  const opened = await open(servers);
  if (opened === undefined) return;
  await use(opened.socket);
  await opened.closed;
}

const answerTo = (socket, { id }) =>
  new Promise((resolve) => {
    socket.on("message", (data) => {
      if (JSON.parse(String(data)).id === id) resolve();
    });
    socket.on("close", resolve);
  });

export const streamTraffic = {
  "a socket": (servers) =>
    withSocket(servers, async (socket) => {
      const request = job(5);
      socket.send(JSON.stringify(request));
      await answerTo(socket, request);
      socket.close();
    }),
  "a socket with a session, which cancels": (servers) =>
    withSocket(servers, async (socket) => {
      const opening = initialize();
      socket.send(JSON.stringify(opening));
      await answerTo(socket, opening);
      const request = job(1000);
      socket.send(JSON.stringify(request));
      socket.send(JSON.stringify(cancelled(request)));
      socket.close();
    }),
  "a socket that breaks in the middle of a call": (servers) =>
    withSocket(servers, async (socket) => {
      socket.send(JSON.stringify(job(1000)));
      await new Promise((resolve) => socket.once("message", resolve).once("close", resolve));
      socket.terminate();
    }),
  "a socket full of garbage": (servers) =>
    withSocket(servers, (socket) => {
      socket.send(pick("{", "[]", Buffer.from([1, 2, 3]), "x".repeat(200_000)));
      setTimeout(() => socket.terminate(), 50);
    }),
  "a stream of HTTP+SSE": ({ archive }) =>
    new Promise((resolve) => {
      const request = http.get(new URL("/sse", archive.url), (response) => {
        let text = "";
        response.on("error", () => {});
        response.on("close", resolve);
        response.setEncoding("utf8").on("data", (chunk) => {
          const first = text === "";
          text += chunk;
          const path = /^data: (\S+)$/m.exec(text)?.[1];
          if (!first || path === undefined) return;
          const target = new URL(path, archive.url);
          void send(target, { body: initialize() })
            .then(() =>
              send(target, {
                body: message(
                  "tools/call",
                  { name: "index_pages", arguments: { pages: pick(1, 500), msPerPage: 1 } },
                  { legacy: true },
                ),
              }),
            )
            .then(() => setTimeout(() => request.destroy(), pick(0, 50)));
        });
      });
      request.on("error", resolve);
    }),
  "lines on standard streams": ({ streams }) =>
    new Promise((resolve) => {
      const requests = Array.from({ length: 5 }, () =>
        message("tools/call", { name: "get_rate", arguments: { currency: "EUR", unit: pick("USD", "GBP", "XXX") } }),
      );
      streams.child.stdin.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(""), resolve);
    }),
  "garbage on standard streams": ({ streams }) =>
    new Promise(
      (resolve) =>
        void streams.child.stdin.write(pick("{\n", "\n\n", "[]\n", '"\u0000"\n', "x".repeat(10_000) + "\n"), resolve),
    ),
  "a cancelled line on standard streams": ({ streams }) =>
    new Promise((resolve) => {
      const request = message("resources/read", { uri: "rates://EUR/dollars" });
      streams.child.stdin.write(`${JSON.stringify(request)}\n${JSON.stringify(cancelled(request))}\n`, resolve);
    }),
};
