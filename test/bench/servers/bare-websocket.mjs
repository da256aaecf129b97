// The bare loop over WebSocket: parses, calls, serialises, and does nothing else.
import { WebSocketServer } from "ws";
import { add } from "../surface.mjs";

process.on("SIGTERM", () => process.exit());

const server = new WebSocketServer({ port: 0, host: "127.0.0.1" }, () => {
  process.stderr.write(`listening on ws://127.0.0.1:${server.address().port}/ws\n`);
});
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const { id, method, params } = JSON.parse(String(data));
    if (id === undefined) return;
    const result = method === "initialize" ? {} : { content: [{ type: "text", text: add(params.arguments) }] };
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
});
