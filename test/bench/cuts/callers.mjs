// Official clients of several generations, which call through a network that breaks, and what becomes of each call.
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client as Client117 } from "sdk-1.17/client/index.js";
import { StreamableHTTPClientTransport as Http117 } from "sdk-1.17/client/streamableHttp.js";

const info = { name: "cuts", version: "1" };
const reconnectionOptions = {
  initialReconnectionDelay: 50,
  maxReconnectionDelay: 500,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 20,
};

/** Watches the event streams of one client: which event each request resumes from, and which streams are open. */
function watchedFetch() {
  const streams = new Set();
  const watched = async (url, init) => {
    const response = await fetch(url, init);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    const stream = {
      resumes: new Headers(init?.headers).get("last-event-id") ?? undefined,
      post: init?.method === "POST",
    };
    streams.add(stream);
    const reader = response.body.getReader();
    const body = new ReadableStream({
      async pull(controller) {
        try {
          const { value, done } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        streams.delete(stream);
      },
      cancel: (reason) => (streams.delete(stream), reader.cancel(reason)),
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
  return { watched, streams };
}

const connected = async (client, transport, call, streams) => {
  client.onerror = () => {};
  await client.connect(transport);
  return { call, streams, close: () => client.close() };
};
const classic = (Client, Http) => (url) => {
  const client = new Client(info, { capabilities: {} });
  const { watched, streams } = watchedFetch();
  const call = (params, options) => client.callTool(params, undefined, options);
  return connected(client, new Http(url, { reconnectionOptions, fetch: watched }), call, streams);
};
const second = (mode) => (url) => {
  const client = new Client2(info, { capabilities: {}, versionNegotiation: { mode } });
  const { watched, streams } = watchedFetch();
  const call = (params, options) => client.callTool(params, options);
  return connected(client, new Http2(url, { reconnectionOptions, fetch: watched }), call, streams);
};

/** The official clients, by name. Each connects to a URL. */
export const callers = {
  "sdk 1.x": classic(Client1, Http1),
  "sdk 1.17": classic(Client117, Http117),
  "client 2.x, legacy": second("legacy"),
  "client 2.x, 2026-07-28": second({ pin: "2026-07-28" }),
};

/**
 * Makes one call and says what became of it: "answered" (the right value), "refused" (an error), "wrong" (another
 * value), "hung" (the client's time limit passed while a stream for the call was open), or "abandoned" (it passed while
 * none was: the client did not come back for the rest, so that no server could tell it anything. Version 1.17 never
 * comes back for an answer, the others do so once they have read the id of an event).
 */
export async function outcome(client, { steps, size }, timeout) {
  const began = performance.now();
  let stream;
  const isOpen = () =>
    [...client.streams].some(
      ({ post, resumes }) => post || (stream !== undefined && resumes?.split("-")[0] === stream),
    );
  let open = false;
  const watching = setTimeout(() => (open = isOpen()), timeout - 500);
  try {
    const onresumptiontoken = (id) => (stream = id.split("-")[0]);
    const options = { timeout, onprogress() {}, onresumptiontoken };
    const { content, isError } = await client.call({ name: "report", arguments: { steps, size } }, options);
    if (isError === true) return { kind: "refused", message: content[0].text };
    return content[0].text.length === size
      ? { kind: "answered" }
      : { kind: "wrong", message: content[0].text.slice(0, 80) };
  } catch (error) {
    const late = performance.now() - began >= timeout - 100;
    const kind = !late ? "refused" : open ? "hung" : "abandoned";
    return { kind, message: String(error.message).slice(0, 120) };
  } finally {
    clearTimeout(watching);
  }
}

/** The project that is called: a report of `size` characters, after `steps` steps of 20 ms that are each reported. */
export const files = {
  "report.mcp.json": {
    server: { name: "report", version: "1.0.0" },
    tools: [
      {
        name: "report",
        inputSchema: {
          type: "object",
          properties: { steps: { type: "integer", minimum: 0 }, size: { type: "integer", minimum: 0 } },
          required: ["steps", "size"],
        },
      },
    ],
    runtime: { transports: { http: { port: 0 } } },
  },
  "src/tools/report.ts": `import { setTimeout } from "node:timers/promises";
import type { Report } from "../../generated/types.js";

export const report: Report = async ({ steps, size }, { progress }) => {
  for (let step = 1; step <= steps; step += 1) {
    progress(step, steps);
    await setTimeout(20);
  }
  return "x".repeat(size);
};
`,
};

/** What calls ask for in turn: short and long, silent and talkative, below and above what a session's log holds. */
export const calls = [
  { steps: 0, size: 10 },
  { steps: 3, size: 100 },
  { steps: 10, size: 500_000 },
  { steps: 0, size: 200_000 },
  { steps: 5, size: 1_500_000 },
  { steps: 30, size: 1000 },
];
