import { once } from "node:events";
import { EventSource } from "eventsource";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { clients, serveHttp, serverOf, type Client, type Running } from "./clients.js";
import { events } from "./events.js";
import { rawStdio } from "./raw-stdio.js";

const script = serverOf("long-job");
const longest = { name: "index_pages", arguments: { pages: 100_000, msPerPage: 1 } };
const structured = (result: unknown): any => (result as { structuredContent: unknown }).structuredContent;

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

const pages = [1, 2, 3].map((page) => ({ progress: page, total: 3, message: `page ${page} of 3` }));

/** Looks until it is so: a client hears of an answer, never of a cancellation. */
async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe.each(clients)("$name", ({ connect, optionsAt }) => {
  const call = (client: Client, params: object, options: object): Promise<unknown> =>
    (client.callTool as (...all: unknown[]) => Promise<unknown>)(
      params,
      ...(optionsAt === 2 ? [undefined] : []),
      options,
    );

  async function story(client: Client): Promise<void> {
    const seen: { progress: number; total?: number; message?: string }[] = [];
    const onprogress = (progress: (typeof seen)[number]) => void seen.push(progress);
    const short = { name: "index_pages", arguments: { pages: 3, msPerPage: 1 } };
    // A client drops progress that arrives together with the answer, as on a busy machine all of it may.
    while (seen.length === 0) expect(structured(await call(client, short, { onprogress }))).toEqual({ indexed: 3 });
    expect(seen).toMatchObject(pages.slice(0, seen.length));
    const stop = new AbortController();
    let begun!: () => void;
    const running = new Promise<void>((resolve) => (begun = resolve));
    const given = call(client, longest, { signal: stop.signal, onprogress: begun });
    await running;
    stop.abort();
    await expect(given).rejects.toThrow();
    const state = async () => structured(await client.callTool({ name: "pages_indexed", arguments: {} }));
    await until(async () => (await state()).cancelled === 1);
    expect((await state()).running).toBe(0);
    await client.close();
  }

  test("sees progress, and cancels: stdio", async () => story(await connect(script)));

  test("and HTTP", async () => {
    const server = await serveHttp(script);
    await story(await connect(server.url));
    await server.stop();
  });
});

test("every step is told, in order, before the answer", async () => {
  const server = rawStdio("node", [script]);
  await server.initialize();
  const answer = server.request("tools/call", {
    name: "index_pages",
    arguments: { pages: 3, msPerPage: 0 },
    _meta: { progressToken: "p" },
  });
  for (const page of pages) {
    expect(await server.next()).toMatchObject({
      method: "notifications/progress",
      params: { progressToken: "p", ...page },
    });
  }
  expect((await answer).result.structuredContent).toEqual({ indexed: 3 });
  expect(await server.end()).toBe(0);
});

test("a page sees progress as events", async () => {
  const server = await serveHttp(script);
  // The tool changes something, so that GET does not run it.
  const body = JSON.stringify({ pages: 2, msPerPage: 1 });
  const source = new EventSource(`${server.url}/tools/index_pages/sse`, {
    fetch: (url, { headers, ...init }) =>
      fetch(url, { ...init, method: "POST", body, headers: { ...headers, "content-type": "application/json" } }),
  });
  const events: string[] = [];
  await new Promise<void>((resolve) => {
    for (const name of ["tool_start", "tool_progress", "tool_complete", "tool_error"])
      source.addEventListener(name, ({ data }) => {
        events.push(`${name} ${JSON.parse(data).progress ?? ""}`);
        if (name === "tool_complete") resolve();
      });
  });
  source.close();
  expect(events).toEqual(["tool_start ", "tool_progress 1", "tool_progress 2", "tool_complete "]);
  await server.stop();
});

/** A request of 2026-07-28 by hand. */
function post(server: Running, method: string, params: Record<string, unknown>): Promise<Response> {
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(params["name"] !== undefined && { "mcp-name": String(params["name"]) }),
  };
  const _meta = { ...claim, progressToken: 1 };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } });
  return fetch(server.url, { method: "POST", headers, body });
}

async function openSocket(server: Running): Promise<WebSocket> {
  const socket = new WebSocket(String(server.url).replace(/^http(.*)mcp$/, "ws$1ws"), "mcp");
  await once(socket, "open");
  return socket;
}

async function firstEvent(response: Response): Promise<ReadableStreamDefaultReader<string>> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  return reader;
}

async function rest(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
  return text;
}

test("calls beyond two wait for their turn, two more than that are told that it is busy", async () => {
  const server = await serveHttp(script);
  // On one connection no call overtakes another.
  const socket = await openSocket(server);
  const say = (message: object): void => socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  const call = (id: number, given: object, progressToken?: number): void =>
    say({ id, method: "tools/call", params: { ...given, _meta: { ...claim, progressToken } } });
  const answers = new Map<number, any>();
  const begun = new Set<number>();
  const heard = async (enough: () => boolean): Promise<void> => {
    while (!enough()) await once(socket, "message");
  };
  socket.on("message", (data) => {
    const { id, result, params } = JSON.parse(String(data));
    if (id === undefined) begun.add(params.progressToken);
    else answers.set(id, result);
  });
  for (const id of [1, 2]) call(id, longest, id);
  await heard(() => begun.size === 2);
  const short = { name: "index_pages", arguments: { pages: 1 } };
  for (const id of [3, 4, 5]) call(id, short);
  await heard(() => answers.size === 1);
  expect(answers.get(5)?.content[0].text).toBe('the tool "index_pages" is busy; try again in a moment');
  for (const requestId of [1, 2]) say({ method: "notifications/cancelled", params: { requestId } });
  await heard(() => answers.size === 3);
  for (const id of [3, 4]) expect(structured(answers.get(id))).toEqual({ indexed: 1 });
  socket.close();
  await server.stop();
});

describe("at SIGTERM", () => {
  // Long enough to be still at it when everything else has been looked at.
  const job = { name: "index_pages", arguments: { pages: 1000, msPerPage: 1 } };

  test("HTTP: what runs ends, streams end with their answer, nothing new begins, and the process ends well", async () => {
    const server = await serveHttp(script);
    const listening = await post(server, "subscriptions/listen", { notifications: { toolsListChanged: true } });
    const listener = await firstEvent(listening);
    const reader = await firstEvent(await post(server, "tools/call", job));
    const socket = await openSocket(server);
    server.process.kill("SIGTERM");
    expect(await rest(listener)).toContain('"resultType":"complete"');
    await expect(fetch(server.url)).rejects.toThrow();
    socket.send(
      JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: {
          name: "pages_indexed",
          _meta: claim,
        },
      }),
    );
    const [data] = await once(socket, "message");
    expect(JSON.parse(String(data)).error.message).toBe("the server is stopping; try again in a moment");
    const closed = once(socket, "close");
    expect(await rest(reader)).toContain('"structuredContent":{"indexed":1000}');
    expect((await closed)[0]).toBe(1001);
    const [code] = await once(server.process, "exit");
    expect(code).toBe(0);
  });

  test("HTTP+SSE: what runs is answered on its stream, which ends then, and so does the process", async () => {
    const server = await serveHttp(script);
    const address = new URL("/sse", server.url);
    const next = events(await fetch(address));
    const endpoint = new URL((await next())!.text, address);
    const say = async (message: object): Promise<void> => {
      const body = JSON.stringify({ jsonrpc: "2.0", ...message });
      const sent = await fetch(endpoint, { method: "POST", headers: { "content-type": "application/json" }, body });
      expect(sent.status).toBe(202);
    };
    const clientInfo = { name: "old", version: "1.0.0" };
    const params = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo };
    await say({ id: 0, method: "initialize", params });
    expect((await next())?.data).toMatchObject({ id: 0, result: { protocolVersion: "2024-11-05" } });
    await say({ method: "notifications/initialized" });
    await say({ id: 1, method: "tools/call", params: { ...job, _meta: { progressToken: 1 } } });
    expect((await next())?.data).toMatchObject({ method: "notifications/progress" });
    const exited = once(server.process, "exit");
    server.process.kill("SIGTERM");
    let last: any;
    for (let event = await next(); event !== undefined; event = await next()) last = event.data;
    // It knows no structured content.
    expect(last).toMatchObject({ id: 1, result: { content: [{ text: '{"indexed":1000}' }] } });
    expect((await exited)[0]).toBe(0);
  });

  test("stdio: what runs ends, nothing new begins, and the process ends well", async () => {
    const server = rawStdio("node", [script]);
    await server.initialize();
    const answer = server.request("tools/call", { ...job, _meta: { progressToken: 1 } });
    await server.next();
    process.kill(server.pid, "SIGTERM");
    await until(async () => (await server.request("tools/call", { name: "pages_indexed" })).error !== undefined);
    expect((await answer).result.structuredContent).toEqual({ indexed: 1000 });
    expect(await server.exited).toBe(0);
  });

  test("a second signal does not wait", async () => {
    const server = await serveHttp(script);
    await firstEvent(await post(server, "tools/call", longest));
    server.process.kill("SIGTERM");
    await until(async () =>
      fetch(server.url).then(
        () => false,
        () => true,
      ),
    );
    server.process.kill("SIGTERM");
    expect((await once(server.process, "exit"))[0]).toBe(1);
  });
});
