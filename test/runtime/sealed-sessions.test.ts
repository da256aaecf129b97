import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { ServerOptions } from "../../runtime/protocol/exchange.js";
import { seal } from "../../runtime/protocol/seal.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { events } from "../e2e/events.js";
import { settled } from "./caller.js";
import { http, serving } from "./many-callers.js";
import { serverWith } from "./surface.js";

const stateKeys = ["secret"];
const lost = "the answer is no longer kept; send the request again if safe";
const params = { name: "t", _meta: { progressToken: 1 } };

/** A replica with a tool that reports a step, and answers with its replica's name when the test releases it. */
function replica(
  name = "a",
  { maxSessions = 1, options = {} }: { maxSessions?: number; options?: ServerOptions } = {},
) {
  const release: (() => void)[] = [];
  const held = (_input: unknown, { progress }: any) => {
    progress(1);
    return new Promise((resolve) => release.push(() => resolve(name)));
  };
  const server = serverWith(
    { t: held as never, plain: () => name, client: ((_: unknown, { client }: any) => JSON.stringify(client)) as never },
    { resources: { "file:///a": () => "x" } },
  );
  return { ...serving(server, { maxSessions }, {}, { stateKeys, ...options }), release };
}

const text = async (response: Response): Promise<string> => ((await response.json()) as any).result.content[0].text;
const plain = { id: 1, method: "tools/call", params: { name: "plain" } };

afterEach(() => {
  vi.useRealTimers();
});

describe.each(["1.x", "2.x"] as const)("client %s", (generation) => {
  test("calls three replicas in turn, which know what it said to the first", async () => {
    const servers = ["a", "b", "c"].map((name) => {
      const { surface, handlers } = serverWith({
        who: ((_input: unknown, { client }: any) => `${name} ${client.info.name}`) as never,
      });
      return createFetch(
        defineServer(surface, handlers, () => ({ stateKeys })),
        http,
      );
    });
    let turn = 0;
    const fetch = (address: string | URL, init?: RequestInit) =>
      servers[turn++ % servers.length]!(new Request(address, init));
    const info = { name: "ada", version: "1" };
    const url = new URL("http://localhost/mcp");
    const client =
      generation === "1.x" ? new Client1(info) : new Client2(info, { versionNegotiation: { mode: "legacy" } });
    const transport = generation === "1.x" ? new Http1(url, { fetch }) : new Http2(url, { fetch });
    await client.connect(transport as never);
    const answers = new Set<string>();
    for (let calls = 0; calls < 6; calls += 1) {
      const { content } = (await client.callTool({ name: "who" })) as any;
      answers.add(content[0].text);
    }
    expect([...answers].toSorted()).toEqual(["a ada", "b ada", "c ada"]);
    await transport.terminateSession();
    await client.close();
  });
});

test("without keys an id is random, and no other replica knows it", async () => {
  const [a, b] = [replica("a", { options: { stateKeys: [] } }), replica("b")];
  const session = await a.session("ada");
  expect(session["mcp-session-id"]).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  expect((await b.post("ada", plain, session)).status).toBe(404);
});

test("another replica knows the revision, the capabilities and the name of the client", async () => {
  const [a, b] = [replica("a"), replica("b")];
  const said = {
    capabilities: { sampling: {}, experimental: { x: { y: 1 } } },
    clientInfo: { name: "n", version: "2" },
  };
  const opened = await a.initialize("ada", "2025-06-18", said);
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
  const asked = { id: 1, method: "tools/call", params: { name: "client" } };
  const answer = JSON.parse(await text(await b.post("ada", asked, session)));
  expect(answer).toEqual({ protocolVersion: "2025-06-18", capabilities: said.capabilities, info: said.clientInfo });
});

/** Each changes the id of a session of "ada", or who sends it, so that the session cannot be found. */
const foreign: Record<string, (id: string) => { id?: string; caller?: string; options?: ServerOptions }> = {
  "another caller": () => ({ caller: "bob" }),
  "another secret": () => ({ options: { stateKeys: ["other"] } }),
  "a changed first character": (id) => ({ id: `${id[0] === "A" ? "B" : "A"}${id.slice(1)}` }),
  "a changed character in the middle": (id) => ({ id: id.slice(0, 40) + (id[40] === "A" ? "B" : "A") + id.slice(41) }),
  "a changed last byte": (id) => ({ id: `${id.slice(0, -3)}${id.at(-3) === "A" ? "B" : "A"}${id.slice(-2)}` }),
  "a cut id": (id) => ({ id: id.slice(0, -4) }),
  "a longer id": (id) => ({ id: `${id}AAAA` }),
  "other characters": () => ({ id: "é!~/../" }),
  "an empty id": () => ({ id: "" }),
  "a huge id": (id) => ({ id: id.repeat(100) }),
};

test.each(Object.keys(foreign))("a session cannot be found by %s", async (how) => {
  const a = replica("a");
  const session = await a.session("ada");
  const { id = session["mcp-session-id"], caller = "ada", options = {} } = foreign[how]!(session["mcp-session-id"]);
  const b = replica("b", { options });
  const used = { "mcp-session-id": id };
  for (const response of [
    await b.post(caller, plain, used),
    await b.ask(caller, { method: "GET", headers: used }),
    await b.ask(caller, { method: "DELETE", headers: used }),
  ])
    expect([response.status, ((await response.json()) as any).error.message]).toEqual([
      404,
      "there is no such session any more; open one with initialize",
    ]);
  expect(b.server.ledger.count()).toBe(0);
});

test("neither a request state nor the session of another server is a session", async () => {
  const { server, post } = replica("a");
  const value = { protocolVersion: "2025-11-25", capabilities: {} };
  const binding = (name: string) => [name, null, JSON.stringify([null, "ada"])];
  const expires = Date.now() + 10_000;
  const status = async (id: string) => (await post("ada", plain, { "mcp-session-id": id })).status;
  expect(await status(await seal(server, "session", value, binding("made"), expires))).toBe(200);
  expect(await status(await seal(server, "request state", value, binding("made"), expires))).toBe(404);
  expect(await status(await seal(server, "session", value, binding("other"), expires))).toBe(404);
  // Another version of the server may support other revisions.
  const later = { ...value, protocolVersion: "2027-01-01" };
  expect(await status(await seal(server, "session", later, binding("made"), expires))).toBe(404);
});

test("a session that an older secret sealed goes on after a newer one is put before it", async () => {
  const session = await replica("a").session("ada");
  const renewed = replica("b", { options: { stateKeys: ["new", "secret"] } });
  expect(await text(await renewed.post("ada", plain, session))).toBe("b");
});

test("a session ends a day after it was opened, on each replica", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  const [a, b] = [replica("a"), replica("b")];
  const session = await a.session("ada");
  vi.advanceTimersByTime(24 * 60 * 60_000 - 2000);
  for (const { post } of [a, b]) expect((await post("ada", plain, session)).status).toBe(200);
  vi.advanceTimersByTime(4000);
  for (const { post } of [a, b]) expect((await post("ada", plain, session)).status).toBe(404);
});

test("a replica refuses a session that was ended there; the others cannot know", async () => {
  const [a, b] = [replica("a"), replica("b")];
  const session = await a.session("ada");
  expect((await b.ask("ada", { method: "DELETE", headers: session })).status).toBe(200);
  expect((await b.post("ada", plain, session)).status).toBe(404);
  expect((await a.post("ada", plain, session)).status).toBe(200);
  // Another session of the same caller is not affected.
  expect((await b.post("ada", plain, await a.session("ada"))).status).toBe(200);
});

test("many requests at once that reach a new replica have one session there", async () => {
  const [a, b] = [replica("a"), replica("b", { maxSessions: 100 })];
  const session = await a.session("ada");
  const answers = await Promise.all(Array.from({ length: 20 }, () => b.post("ada", plain, session)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(b.server.ledger.count("session")).toBe(1);
});

test("a session goes on although its place on a replica was given to another one", async () => {
  const a = replica("a");
  const [first, second] = [await a.session("ada"), await a.session("bob")];
  for (const [caller, session] of [
    ["ada", first],
    ["bob", second],
    ["ada", first],
  ] as const)
    expect((await a.post(caller, plain, session)).status).toBe(200);
  expect(a.server.ledger.count("session")).toBe(1);
});

test("the body of a request is released after a search for its session", async () => {
  const [a, b] = [replica("a"), replica("b")];
  const session = await a.session("ada");
  const large = { ...plain, params: { name: "plain", arguments: { x: "x".repeat(100_000) } } };
  for (const headers of [session, { "mcp-session-id": "unknown" }]) {
    await (await b.post("ada", large, headers)).text();
    expect(b.server.ledger.count("body")).toBe(0);
  }
});

describe("a client that says much about itself", () => {
  const open = async (characters: number) => {
    const [a, b] = [replica("a"), replica("b")];
    const opened = await a.initialize("ada", "2025-11-25", {
      capabilities: { experimental: { x: "x".repeat(characters) } },
    });
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
    const statuses = [await a.post("ada", plain, session), await b.post("ada", plain, session)];
    return { length: session["mcp-session-id"].length, statuses: statuses.map(({ status }) => status) };
  };
  test("has an id of at most 4,096 characters, or stays on its replica", async () => {
    const much = await open(2800);
    expect(much.length).toBeGreaterThan(3800);
    expect(much.length).toBeLessThanOrEqual(4096);
    expect(much.statuses).toEqual([200, 200]);
    expect(await open(3100)).toEqual({ length: 36, statuses: [200, 404] });
  });
});

describe("a stream that breaks", () => {
  /** A call on the first of two replicas whose connection breaks after its first message. */
  async function broken() {
    const [a, b] = [replica("a"), replica("b")];
    const session = await a.session("ada");
    const stop = new AbortController();
    const next = events(await a.post("ada", { id: "call", method: "tools/call", params }, session, stop.signal));
    await next();
    const { id } = (await next())!;
    const get = (on: typeof a, lastEventId?: string) =>
      on.ask("ada", {
        method: "GET",
        headers: { ...session, ...(lastEventId !== undefined && { "last-event-id": lastEventId }) },
      });
    return { a, b, session, id: id!, next, hangUp: () => stop.abort(), get };
  }

  test("resumes on its own replica", async () => {
    const { a, get, id, hangUp } = await broken();
    hangUp();
    a.release[0]!();
    await settled();
    const next = events(await get(a, id));
    await next();
    expect((await next())!.data.result.content[0].text).toBe("a");
    expect(await next()).toBeUndefined();
  });

  test("ends with an error for its request on another one", async () => {
    const { b, get, id, hangUp } = await broken();
    hangUp();
    const next = events(await get(b, id));
    expect(await next()).toEqual({ id, text: "", data: undefined });
    const { id: end, data } = (await next())!;
    expect(data).toEqual({ jsonrpc: "2.0", id: "call", error: { code: -32603, message: lost } });
    expect(await next()).toBeUndefined();
    expect((await get(b, end)).status).toBe(204);
  });

  test("after its answer is not resumed, on either replica", async () => {
    const { a, b, get, next } = await broken();
    a.release[0]!();
    const { id, data } = (await next())!;
    expect(data.result.content[0].text).toBe("a");
    for (const on of [a, b]) expect((await get(on, id)).status).toBe(204);
  });

  test("is not mistaken for another one when the session has come back to its replica", async () => {
    const { a, get, id, session, hangUp } = await broken();
    hangUp();
    a.release[0]!();
    await settled();
    // Another session takes the only place.
    await a.session("bob");
    const stop = new AbortController();
    const next = events(await a.post("ada", { id: "other", method: "tools/call", params }, session, stop.signal));
    await next();
    expect((await next())!.id).not.toBe(id);
    const resumed = events(await get(a, id));
    await resumed();
    expect((await resumed())!.data.error.message).toBe(lost);
    stop.abort();
  });

  test("of messages that belong to no request is opened anew on another replica", async () => {
    const { a, b, get } = await broken();
    const { id } = (await events(await get(a))())!;
    const next = events(await get(b, id));
    const { id: renewed } = (await next())!;
    expect(renewed).toMatch(/^\w{12}\.1-0$/);
    expect(renewed).not.toBe(id);
    for (const subscriber of b.server.subscribers) subscriber.deliver({ kind: "tools" });
    expect((await next())!.data.method).toBe("notifications/tools/list_changed");
  });
});

test("an answer to a question is refused by a replica that did not ask, and accepted by the one that did", async () => {
  const ask = async (_input: unknown, { sample }: any) => {
    const { content } = await sample({ messages: [], maxTokens: 1 });
    return content.text;
  };
  const [a, b] = ["a", "b"].map(() => serving(serverWith({ t: ask as never }), {}, {}, { stateKeys }));
  const opened = await a!.initialize("ada", "2025-11-25", { capabilities: { sampling: {} } });
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id")! };
  const next = events(await a!.post("ada", { id: 1, method: "tools/call", params }, session));
  await next();
  const { id } = (await next())!.data;
  const answer = { id, result: { role: "assistant", model: "m", content: { type: "text", text: "yes" } } };
  const refused = await b!.post("ada", answer, session);
  expect([refused.status, ((await refused.json()) as any).error.message]).toEqual([
    400,
    "another replica has asked this question; the answer has to reach that one",
  ]);
  expect((await a!.post("ada", answer, session)).status).toBe(202);
  expect((await next())!.data.result.content[0].text).toBe("yes");
});
