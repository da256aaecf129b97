import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createListener } from "../../runtime/node/http-listener.js";
import { ready, stop } from "../../runtime/protocol/application.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { connectHttp, type HttpDefinition } from "../../runtime/upstream/http-wire.js";
import { createUpstream } from "../../runtime/upstream/upstream.js";
import { converse, type Conversation } from "./conversation.js";
import { options } from "./doors.js";
import { serverWith } from "./surface.js";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(stop));
});

function proxy(definition: HttpDefinition, names: readonly string[], log: string[] = []): Server {
  const upstream = createUpstream("up", connectHttp(definition));
  const server = serverWith(Object.fromEntries(names.map((name) => [name, upstream.tool(name)])) as never, {
    upstreams: [upstream],
    log: (message, details, level) => void log.push(`${level}: ${message} ${JSON.stringify(details ?? {})}`),
  });
  servers.push(server);
  return server;
}

async function listening(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const http = createServer(handle);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
}

interface LegacyServer {
  readonly url: string;
  readonly sessions: Set<string>;
  /** The credentials of each request. */
  readonly credentials: (string | undefined)[];
}

/** A server with sessions whose streams break, end early, and ask questions. */
async function legacyServer(): Promise<LegacyServer> {
  const sessions = new Set<string>();
  const credentials: (string | undefined)[] = [];
  const answers = new Map<string, (message: any) => void>();
  let opened = 0;
  const url = await listening(async (request, response) => {
    credentials.push(request.headers["x-key"] as string | undefined);
    const json = (status: number, body: object): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const session = request.headers["mcp-session-id"] as string | undefined;
    if (request.method === "DELETE") return void response.writeHead(sessions.delete(session!) ? 200 : 404).end();
    const events = (text: string): void => {
      if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(text);
    };
    const result = (id: unknown, text: string): string =>
      `data: ${JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } })}\n\n`;
    if (request.method === "GET") {
      const last = request.headers["last-event-id"];
      if (last === undefined) return void response.writeHead(405).end();
      events(result(Number(last), "resumed"));
      return void response.end();
    }
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { id, method, params, ...message } = JSON.parse(body);
    if (method === undefined) {
      answers.get(id)?.(message);
      return void response.writeHead(202).end();
    }
    if (method === "initialize") {
      const fresh = `session-${++opened}`;
      sessions.add(fresh);
      response.setHeader("mcp-session-id", fresh);
      const described = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: {} };
      return json(200, { jsonrpc: "2.0", id, result: described });
    }
    if (session === undefined) return json(400, { jsonrpc: "2.0", error: { code: -32000, message: "No session" } });
    if (!sessions.has(session)) return json(404, { jsonrpc: "2.0", error: { code: -32001, message: "Gone" } });
    if (id === undefined) return void response.writeHead(202).end();
    const { name, arguments: input } = params;
    if (name === "session")
      return json(200, { jsonrpc: "2.0", id, result: { content: [{ type: "text", text: session }] } });
    if (name === "resume") {
      events(`id: ${id}\nretry: 1\ndata:\n\n`);
      return void response.end();
    }
    if (name === "break") {
      events(": nothing\n\n");
      return void response.end();
    }
    if (name === "status") return void response.writeHead(503).end("busy now");
    // Asks on the stream of the call, which has no other mark.
    const question = `question of ${input.who}`;
    answers.set(question, (answer) => {
      events(result(id, answer.result.content.name));
      response.end();
    });
    const asked = { message: input.who, requestedSchema: { type: "object", properties: {} } };
    events(
      `data: ${JSON.stringify({ jsonrpc: "2.0", id: question, method: "elicitation/create", params: asked })}\r\n\r\n`,
    );
  });
  return { url, sessions, credentials };
}

const names = ["session", "resume", "break", "status", "ask"];
const textOf = ({ result }: any): string => result.content[0].text;
const called = (client: Conversation, name: string, input: object = {}, meta: object = {}): Promise<any> =>
  client.request("tools/call", { name, arguments: input }, meta);

describe("an upstream with sessions over HTTP", () => {
  test("gets a new session when it has forgotten the old one, and the call succeeds", async () => {
    const { url, sessions } = await legacyServer();
    const client = await converse(proxy({ url }, names), "2025-11-25");
    expect(textOf(await called(client, "session"))).toBe("session-1");
    expect(textOf(await called(client, "session"))).toBe("session-1");
    sessions.clear();
    expect(textOf(await called(client, "session"))).toBe("session-2");
  });

  test("has its session ended by a stop", async () => {
    const { url, sessions } = await legacyServer();
    const server = proxy({ url }, names);
    await called(await converse(server, "2025-11-25"), "session");
    expect(sessions.size).toBe(1);
    await stop(server);
    expect(sessions.size).toBe(0);
  });

  test("has streams resumed where they have ids, and reports others that end early", async () => {
    const { url } = await legacyServer();
    const client = await converse(proxy({ url }, names), "2025-11-25");
    expect(textOf(await called(client, "resume"))).toBe("resumed");
    expect(textOf(await called(client, "break"))).toMatch(
      /^the upstream "up" failed: it ended the stream before the answer/,
    );
    expect(textOf(await called(client, "status"))).toMatch(
      /it answers with the HTTP status 503: busy now\. The next call/,
    );
    expect(textOf(await called(client, "session"))).toBe("session-1");
  });

  test("asks each of two clients what belongs to its call", async () => {
    const { url } = await legacyServer();
    const server = proxy({ url }, names);
    const capabilities = { elicitation: { form: {} } };
    const one = await converse(server, "2025-11-25", capabilities, { remote: "192.0.2.1" });
    const two = await converse(server, "2025-11-25", capabilities, { remote: "192.0.2.2" });
    const results = [called(one, "ask", { who: "one" }), called(two, "ask", { who: "two" })];
    for (const [client, name] of [
      [two, "two"],
      [one, "one"],
    ] as const) {
      const question = await client.next();
      expect(question.params.message).toBe(name);
      client.send({ id: question.id, result: { action: "accept", content: { name: `I am ${name}` } } });
    }
    expect((await Promise.all(results)).map(textOf)).toEqual(["I am one", "I am two"]);
  });

  test("gets headers of the manifest, which no log shows", async () => {
    vi.stubEnv("UPSTREAM_TEST_HEADER", "s3cret");
    const { url, credentials } = await legacyServer();
    const server = proxy({ url, headers: { "X-Key": { env: "UPSTREAM_TEST_HEADER" } } }, names);
    expect(await ready(server)).toBe(true);
    await called(await converse(server, "2025-11-25"), "session");
    expect(new Set(credentials)).toEqual(new Set(["s3cret"]));
    expect([...server.secrets]).toContain("s3cret");
    vi.unstubAllEnvs();
  });
});

describe("an upstream that cannot be used", () => {
  test.each([
    [
      "refuses",
      (response: ServerResponse) => response.writeHead(401).end(),
      /refuses the credentials of this server \(HTTP status 401\)/,
    ],
    [
      "redirects to another place",
      (response: ServerResponse) => response.writeHead(307, { location: "http://192.0.2.1/mcp" }).end(),
      /it redirects to http:\/\/192\.0\.2\.1/,
    ],
    [
      "answers with a page",
      (response: ServerResponse) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
      /it answered initialize with no message/,
    ],
  ])("since it %s is a clear error", async (_what, answer, reason) => {
    const url = await listening((_request, response) => void answer(response));
    const client = await converse(proxy({ url }, names), "2026-07-28");
    expect(textOf(await called(client, "session"))).toMatch(reason);
  });

  test("since nothing listens is a clear error", async () => {
    const client = await converse(proxy({ url: "http://127.0.0.1:1/mcp" }, names), "2025-11-25");
    expect(textOf(await called(client, "session"))).toMatch(
      /^the upstream "up" failed: it cannot be reached \([\w ]+\)/,
    );
  });

  test("since its URL is none is a problem of the start", async () => {
    const log: string[] = [];
    expect(await ready(proxy({ url: "ftp://example.com" }, names, log))).toBe(false);
    expect(log.join()).toContain('"ftp://example.com\\" is not an http or https URL');
  });
});

describe("an upstream of 2026-07-28 over HTTP", () => {
  /** A server that mcpc builds, which knows that revision. */
  async function modernServer(aborted: string[] = []): Promise<string> {
    const server = serverWith({
      steps: (async (_input: object, { progress, client }: any) => {
        progress(1, 2, "half");
        return JSON.stringify(client.capabilities);
      }) as never,
      greet: (async (_input: object, { sample }: any) =>
        (await sample({ messages: [], maxTokens: 1 })).content.text) as never,
      wait: ((_input: object, { progress, signal }: any) => {
        signal.addEventListener("abort", () => aborted.push("wait"));
        progress(1);
        return new Promise(() => {});
      }) as never,
    });
    return listening(createListener(server, { ...options, sessions: true }));
  }
  const tools = ["steps", "greet", "wait"];

  test.each(["2025-11-25", "2026-07-28"])(
    "gets what the client of %s supports, and reports progress",
    async (version) => {
      const url = await modernServer();
      const client = await converse(proxy({ url }, tools), version, { sampling: {}, experimental: { x: {} } });
      const result = await called(client, "steps", {}, { progressToken: "p" });
      expect(textOf(result)).toBe('{"sampling":{}}');
      expect(client.waiting.map(({ params }) => params)).toEqual([
        { progressToken: "p", progress: 1, total: 2, message: "half" },
      ]);
    },
  );

  const sampled = { role: "assistant", content: { type: "text", text: "Hello" }, model: "m" };

  test("asks a client of 2025-11-25 by a request", async () => {
    const client = await converse(proxy({ url: await modernServer() }, tools), "2025-11-25", { sampling: {} });
    const result = called(client, "greet");
    const question = await client.next();
    expect(question).toMatchObject({ method: "sampling/createMessage", params: { maxTokens: 1 } });
    client.send({ id: question.id, result: sampled });
    expect(textOf(await result)).toBe("Hello");
  });

  test("asks a client of 2026-07-28 by a result, which only its own next request continues", async () => {
    const server = proxy({ url: await modernServer() }, tools);
    const client = await converse(server, "2026-07-28", { sampling: {} });
    const { result } = await called(client, "greet");
    const [[key, question]] = Object.entries(result.inputRequests) as [[string, any]];
    expect(question).toMatchObject({ method: "sampling/createMessage", params: { maxTokens: 1 } });
    const more = { inputResponses: { [key]: sampled }, requestState: result.requestState };
    const repeated = { name: "greet", arguments: {}, ...more };
    expect(textOf(await client.request("tools/call", repeated))).toBe("Hello");
    expect(await client.request("tools/call", repeated)).toMatchObject({
      error: { code: -32602, message: expect.stringContaining("its call is answered") },
    });
  });

  test("has its call aborted when the client cancels", async () => {
    const aborted: string[] = [];
    const client = await converse(proxy({ url: await modernServer(aborted) }, tools), "2026-07-28");
    void called(client, "wait", {}, { progressToken: 1 });
    await client.next();
    client.send({ method: "notifications/cancelled", params: { requestId: "test 1" } });
    await vi.waitFor(() => expect(aborted).toEqual(["wait"]), { timeout: 60_000 });
  });
});
