import { spawn } from "node:child_process";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { serverOf } from "../clients.js";
import { changeOf, changes, uri } from "./cases/changes.js";
import { clientOf, isAnswer, modernVersion, versions, type Client } from "./client.js";
import { running, stopAll, transports } from "./transports.js";

afterAll(stopAll);

interface Listener {
  readonly name: string;
  readonly client: Client;
  /** Its subscription, where the revision has such. */
  readonly id: string | undefined;
}

const wanted = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: [uri],
};

/** A client of every revision on every transport of one process, each of which wants to hear of everything. */
async function everybody(): Promise<Listener[]> {
  const pairs = transports
    .filter(({ together }) => together)
    .flatMap((transport) => versions.map((version) => ({ transport, version })))
    .filter(({ transport, version }) => transport.without?.(version) === undefined);
  return Promise.all(
    pairs.map(async ({ transport, version }, index): Promise<Listener> => {
      const name = `${transport.name} ${version}`;
      const client = await clientOf(await transport.open(), version);
      if (!client.modern) {
        await client.request("resources/subscribe", { uri });
        return { name, client, id: undefined };
      }
      const id = `subscription ${index}`;
      client.start("subscriptions/listen", { notifications: wanted }, {}, id);
      await client.told("notifications/subscriptions/acknowledged");
      return { name, client, id };
    }),
  );
}

test("what one client causes, all others hear, whatever their transport and revision, as their revision wants it", async () => {
  const listeners = await everybody();
  expect(listeners).toHaveLength(14);
  for (const { client: causing } of listeners)
    for (const by of ["handler", "hooks"])
      for (const [what, method] of Object.entries(changes)) {
        await causing.call("change", { what, by });
        const heard = await Promise.all(listeners.map(async ({ name, client }) => [name, await client.told(method)]));
        expect(heard).toEqual(listeners.map(({ name, id }) => [name, changeOf(what, method, id)]));
      }
  for (const { client } of listeners) {
    await client.settled();
    expect(client.link.received).toEqual([]);
    await client.link.close();
  }
});

const withSessions = transports.filter(({ sessionless }) => sessionless === undefined);
const hasty = withSessions.flatMap((transport) =>
  versions
    .filter((version) => version !== modernVersion)
    .map((version) => [transport.name, version, transport] as const),
);

// 2025-11-25, lifecycle: before it has heard that the client is ready, a server sends pings and log messages alone.
test.each(hasty)(
  "%s, %s: changes between initialize and notifications/initialized are kept, and told then, each once",
  async (_name, version, transport) => {
    const link = await transport.open();
    let last = 0;
    const request = (method: string, params: object): Promise<any> => {
      link.send({ jsonrpc: "2.0", id: (last += 1), method, params });
      return link.take(isAnswer(last));
    };
    const clientInfo = { name: "hasty", version: "1.0.0" };
    await request("initialize", { protocolVersion: version, capabilities: {}, clientInfo });
    await request("resources/subscribe", { uri });
    const kept = ["tools", "watched"] as const;
    for (const what of [...kept, ...kept]) {
      const input = { what, by: "hooks" };
      expect((await request("tools/call", { name: "change", arguments: input })).error).toBeUndefined();
    }
    expect((await request("ping", {})).result).toEqual({});
    expect(link.received).toEqual([]);
    link.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    for (const what of kept) {
      const method = changes[what];
      expect(await link.take((message) => message.method === method)).toEqual(changeOf(what, method));
    }
    await request("tools/call", { name: "change", arguments: { what: "prompts" } });
    expect(await link.take((message) => message.method === changes.prompts)).toEqual(
      changeOf("prompts", changes.prompts),
    );
    expect(link.received).toEqual([]);
    await link.close();
  },
);

test("who does not read is dropped, and nobody waits for it", async () => {
  const { url } = await running();
  const sessions = transports.find(({ name }) => name === "Streamable HTTP")!;
  // A session whose stream is opened here, and not read.
  const opened = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 0,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "deaf", version: "1.0.0" } },
    }),
  });
  const headers = { "mcp-session-id": opened.headers.get("mcp-session-id")!, accept: "text/event-stream" };
  await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
  });
  const deaf = request(url, { headers, agent: false }).end();
  deaf.on("error", () => {});
  onTestFinished(() => void deaf.destroy());
  const [unread] = (await once(deaf, "response")) as [IncomingMessage];
  unread.on("error", () => {});

  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://${url.host}/ws`, ["mcp"]);
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    const params = {
      notifications: { toolsListChanged: true },
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    };
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: "s", method: "subscriptions/listen", params }));
    expect(String((await once(socket, "message"))[0])).toContain("acknowledged");
    return socket;
  };
  const [idle, reading] = [await open(), await open()];
  idle.pause();
  let heard = 0;
  let enough = (): void => {};
  reading.on("message", () => {
    heard += 1;
    enough();
  });
  const causing = await clientOf(await sessions.open(), "2026-07-28");
  const times = 5000;
  let told = 0;
  const flood = async (): Promise<void> => {
    await causing.call("change", { what: "tools", times });
    told += times;
    if (heard < told) await new Promise<void>((resolve) => (enough = () => heard >= told && resolve()));
  };
  // Far more than the server and the system together keep for a client that does not read.
  while (told < 250_000) await flood();
  const dropped = new Promise((resolve) => unread.on("close", resolve));
  unread.resume();
  await dropped;
  expect(unread.complete).toBe(false);
  const closed = once(idle, "close");
  idle.resume();
  expect((await closed)[0]).toBe(1006);
  expect(heard).toBe(told);
  await causing.link.close();
});

const oneLine = transports.filter(({ name }) => ["stdio", "HTTP+SSE", "WebSocket"].includes(name));

// What was asked for is no flood, however much comes at once; a client that reads gets all of it.
test.each(oneLine)("large answers that come together all arrive: $name", async (transport) => {
  const client = await clientOf(await transport.open(), "2025-11-25");
  const input = { text: "x".repeat(1_300_000), times: 3 };
  const ids = Array.from({ length: 8 }, () => client.start("tools/call", { name: "echo", arguments: input }));
  const answers = await Promise.all(ids.map((id) => client.link.take(isAnswer(id))));
  for (const { result } of answers)
    expect(result.content.map(({ text }: { text: string }) => text.length)).toEqual([1_300_000, 1_300_000, 1_300_000]);
  await client.settled();
  await client.link.close();
});

test("a client on standard streams that does not read is given up before what waits for it fills the memory", async () => {
  const child = spawn("node", [serverOf("contract")], { stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const claim = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const say = (id: number, method: string, params: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta: claim } })}\n`);
  say(1, "subscriptions/listen", { notifications: { toolsListChanged: true } });
  say(2, "tools/call", { name: "change", arguments: { what: "tools", times: 1_000_000 } });
  const [code] = await once(child, "exit");
  expect([code, log]).toEqual([0, expect.stringContaining("the client does not read")]);
});
