import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { publish } from "../../../runtime/protocol/changes.js";
import type { Server } from "../../../runtime/protocol/exchange.js";

export interface World {
  readonly server: Server;
  readonly url: URL;
}

/** One client that behaves badly, from its first byte to its last. */
export interface Scenario {
  readonly name: string;
  readonly times: number;
  /** Not beside others of its kind. */
  readonly alone?: true;
  run(world: World): Promise<void>;
}

const both = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  progressToken: "p",
};

interface Exchange {
  readonly outgoing: ClientRequest;
  readonly incoming: IncomingMessage;
}

/** A request on a connection of its own, as soon as its answer begins. */
function exchange(url: URL, method: string, headers: object, body?: object): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { ...headers }, agent: false }, (incoming) => {
      incoming.on("error", () => {});
      resolve({ outgoing, incoming });
    });
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const send = (url: URL, message: object, headers: object = {}): Promise<Exchange> =>
  exchange(url, "POST", { ...both, ...headers }, { jsonrpc: "2.0", id: 1, ...message });

function modern(url: URL, method: string, params: Record<string, unknown>): Promise<Exchange> {
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(params["name"] !== undefined && { "mcp-name": params["name"] }),
  };
  return send(url, { method, params: { ...params, _meta: claim } }, headers);
}

/** Until this text has come, or the end. */
function until({ incoming }: Exchange, text: string): Promise<void> {
  let seen = "";
  return new Promise((resolve) => {
    incoming.setEncoding("utf8").on("data", (piece: string) => {
      seen += piece;
      if (seen.includes(text)) resolve();
    });
    incoming.on("close", resolve);
  });
}

async function ended(one: Exchange): Promise<void> {
  const closed = new Promise((resolve) => one.incoming.once("close", resolve));
  one.incoming.resume();
  await closed;
}

function hangUp({ outgoing }: Exchange): Promise<void> {
  const closed = new Promise<void>((resolve) => outgoing.once("close", () => resolve()));
  outgoing.on("error", () => {});
  outgoing.destroy();
  return closed;
}

async function openSession(url: URL): Promise<object> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: { elicitation: {} },
    clientInfo: { name: "leaks", version: "1" },
  };
  const opened = await send(url, { method: "initialize", params });
  await ended(opened);
  return { "mcp-session-id": opened.incoming.headers["mcp-session-id"] };
}

async function inSession(url: URL, act: (session: object) => Promise<void>): Promise<void> {
  const session = await openSession(url);
  const standing = await exchange(url, "GET", { ...session, accept: "text/event-stream" });
  standing.incoming.resume();
  await act(session);
  await ended(await exchange(url, "DELETE", session));
}

const call = (name: string) => ({ method: "tools/call", params: { name, _meta: { progressToken: "p" } } });
const waiting = { jsonrpc: "2.0", id: 1, ...call("wait") };
const initialize = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "leaks", version: "1" } },
};

export const scenarios: readonly Scenario[] = [
  {
    name: "a client of 2026-07-28 that disconnects in the middle of a call",
    times: 300,
    async run({ url }) {
      const one = await modern(url, "tools/call", { name: "wait" });
      await until(one, "notifications/progress");
      await hangUp(one);
    },
  },
  {
    name: "a client of a session that disconnects in the middle of a call, and ends its session",
    times: 200,
    run: ({ url }) =>
      inSession(url, async (session) => {
        const one = await send(url, call("wait"), session);
        await until(one, "notifications/progress");
        await hangUp(one);
      }),
  },
  {
    name: "a client that is asked and ends its session instead of answering",
    times: 200,
    run: ({ url }) =>
      inSession(url, async (session) => {
        await until(await send(url, call("ask"), session), "elicitation/create");
      }),
  },
  {
    name: "a subscription that is opened and closed",
    times: 1000,
    async run({ url }) {
      const one = await modern(url, "subscriptions/listen", { notifications: { toolsListChanged: true } });
      await until(one, "acknowledged");
      await hangUp(one);
    },
  },
  {
    name: "a client that never reads",
    times: 10,
    alone: true,
    async run({ server, url }) {
      const before = server.subscribers.size;
      const one = await modern(url, "subscriptions/listen", { notifications: { toolsListChanged: true } });
      const closed = new Promise((resolve) => one.outgoing.once("close", resolve));
      // It is dropped long before; were it not, this must come to an end all the same.
      for (let round = 0; round < 2000 && server.subscribers.size > before; round += 1) {
        for (let count = 0; count < 500; count += 1) publish(server, { kind: "tools" });
        await new Promise(setImmediate);
      }
      one.outgoing.destroy();
      await closed;
    },
  },
  {
    name: "a handler that throws after the first progress",
    times: 500,
    run: async ({ url }) => ended(await modern(url, "tools/call", { name: "throw" })),
  },
  {
    name: "a handler that ends before its time is up",
    times: 500,
    run: async ({ url }) => ended(await modern(url, "tools/call", { name: "soon" })),
  },
  {
    name: "a client of HTTP+SSE that disconnects in the middle of a call",
    times: 200,
    async run({ url }) {
      const stream = await exchange(new URL("/sse", url), "GET", { accept: "text/event-stream" });
      let text = "";
      const arrived = (part: RegExp): Promise<RegExpExecArray> =>
        new Promise((resolve) => {
          const look = (): void => {
            const found = part.exec(text);
            if (found) resolve(found);
            else stream.incoming.once("data", look);
          };
          look();
        });
      stream.incoming.setEncoding("utf8").prependListener("data", (piece: string) => (text += piece));
      const endpoint = new URL((await arrived(/data: (messages\S+)/))[1]!, new URL("/sse", url));
      for (const message of [initialize, waiting]) await ended(await exchange(endpoint, "POST", both, message));
      await arrived(/notifications\/progress/);
      await hangUp(stream);
    },
  },
  {
    name: "a client of WebSocket that disconnects in the middle of a call",
    times: 200,
    async run({ url }) {
      const socket = new WebSocket(`ws://${url.host}/ws`, ["mcp"]);
      await new Promise((resolve) => socket.once("open", resolve));
      const progress = new Promise<void>((resolve) =>
        socket.on("message", (data) => String(data).includes("notifications/progress") && resolve()),
      );
      socket.send(JSON.stringify(initialize));
      socket.send(JSON.stringify(waiting));
      await progress;
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.terminate();
      await closed;
    },
  },
];

/** Ten calls that have begun; what each is answered. */
export async function tenCalls({ url }: World): Promise<readonly Promise<string>[]> {
  const running = await Promise.all(Array.from({ length: 10 }, () => modern(url, "tools/call", { name: "finish" })));
  return running.map(
    ({ incoming }) =>
      new Promise((resolve) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        incoming.on("end", () => resolve(text));
      }),
  );
}
