import { fixedCaller } from "../../runtime/protocol/auth.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Server, ServerOptions } from "../../runtime/protocol/exchange.js";
import type { Surface } from "../../runtime/protocol/surface.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";

export const http: HttpOptions = {
  ...{ path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] },
  ...{ sse: { path: "/sse", messagesPath: "/messages" }, toolEvents: true },
};

/** What a modern request says of its client. */
export const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** A server over `fetch`, whose callers name themselves and their scopes in headers. */
export function serving(
  { surface, definition }: Pick<Server, "surface" | "definition">,
  options: Partial<HttpOptions> = {},
  limits: Partial<Surface> = {},
  more: ServerOptions = {},
) {
  const auth = {
    ...fixedCaller({ scopes: [], claims: {} }),
    authenticate: ({ header }: { header(name: string): string | undefined }) => ({
      principal: header("x-caller") ?? "ada",
      scopes: header("x-scopes")?.split(" ") ?? [],
      claims: {},
    }),
  };
  const surround = () => ({ ...definition.surround(), auth, ...more });
  const server = defineServer({ ...surface, ...limits }, definition.handlers, surround);
  const fetch = createFetch(server, { ...http, ...options });
  const ask = (
    caller: string,
    { method = "POST", path = "/mcp", headers = {}, body, signal }: Ask,
  ): Promise<Response> =>
    fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: {
          ...{ "x-caller": caller, accept: "application/json, text/event-stream" },
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        ...(signal && { signal }),
      }),
    );
  const post = (caller: string, message: object, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    ask(caller, { body: { jsonrpc: "2.0", ...message }, headers, ...(signal && { signal }) });
  /** A request of 2026-07-28. */
  const modern = (caller: string, method: string, params: Record<string, unknown> = {}, signal?: AbortSignal) => {
    const named = params["name"] ?? params["taskId"];
    const headers = {
      ...{ "mcp-protocol-version": "2026-07-28", "mcp-method": method },
      ...(named !== undefined && { "mcp-name": String(named) }),
    };
    return post(caller, { id: 1, method, params: { ...params, _meta: claim } }, headers, signal);
  };
  const initialize = (caller: string, version = "2025-11-25", params: object = {}) =>
    post(caller, {
      ...{ id: 0, method: "initialize" },
      params: { protocolVersion: version, capabilities: {}, clientInfo: { name: "x", version: "1" }, ...params },
    });
  /** The header of a new session. */
  const session = async (caller: string, version?: string) => ({
    "mcp-session-id": (await initialize(caller, version)).headers.get("mcp-session-id")!,
  });
  return { server, ask, post, modern, initialize, session };
}
