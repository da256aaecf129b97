import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createUpgrade } from "../../runtime/node/websocket.js";
import { serverWith } from "./surface.js";

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

test("a WebSocket client that asks and does not read is not heard until it reads; then it gets all answers", async () => {
  const calls = 60;
  const text = "x".repeat(1024 * 1024);
  let begun = 0;
  const server = serverWith({ t: () => ((begun += 1), text) });
  const http = createServer((_request, response) => void response.end());
  const options = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] };
  http.on("upgrade", createUpgrade(server, { ...options, websocket: { path: "/ws" } }));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void http.close());
  const { port } = http.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["mcp"]);
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  socket.pause();
  // What has arrived in one piece is taken: each message is a piece of its own.
  const input = { pad: "y".repeat(100_000) };
  for (let id = 0; id < calls; id += 1) {
    const params = { name: "t", arguments: input, _meta: claim };
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }));
  }
  // The server goes on with everything else, and would have come to every call by now.
  for (let turn = 0; turn < calls; turn += 1) await (await fetch(`http://127.0.0.1:${port}/`)).text();
  expect(begun).toBeLessThan(calls);
  const answered = new Set<number>();
  socket.on("message", (data) => {
    const { id, result } = JSON.parse(String(data));
    if (result.content[0].text.length === text.length) answered.add(id);
  });
  socket.resume();
  while (answered.size < calls) await once(socket, "message");
  expect(begun).toBe(calls);
});
