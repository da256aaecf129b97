import { once } from "node:events";
import { WebSocket } from "ws";

export interface Seen {
  readonly status: number;
  /** `WWW-Authenticate`, if there is one. */
  readonly challenge: string | undefined;
  readonly body: string;
}

export type Headers = Readonly<Record<string, string>>;

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A request of 2026-07-28 over Streamable HTTP. */
export async function modern(
  url: URL,
  headers: Headers,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  capabilities: object = {},
): Promise<Response> {
  const name = params["name"] ?? params["uri"] ?? params["taskId"];
  const meta = { ...claim, "io.modelcontextprotocol/clientCapabilities": capabilities };
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(name === undefined ? {} : { "mcp-name": String(name) }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
  });
}

async function seen(response: Response): Promise<Seen> {
  const challenge = response.headers.get("www-authenticate") ?? undefined;
  if (response.headers.get("content-type") !== "text/event-stream")
    return { status: response.status, challenge, body: await response.text() };
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return { status: response.status, challenge, body: new TextDecoder().decode(value) };
}

const at = (url: URL, path: string, query: string): URL => {
  const address = new URL(path, url);
  address.search = query;
  return address;
};

/** Begins a conversation over each transport that HTTP carries. `query` is part of the address. */
export const transports: Readonly<Record<string, (url: URL, headers: Headers, query?: string) => Promise<Seen>>> = {
  "Streamable HTTP": async (url, headers, query = "") =>
    seen(await modern(at(url, url.pathname, query), headers, "tools/list")),
  "Streamable HTTP, a session": async (url, headers, query = "") => {
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
    const response = await fetch(at(url, url.pathname, query), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
    });
    return seen(response);
  },
  "HTTP+SSE": async (url, headers, query = "") => seen(await fetch(at(url, "/sse", query), { headers })),
  "tool events": async (url, headers, query = "") =>
    seen(await fetch(at(url, `${url.pathname}/tools/whoami/sse`, query), { headers })),
  WebSocket: async (url, headers, query = "") => {
    const socket = new WebSocket(at(new URL(`ws://${url.host}`), "/ws", query), "mcp", { headers });
    const [answer] = await Promise.race([
      once(socket, "open"),
      once(socket, "unexpected-response").then(([, response]) => [response]),
    ]);
    if (answer === undefined) {
      socket.close();
      return { status: 200, challenge: undefined, body: "" };
    }
    let body = "";
    for await (const chunk of answer) body += String(chunk);
    return { status: answer.statusCode, challenge: answer.headers["www-authenticate"], body };
  },
};
