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

/**
 * Records the requests of one client, in their order, and what became of each: "asked" (no answer has begun), "open" (it
 * has, and goes on), "ended" (the server has ended it), or "broken" (its connection was cut). `hasEvent`: a whole event
 * has come.
 */
function recordedFetch() {
  const requests = [];
  const recorded = async (url, init) => {
    const request = {
      isCall: typeof init?.body === "string" && init.body.includes('"method":"tools/call"'),
      lastEventId: new Headers(init?.headers).get("last-event-id") ?? undefined,
      status: undefined,
      state: "asked",
      hasEvent: false,
    };
    requests.push(request);
    const response = await fetch(url, init).catch((error) => {
      request.state = "broken";
      throw error;
    });
    request.status = response.status;
    request.state = response.body === null ? "ended" : "open";
    if (response.body === null) return response;
    const reader = response.body.getReader();
    let isLineEnd = false;
    const read = (bytes) => {
      for (const byte of request.hasEvent ? [] : bytes) {
        if (byte === 10 && isLineEnd) request.hasEvent = true;
        isLineEnd = byte === 10;
      }
    };
    const body = new ReadableStream({
      async pull(controller) {
        try {
          const { value, done } = await reader.read();
          if (!done) return (read(value), controller.enqueue(value));
          request.state = "ended";
          controller.close();
        } catch (error) {
          request.state = "broken";
          controller.error(error);
        }
      },
      cancel: (reason) => ((request.state = "ended"), reader.cancel(reason)),
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
  return { recorded, requests };
}

const connected = async (client, transport, more) => {
  client.onerror = () => {};
  await client.connect(transport);
  return { ...more, close: () => client.close() };
};
const classic = (Client, Http) => (url) => {
  const client = new Client(info, { capabilities: {} });
  const { recorded, requests } = recordedFetch();
  const call = (params, options) => client.callTool(params, undefined, options);
  return connected(client, new Http(url, { reconnectionOptions, fetch: recorded }), { call, requests });
};
const second = (mode) => (url) => {
  const client = new Client2(info, { capabilities: {}, versionNegotiation: { mode } });
  const { recorded, requests } = recordedFetch();
  const call = (params, options) => client.callTool(params, options);
  return connected(client, new Http2(url, { reconnectionOptions, fetch: recorded }), { call, requests });
};

/**
 * The official clients, by name. Each connects to a URL. `comesBack`: for the rest of an answer, once it has read the id
 * of an event. Version 1.17 never does, and 2026-07-28 has no such ids.
 */
export const callers = {
  "sdk 1.x": { connect: classic(Client1, Http1), comesBack: true },
  "sdk 1.17": { connect: classic(Client117, Http117), comesBack: false },
  "client 2.x, legacy": { connect: second("legacy"), comesBack: true },
  "client 2.x, 2026-07-28": { connect: second({ pin: "2026-07-28" }), comesBack: false },
};

/** Milliseconds before the time limit: clients have not given up yet, and have not closed their connections. */
const beforeLimit = 500;

/**
 * Makes one call and says what became of it: "answered" (the right value), "refused" (an error), "wrong" (another
 * value), "abandoned" or "hung". The last two ran into the client's time limit. Abandoned is a call that no server can
 * answer any more: its last connection was cut, and the client is one that never comes back, or had not read an event on
 * that connection; official clients forget the id then. Any other one hung. `calm` is called some time before the limit,
 * and keeps the network from breaking.
 */
export async function outcome(client, { steps, size }, { comesBack, timeout, calmAfter, calm }) {
  const began = performance.now();
  const before = client.requests.length;
  /** The number of the call's stream, which begins the id of each event. Clients report ids of other streams, too. */
  let stream;
  let last;
  const timers = [
    setTimeout(calm, calmAfter),
    setTimeout(() => {
      const isOfCall = ({ isCall, lastEventId }) =>
        isCall || (stream !== undefined && lastEventId?.split("-")[0] === stream);
      last = { ...client.requests.slice(before).findLast(isOfCall) };
    }, timeout - beforeLimit),
  ];
  try {
    const onresumptiontoken = (id) => (stream ??= id.split("-")[0]);
    const options = { timeout, onprogress() {}, onresumptiontoken };
    const { content, isError } = await client.call({ name: "report", arguments: { steps, size } }, options);
    if (isError === true) return { kind: "refused", message: content[0].text };
    return content[0].text.length === size
      ? { kind: "answered" }
      : { kind: "wrong", message: content[0].text.slice(0, 80) };
  } catch (error) {
    if (performance.now() - began < timeout - 100)
      return { kind: "refused", message: String(error.message).slice(0, 120) };
    if (last.state !== "broken") return { kind: "hung", message: JSON.stringify(last) };
    if (!comesBack) return { kind: "abandoned", message: "the client never comes back" };
    if (last.status === 200 && !last.hasEvent)
      return { kind: "abandoned", message: "the connection broke before its first event" };
    return { kind: "hung", message: JSON.stringify(last) };
  } finally {
    timers.forEach(clearTimeout);
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
