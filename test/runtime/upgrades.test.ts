import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createListener } from "../../runtime/node/http-listener.js";
import { listen } from "../../runtime/node/http-server.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import { options } from "./doors.js";
import { serverWith } from "./surface.js";

const served = { ...options, websocket: { path: "/ws" } };
const wishes = {
  h2c: "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n",
  TLS: "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
};

/** Each way to serve WebSocket beside the rest: the port. */
const hosts = {
  "the built server": async () => {
    const { url, close } = await listen(serverWith({}), served, async () => ({ createUpgrade }));
    onTestFinished(() => void close());
    return Number(new URL(url).port);
  },
  "node:http": async () => {
    const server = serverWith({});
    const http = createServer(createListener(server, served)).on("upgrade", createUpgrade(server, served));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void http.close());
    return (http.address() as AddressInfo).port;
  },
};

test.each(
  Object.entries(hosts).flatMap(([host, start]) =>
    Object.entries(wishes).map(([name, wish]) => [name, host, start, wish] as const),
  ),
)("a request that asks for %s is served as it is, by %s, and so is the next one", async (_name, _host, start, wish) => {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: "é",
    method: "initialize",
    params: { protocolVersion: "2025-11-25" },
  });
  const head = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  const socket = connect(await start(), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let answers = "";
  socket.setEncoding("utf8").on("data", (text: string) => (answers += text));
  socket.write(`${head}${wish}\r\n${body.slice(0, 20)}`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(body.slice(20));
  await expect.poll(() => answers).toMatch(/^HTTP\/1\.1 200 [^]*"id":"é"/);
  answers = "";
  socket.write(`${head}\r\n${body}`);
  await expect.poll(() => answers).toMatch(/^HTTP\/1\.1 200 [^]*"id":"é"/);
});
