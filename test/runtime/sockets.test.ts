import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { listen } from "../../runtime/node/http-server.js";
import { createUpgrade } from "../../runtime/node/websocket.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { options } from "./doors.js";
import { claim } from "./many-callers.js";
import { serverWith } from "./surface.js";

/** One address takes what it can, another one is honest: both are this machine, on Linux. */
const [greedy, honest] = ["127.0.0.1", "127.0.0.2"] as const;
const megabyte = 1024 * 1024;
const served: HttpOptions = { ...options, host: "0.0.0.0", websocket: { path: "/ws" } };

interface Place {
  readonly server: Server;
  readonly port: number;
}

/** The built server's own way to serve, with tools that answer long, or never. */
async function place(maxKeptBytes: number, more: Partial<HttpOptions> = {}): Promise<Place> {
  const tools = {
    say: () => "said",
    long: ({ length }: any) => "x".repeat(length as number),
    never: (_: unknown, { signal }: any) =>
      new Promise((_, reject) => void signal.addEventListener("abort", () => reject(signal.reason))),
  };
  const { surface, definition } = serverWith(tools as never);
  const server = defineServer({ ...surface, maxKeptBytes }, definition.handlers, () => ({ logger: () => {} }));
  const listening = await listen(server, { ...served, ...more }, async () => ({ createUpgrade }));
  onTestFinished(() => listening.close());
  return { server, port: Number(new URL(listening.url).port) };
}

/** Waits for something that the network brings about. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function open(port: number, from: string): Promise<Socket> {
  const socket = connect({ port, host: from, localAddress: from }).on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

const call = (name: string, input: object = {}): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: input, _meta: claim } });

const head = (name: string, length: number): string =>
  [
    "POST /mcp HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    `Content-Length: ${length}`,
    ...["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", `Mcp-Name: ${name}`, "", ""],
  ].join("\r\n");

const message = (name: string, input?: object): string => {
  const body = call(name, input);
  return head(name, body.length) + body;
};

/** Calls a tool on a connection of its own; resolves with the status and the length of the answer. */
function ask(
  { port }: Place,
  from: string,
  name: string,
  input: object = {},
): Promise<[status: number, length: number]> {
  const headers = {
    ...{ "content-type": "application/json", "mcp-protocol-version": "2026-07-28" },
    ...{ "mcp-method": "tools/call", "mcp-name": name, connection: "close" },
  };
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: from, localAddress: from, method: "POST", path: "/mcp", headers, agent: false });
    sent.on("error", reject).on("response", (response: IncomingMessage) => {
      let length = 0;
      response.on("data", (chunk: Buffer) => (length += chunk.length));
      response.on("end", () => resolve([response.statusCode!, length]));
    });
    sent.end(call(name, input));
  });
}

async function empties({ server }: Place): Promise<void> {
  await until(() => server.ledger.count() === 0);
  expect([server.ledger.bytes, server.running.size, server.subscribers.size]).toEqual([0, 0, 1]);
}

describe.runIf(process.platform === "linux")("over connections of two addresses", () => {
  test("uploads that stall shut out nobody else, and leave nothing behind", async () => {
    const here = await place(4 * megabyte);
    const { ledger } = here.server;
    const uploads = await Promise.all(Array.from({ length: 12 }, () => open(here.port, greedy)));
    const refused = uploads.map((socket) => once(socket, "data").then(([chunk]) => String(chunk)));
    for (const socket of uploads) socket.write(head("say", megabyte) + "x".repeat(0.9 * megabyte));
    await until(() => ledger.bytes > 3.5 * megabyte);
    expect(await ask(here, honest, "say", { text: "x".repeat(megabyte / 2) })).toEqual([200, expect.any(Number)]);
    expect(ledger.bytes).toBeLessThanOrEqual(4 * megabyte);
    // The uploads that went first.
    expect(await Promise.any(refused)).toMatch(/^HTTP\/1.1 503 [^]*no room for this body/);
    for (const socket of uploads) socket.destroy();
    await empties(here);
  });

  test("an upload that others need the room of may be sent anew on its connection", async () => {
    const here = await place(2 * megabyte);
    const stalled = await open(here.port, greedy);
    const [length, sent] = [Math.floor(1.9 * megabyte), Math.floor(1.8 * megabyte)];
    stalled.write(head("say", length) + "x".repeat(sent));
    await until(() => here.server.ledger.bytes > 1.7 * megabyte);
    const refusal = once(stalled, "data");
    expect(await ask(here, honest, "say", { text: "x".repeat(megabyte / 4) })).toEqual([200, expect.any(Number)]);
    expect(String(await refusal)).toMatch(/^HTTP\/1.1 503 [^]*retry-after: 1/);
    const next = once(stalled, "data");
    stalled.write("x".repeat(length - sent) + message("say"));
    expect(String((await next)[0])).toMatch(/^HTTP\/1.1 200 [^]*said/);
    stalled.destroy();
    await empties(here);
  });

  test("answers that nobody reads shut out nobody else, and leave nothing behind", async () => {
    const here = await place(20 * megabyte);
    const { ledger } = here.server;
    const deaf = await Promise.all(Array.from({ length: 5 }, () => open(here.port, greedy)));
    let closed = 0;
    for (const socket of deaf) socket.pause().on("close", () => (closed += 1));
    await until(() => ledger.count("connection") === deaf.length);
    for (const socket of deaf) socket.write(message("long", { length: 6 * megabyte }));
    // There is room for a few of them.
    await until(() => ledger.count("connection") < deaf.length);
    expect(ledger.bytes).toBeGreaterThan(7 * megabyte);
    const wanted = 4 * megabyte;
    const [status, length] = await ask(here, honest, "long", { length: wanted });
    expect([status, length > wanted]).toEqual([200, true]);
    for (const socket of deaf) socket.destroy();
    await until(() => closed === deaf.length);
    await empties(here);
  });

  test("a connection on which calls without end pile up is closed, and leaves nothing behind", async () => {
    const here = await place(64 * megabyte);
    const socket = await open(here.port, greedy);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(message("never").repeat(200));
    await closed;
    await empties(here);
  });

  /** What a connection does until a new one comes; the oldest first. `idle`: it had an answer, and is kept alive. */
  const kinds = {
    idle: async (here: Place, from: string) => {
      const socket = await open(here.port, from);
      socket.write(message("say"));
      await once(socket, "data");
      return socket;
    },
    silent: (here: Place, from: string) => open(here.port, from),
    call: async (here: Place, from: string) => {
      const socket = await open(here.port, from);
      const running = here.server.running.size;
      socket.write(message("never"));
      await until(() => here.server.running.size > running);
      return socket;
    },
    upload: async (here: Place, from: string) => {
      const socket = await open(here.port, from);
      const before = here.server.ledger.bytes;
      socket.write(head("say", megabyte) + "x".repeat(8192));
      await until(() => here.server.ledger.bytes > before);
      return socket;
    },
    websocket: async (here: Place, from: string) => {
      const client = new WebSocket(`ws://${from}:${here.port}/ws`, ["mcp"], { localAddress: from });
      await once(client, "open");
      return (client as unknown as { readonly _socket: Socket })._socket;
    },
  } satisfies Record<string, (here: Place, from: string) => Promise<Socket>>;

  /** Connections in the order of their begin, and the number of the one that closes for a new one. */
  const rows: readonly (readonly [held: string, newcomer: string, closes: number])[] = [
    ["greedy call, greedy idle, greedy call", honest, 1],
    ["greedy call, greedy idle, greedy idle", honest, 1],
    ["greedy websocket, greedy idle", honest, 1],
    ["greedy upload, greedy call, greedy silent", honest, 2],
    ["honest idle, greedy call, greedy idle, greedy call", honest, 2],
    // Nobody loses anything to an address that would then hold as much.
    ["honest idle, greedy call, greedy idle", honest, 0],
    ["greedy call, greedy idle, greedy call", greedy, 1],
    ["greedy call, greedy call, greedy upload", honest, 0],
  ];
  test.each(rows)("%s: a new connection of %s closes number %i", async (held, newcomer, closes) => {
    const all = held.split(", ").map((one) => one.split(" ") as ["greedy" | "honest", keyof typeof kinds]);
    const here = await place(64 * megabyte, { maxConnections: all.length });
    const sockets: Socket[] = [];
    const closed: number[] = [];
    for (const [index, [who, kind]] of all.entries()) {
      const socket = await kinds[kind](here, { greedy, honest }[who]);
      socket.on("close", () => closed.push(index)).on("error", () => {});
      sockets.push(socket);
    }
    await until(() => here.server.ledger.count("connection") === all.length);
    expect((await ask(here, newcomer, "say"))[0]).toBe(200);
    await until(() => closed.length > 0);
    expect(closed).toEqual([closes]);
    for (const socket of sockets) socket.destroy();
    await empties(here);
  });

  test("calls over WebSocket that never end shut out nobody else, and leave nothing behind", async () => {
    const here = await place(4 * megabyte);
    const { ledger } = here.server;
    const client = async (from: string) => {
      const socket = new WebSocket(`ws://${from}:${here.port}/ws`, ["mcp"], { localAddress: from });
      onTestFinished(() => socket.terminate());
      const answers: any[] = [];
      socket.on("message", (data) => answers.push(JSON.parse(String(data))));
      await once(socket, "open");
      const send = (id: number, name: string, length: number): void => {
        const input = { text: "x".repeat(length) };
        socket.send(call(name, input).replace('"id":1', `"id":${id}`));
      };
      return { socket, answers, send };
    };
    const one = await client(greedy);
    one.send(0, "say", 200_000);
    // What has its answer is booked no more.
    await until(() => one.answers.length > 0 && ledger.count("body") === 0);
    for (let id = 1; id <= 60; id += 1) one.send(id, "never", 200_000);
    await until(() => one.answers.length > 1);
    expect(one.answers[1]).toMatchObject({ error: { code: -32603, message: expect.stringContaining("no room") } });
    expect(ledger.bytes).toBeGreaterThan(3 * megabyte);
    const other = await client(honest);
    other.send(1, "say", 300_000);
    await until(() => other.answers.length > 0);
    expect(other.answers).toMatchObject([{ id: 1, result: { content: [{ text: "said" }] } }]);
    expect(ledger.bytes).toBeLessThanOrEqual(4 * megabyte);
    one.socket.terminate();
    other.socket.terminate();
    await empties(here);
  });
});
