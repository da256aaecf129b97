// Requests by hand: the official clients would not misbehave.
import * as http from "node:http";

export const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

const claims = (extra = {}) => ({
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  ...extra,
});

let id = 0;
/** A JSON-RPC request; of 2026-07-28 unless `legacy`. */
export function message(method, params = {}, { legacy = false, meta } = {}) {
  id += 1;
  const _meta = { ...(!legacy && claims()), ...meta };
  return { jsonrpc: "2.0", id, method, params: Object.keys(_meta).length > 0 ? { ...params, _meta } : params };
}

export const initialize = (capabilities = {}) =>
  message(
    "initialize",
    { protocolVersion: "2025-11-25", capabilities, clientInfo: { name: "soak", version: "1" } },
    { legacy: true },
  );

/**
 * Sends one request. `hangUp`: after the first bytes, after so many milliseconds, or never. Resolves with the status,
 * the headers and the text; a connection that broke is status 0.
 */
export function send(url, { method = "POST", body, headers = {}, hangUp, slow = false } = {}) {
  return new Promise((resolve) => {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const request = http.request(url, {
      method,
      agent,
      headers: {
        ...(text !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
        accept: "application/json, text/event-stream",
        ...headers,
      },
    });
    const broken = () => resolve({ status: 0, headers: {}, text: "" });
    request.on("error", broken);
    request.on("response", (response) => {
      let received = "";
      const done = () => resolve({ status: response.statusCode, headers: response.headers, text: received });
      response.on("error", done);
      response.on("close", done);
      if (slow) return;
      response.setEncoding("utf8").on("data", (chunk) => {
        received += chunk;
        if (hangUp === "first bytes") request.destroy();
      });
    });
    if (typeof hangUp === "number") setTimeout(() => request.destroy(), hangUp);
    request.end(text);
  });
}

/** The headers that a request of 2026-07-28 repeats. */
export function repeated({ method, params }) {
  const name = params.name ?? params.uri ?? params.taskId;
  return {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
  };
}

export const modern = (url, body, { headers, ...more } = {}) =>
  send(url, { body, headers: { ...repeated(body), ...headers }, ...more });

export const bearer = (token) => ({ authorization: `Bearer ${token}` });

export const pick = (...values) => values[Math.floor(Math.random() * values.length)];

/** Opens a session, and resolves with the headers of its requests; `undefined` when it is refused. */
export async function openSession(url, { headers, capabilities } = {}) {
  const answer = await send(url, { body: initialize(capabilities), headers });
  const id = answer.headers["mcp-session-id"];
  return id === undefined ? undefined : { "mcp-session-id": id, ...headers };
}
