import { toBase64 } from "../../protocol/base64.js";
import { isObject, type Id, type RequestMessage, type ResponseMessage } from "../../protocol/json-rpc.js";
import { modernRevisions } from "../../protocol/revisions/modern.js";
import type { Json, JsonObject } from "../../protocol/types.js";
import type { Incoming, Receive, Wire } from "../../testing/wire.js";
import { remoteTools, unknownTool, type RemoteTool, type RemoteTools } from "./shapes.js";

export interface HttpWireOptions {
  readonly url: URL;
  readonly protocolVersion: string;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Connects to Streamable HTTP as a client. */
export function httpWire({ url, protocolVersion, headers }: HttpWireOptions, receive: Receive): Omit<Wire, "explain"> {
  const modern = modernRevisions.has(protocolVersion);
  const running = new Map<Id, AbortController>();
  const closing = new AbortController();
  let tools: RemoteTools = new Map();
  let session: string | undefined;

  const always = { ...headers, accept: "application/json, text/event-stream" };
  const sessionHeaders = (): Record<string, string> =>
    session === undefined ? {} : { "mcp-session-id": session, "mcp-protocol-version": protocolVersion };
  const post = (message: object, more: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { ...always, "content-type": "application/json", ...more },
      body: JSON.stringify(message),
      signal,
    });

  async function exchange(
    message: RequestMessage,
    own: Receive,
    more: Readonly<Record<string, string>>,
  ): Promise<ResponseMessage> {
    const controller = new AbortController();
    running.set(message.id, controller);
    try {
      const signal = AbortSignal.any([controller.signal, closing.signal]);
      const response = await post(message, more, signal);
      session ??= response.headers.get("mcp-session-id") ?? undefined;
      for await (const incoming of messagesOf(response)) {
        if ("method" in incoming) own(incoming as Incoming);
        else return incoming;
      }
      throw new Error(`the server answered ${message.method} with status ${response.status} and no message`);
    } finally {
      running.delete(message.id);
    }
  }

  /** Receives messages that belong to no request, on a separate stream. */
  async function followUnsolicited(): Promise<void> {
    const response = await fetch(url, { headers: { ...always, ...sessionHeaders() }, signal: closing.signal });
    if (response.ok) for await (const message of messagesOf(response)) receive(message as Incoming);
  }

  const ignoreFailure = (promise: Promise<unknown>): void => void promise.catch(() => {});
  const send = (message: object): void => ignoreFailure(post(message, sessionHeaders(), closing.signal));
  return {
    async open() {
      tools = await remoteTools((message) => exchange(message, () => {}, modernHeaders(message, undefined)));
    },
    async request(message, own) {
      const { name } = isObject(message.params) ? message.params : {};
      const more = modern ? modernHeaders(message, tools.get(String(name))) : sessionHeaders();
      const response = await exchange(message, own, more);
      if (!modern && message.method === "initialize" && session !== undefined) ignoreFailure(followUnsolicited());
      return response;
    },
    cancel(requestId, reason) {
      if (modern) running.get(requestId)?.abort(new Error(reason));
      else send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, reason } });
    },
    send: (message) => {
      if (!modern) send(message);
    },
    shapeOf: async (name) => tools.get(name) ?? unknownTool,
    async close() {
      if (session !== undefined)
        await fetch(url, { method: "DELETE", headers: { ...always, ...sessionHeaders() } }).catch(() => {});
      closing.abort(new Error("the client is closed"));
    },
  };
}

const nameMembers: Readonly<Record<string, string>> = {
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/** Returns the headers of 2026-07-28, which repeat parts of the message. */
function modernHeaders({ method, params }: RequestMessage, tool: RemoteTool | undefined): Record<string, string> {
  const members = (isObject(params) ? params : {}) as JsonObject;
  const meta = members["_meta"] as JsonObject;
  const name = members[nameMembers[method] ?? "name"];
  const mirrored = (tool?.headers ?? []).flatMap(({ header, path }) => {
    const value = path.reduce<Json | undefined>(
      (at, key) => (isObject(at) ? at[key] : undefined),
      members["arguments"],
    );
    return value === undefined || value === null ? [] : [[`mcp-param-${header}`, encodeHeader(value)] as const];
  });
  return {
    "mcp-protocol-version": String(meta["io.modelcontextprotocol/protocolVersion"]),
    "mcp-method": method,
    ...(typeof name === "string" && { "mcp-name": encodeHeader(name) }),
    ...Object.fromEntries(mirrored),
  };
}

/** Encodes a text in Base64 if a header cannot contain it. */
function encodeHeader(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const plain = /^[\x20-\x7e]*$/.test(text) && text.trim() === text && !/^=\?base64\?.*\?=$/.test(text);
  return plain ? text : `=?base64?${toBase64(new TextEncoder().encode(text))}?=`;
}

/** Yields the messages of a response: one, or those of an event stream. */
async function* messagesOf(response: Response): AsyncGenerator<ResponseMessage | Incoming> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.includes("text/event-stream")) {
    const text = await response.text();
    if (text !== "") yield parseResponse(text, response);
    return;
  }
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body!) {
    const events = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = events.pop()!;
    for (const event of events) {
      const data = event.split("\n").flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trim()] : []));
      if (data.join("") !== "") yield JSON.parse(data.join("\n")) as ResponseMessage | Incoming;
    }
  }
}

function parseResponse(text: string, { status }: Response): ResponseMessage {
  try {
    return JSON.parse(text) as ResponseMessage;
  } catch {
    throw new Error(`the server answered with status ${status}: ${text.slice(0, 200)}`);
  }
}
