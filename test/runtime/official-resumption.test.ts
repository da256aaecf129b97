import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "vitest";
import { errorCodes, McpError } from "../../runtime/protocol/errors.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";
import { http } from "./many-callers.js";
import { serverWith } from "./surface.js";

const reconnectionOptions = {
  initialReconnectionDelay: 1,
  maxReconnectionDelay: 1,
  reconnectionDelayGrowFactor: 1,
  maxRetries: 2,
};
const info = { name: "x", version: "1" };
const url = new URL("http://localhost/mcp");

/** Ends a connection after its first event and so many characters more. */
function cut({ body, status, headers }: Response, more: number): Response {
  let text = "";
  let passed = 0;
  const breaking = new TransformStream<string, string>({
    transform(piece, controller) {
      text += piece;
      const first = text.indexOf("\n\n") + 2;
      const end = first === 1 ? text.length : Math.min(text.length, first + more);
      controller.enqueue(text.slice(passed, end));
      passed = end;
      if (first > 1 && end === first + more) setTimeout(() => controller.error(new Error("the connection broke")));
    },
  });
  const pieces = body!.pipeThrough(new TextDecoderStream()).pipeThrough(breaking);
  return new Response(pieces.pipeThrough(new TextEncoderStream()), { status, headers });
}

/** A client of a server in the same process. `connected` may break each event stream as it opens. */
async function client(
  generation: "1.x" | "2.x",
  handler: (input: unknown, context: any) => unknown,
  connected: (response: Response, lastEventId: string | null, method: string) => Response = (response) => response,
) {
  const serve = createFetch(serverWith({ t: handler as never }), http);
  const opened: { lastEventId: string | null; status: number }[] = [];
  const fetch = async (address: string | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(address, init);
    const lastEventId = request.headers.get("last-event-id");
    const response = await serve(request);
    if (request.method === "GET") opened.push({ lastEventId, status: response.status });
    const isStream = response.headers.get("content-type") === "text/event-stream";
    return isStream ? connected(response, lastEventId, request.method) : response;
  };
  const options = { reconnectionOptions, fetch };
  const one = generation === "1.x" ? new Client1(info) : new Client2(info, { versionNegotiation: { mode: "legacy" } });
  one.onerror = () => {};
  await one.connect((generation === "1.x" ? new Http1(url, options) : new Http2(url, options)) as never);
  const call = (more: object = {}): Promise<any> => {
    const all = { timeout: 100_000, onprogress() {}, ...more };
    return one instanceof Client1 ? one.callTool({ name: "t" }, undefined, all) : one.callTool({ name: "t" }, all);
  };
  return { call, opened, close: () => one.close() };
}

test.each(["1.x", "2.x"] as const)(
  "client %s has its answer when its connections break again and again",
  async (name) => {
    let end: (text: string) => void = () => {};
    const handler = (_input: unknown, { progress }: any) => {
      progress(1);
      return new Promise((resolve) => (end = resolve));
    };
    // After the first event, twice, while the call runs; then in the answer, twice; then never.
    const cuts = [0, 0, 40, 60];
    let turn = 0;
    const { call, opened, close } = await client(name, handler, (response, lastEventId, method) => {
      if (method === "GET" && lastEventId === null) return response;
      if (turn === 2) end("x".repeat(100));
      const more = cuts[turn++];
      return more === undefined ? response : cut(response, more);
    });
    expect((await call()).content[0].text.length).toBe(100);
    expect(turn).toBe(cuts.length + 1);
    // The stream of what belongs to no request was opened once: each other GET came back for the answer.
    expect(opened.filter(({ lastEventId }) => lastEventId === null).length).toBeLessThanOrEqual(1);
    await close();
  },
);

/** Each makes a call that has sent a message of its own, and that has no result. */
const withoutResult: Record<string, (call: (more?: object) => Promise<any>, begun: Promise<void>) => Promise<any>> = {
  cancelled: async (call, begun) => {
    const stop = new AbortController();
    const answer = call({ signal: stop.signal });
    answer.catch(() => {});
    await begun;
    stop.abort();
    return answer;
  },
  "answered with an error": (call) => call(),
};

test.each(Object.keys(withoutResult))("client 1.x stays away after a call that was %s", async (how) => {
  let begin = (): void => {};
  const handler = async (_input: unknown, { progress, signal }: any) => {
    progress(1);
    begin();
    if (how !== "cancelled") throw new McpError(errorCodes.invalidParams, "no");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  const { call, opened, close } = await client("1.x", handler);
  for (let times = 0; times < 6; times += 1) {
    const begun = new Promise<void>((resolve) => (begin = resolve));
    await expect(withoutResult[how]!(call, begun)).rejects.toThrow();
  }
  // It comes back once for each call, and with the id that it has read last.
  await expect.poll(() => opened.filter(({ status }) => status === 204).length, { timeout: 100_000 }).toBe(6);
  expect(opened.filter(({ lastEventId }) => lastEventId === null).length).toBeLessThanOrEqual(1);
  await close();
});
