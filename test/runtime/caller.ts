import { connect } from "../../runtime/protocol/connection.js";
import { textOf } from "../../runtime/protocol/json-rpc.js";
import type { Server } from "../../runtime/protocol/exchange.js";

/** Every revision of the protocol, oldest first. */
export const revisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] as const;
export type RevisionName = (typeof revisions)[number];

const modern = "2026-07-28";

export interface Caller {
  /** The answer to a request; never, when it is cancelled. */
  request(method: string, params?: Record<string, unknown>, meta?: Record<string, unknown>): Promise<any>;
  /** Calls a tool. */
  call(name: string, input?: object, meta?: Record<string, unknown>): Promise<any>;
  read(uri: string): Promise<any>;
  /** Cancels the request that was sent last. */
  cancel(): void;
  /** What came that is no answer. */
  readonly others: any[];
  respond(id: unknown, result: object): void;
  close(): void;
}

/** A client of a revision, in the same process, message by message. */
export function callerOf(
  server: Server,
  revision: RevisionName = "2025-11-25",
  capabilities: object = {},
  principal?: string,
  scopes: readonly string[] = [],
): Caller {
  const waiting = new Map<unknown, (message: any) => void>();
  const others: any[] = [];
  const connection = connect(
    server,
    (outgoing) => {
      const message: any = JSON.parse(textOf(outgoing));
      const resolve = message.method === undefined ? waiting.get(message.id) : undefined;
      if (resolve === undefined) others.push(message);
      else resolve(message);
      waiting.delete(message.id);
    },
    principal === undefined ? undefined : { principal, scopes, claims: {} },
  );
  const claims = {
    "io.modelcontextprotocol/protocolVersion": modern,
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  let last = 0;
  const request: Caller["request"] = (method, params = {}, meta = {}) => {
    const id = (last += 1);
    const _meta = { ...(revision === modern && claims), ...meta };
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      connection.receive({ jsonrpc: "2.0", id, method, params: { ...params, _meta } });
    });
  };
  if (revision !== modern)
    void request("initialize", { protocolVersion: revision, capabilities, clientInfo: { name: "x", version: "1" } });
  return {
    request,
    call: (name, input = {}, meta) => request("tools/call", { name, arguments: input }, meta),
    read: (uri) => request("resources/read", { uri }),
    cancel: () =>
      connection.receive({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: last } }),
    others,
    respond: (id, result) => connection.receive({ jsonrpc: "2.0", id, result }),
    close: () => connection.close(new Error("closed")),
  };
}

/** Until all that is ready has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}
