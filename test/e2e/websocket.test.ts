import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { serveHttp, serverOf, type Running } from "./clients.js";

let http: Running;
let url: string;
beforeAll(async () => {
  http = await serveHttp(serverOf("everything"));
  url = `ws://${http.url.host}/ws`;
});
afterAll(() => http.stop());

interface Socket {
  readonly socket: WebSocket;
  send(message: unknown): void;
  next(): Promise<any>;
}

async function open(address = url, protocols: string[] = ["mcp"]): Promise<Socket> {
  const socket = new WebSocket(address, protocols);
  const waiting: ((message: any) => void)[] = [];
  const arrived: any[] = [];
  socket.on("message", (data) => {
    const message = JSON.parse(String(data));
    const reader = waiting.shift();
    if (reader) reader(message);
    else arrived.push(message);
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return {
    socket,
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    next: () => new Promise((resolve) => (arrived.length > 0 ? resolve(arrived.shift()) : waiting.push(resolve))),
  };
}

const initialize = (capabilities = {}) => ({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities, clientInfo: { name: "ws", version: "1" } },
});

test("the subprotocol is agreed on; a frame that is no text is answered, and so is what follows", async () => {
  const { socket, send, next } = await open();
  expect(socket.protocol).toBe("mcp");
  socket.send(Buffer.from([1, 2, 3]));
  expect((await next()).error.code).toBe(-32700);
  send(initialize());
  expect((await next()).id).toBe(0);
  socket.close();
});

test("a client that offers the one protocol, as a page does", async () => {
  const socket = new WebSocket(url, "mcp");
  await once(socket, "open");
  socket.send(JSON.stringify(initialize()));
  const [answer] = await once(socket, "message");
  expect(JSON.parse(String(answer)).id).toBe(0);
  socket.close();
});

test.each([
  ["an origin elsewhere", { headers: { origin: "https://evil.example" } }, 403],
  ["another host", { headers: { host: "evil.example" } }, 403],
])("%s is refused", async (_, options, status) => {
  const socket = new WebSocket(url, ["mcp"], options);
  const answered = await new Promise((resolve) =>
    socket.once("unexpected-response", (_request, response) => resolve(response.statusCode)).once("error", () => {}),
  );
  expect(answered).toBe(status);
});

test("another address is not served, and a message that is too long ends the connection, not the server", async () => {
  await expect(open(`ws://${http.url.host}/other`)).rejects.toThrow("404");
  const { socket } = await open();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.send("x".repeat(5 * 1024 * 1024));
  expect(await closed).toBe(1009);
  const again = await open();
  again.send(initialize());
  expect((await again.next()).id).toBe(0);
  again.socket.terminate();
});

test("SIGTERM closes the sockets", async () => {
  const server = await serveHttp(serverOf("everything"));
  const { socket } = await open(`ws://${server.url.host}/ws`);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await server.stop();
  expect([await closed, server.process.exitCode]).toEqual([1001, 0]);
});
