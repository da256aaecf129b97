import { connect, type Connection, type Origin } from "../../runtime/protocol/connection.js";
import { textOf } from "../../runtime/protocol/json-rpc.js";
import type { Server } from "../../runtime/protocol/exchange.js";

export interface Conversation {
  readonly connection: Connection;
  /** Sends as given. */
  send(message: object): void;
  /** The answer to a request; what the revision wants around it is added. */
  request(method: string, params?: object, meta?: object): Promise<any>;
  /** The next message that answers no `request`. */
  next(): Promise<any>;
  /** Messages that nobody has taken yet. */
  readonly waiting: readonly any[];
}

/** Speaks with a server in the same process; a revision with a handshake has had it when this resolves. */
export async function converse(
  server: Server,
  version: string,
  capabilities: object = {},
  origin?: Origin,
): Promise<Conversation> {
  const answers = new Map<unknown, (message: any) => void>();
  const waiting: any[] = [];
  const readers: ((message: any) => void)[] = [];
  const connection = connect(
    server,
    (text) => {
      const message = JSON.parse(textOf(text));
      const answered = message.method === undefined ? answers.get(message.id) : undefined;
      answers.delete(message.id);
      const reader = answered ?? readers.shift();
      if (reader) reader(message);
      else waiting.push(message);
    },
    undefined,
    origin,
  );
  const modern = version >= "2026-07-28";
  const claim = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  let id = 0;
  const send = (message: object): void => connection.receive({ jsonrpc: "2.0", ...message });
  const request = (method: string, params: object = {}, meta: object = {}): Promise<any> => {
    id += 1;
    const key = `test ${id}`;
    const answer = new Promise((resolve) => answers.set(key, resolve));
    const _meta = modern ? { ...claim, ...meta } : meta;
    send({ id: key, method, params: Object.keys(_meta).length > 0 ? { ...params, _meta } : params });
    return answer;
  };
  if (!modern) {
    const clientInfo = { name: "test", version: "1" };
    await request("initialize", { protocolVersion: version, capabilities, clientInfo });
  }
  const next = (): Promise<any> =>
    new Promise((resolve) => (waiting.length > 0 ? resolve(waiting.shift()) : readers.push(resolve)));
  return { connection, send, request, next, waiting };
}
