import type { Link } from "./link.js";

/** What a test says to a server in the words of one revision. */
export interface Client {
  readonly version: string;
  /** Each request stands alone; before, a handshake opens a session. */
  readonly modern: boolean;
  readonly link: Link;
  /** The result of the handshake. */
  readonly opened?: any;
  /** The answer as it came. `meta` joins what the revision wants in `_meta`. */
  request(method: string, params?: object, meta?: object, id?: unknown): Promise<any>;
  notify(method: string, params?: object): void;
  /** Sends a request that nobody waits for yet, and its id. */
  start(method: string, params?: object, meta?: object, id?: unknown): unknown;
  call(tool: string, input?: object, meta?: object): Promise<any>;
  /** The next notification of this method. */
  told(method: string): Promise<any>;
  /** A request whose questions are answered: by requests of the server's, or by the results that stand for them. */
  converse(method: string, params: object, answer: Answering): Promise<Conversation>;
  /** When this is answered, all that was sent before has been taken. */
  settled(): Promise<void>;
}
export type Answering = (method: string, params: any) => object;
export interface Conversation {
  readonly answer: any;
  readonly asked: readonly string[];
}

export const modernVersion = "2026-07-28";
export const versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", modernVersion];
export const everything = { elicitation: { form: {} }, sampling: {}, roots: {} };
let requests = 0;

export const isAnswer =
  (id: unknown) =>
  (message: any): boolean =>
    message.id === id && message.method === undefined;

export async function clientOf(link: Link, version: string, capabilities: object = everything): Promise<Client> {
  const modern = version === modernVersion;
  const claim = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  const start = (method: string, params: object = {}, meta: object = {}, id: unknown = `r${(requests += 1)}`) => {
    const _meta = modern ? { ...claim, ...meta } : meta;
    link.send({ jsonrpc: "2.0", id, method, params: Object.keys(_meta).length > 0 ? { ...params, _meta } : params });
    return id;
  };
  const request: Client["request"] = (...given) => link.take(isAnswer(start(...given)));
  const notify = (method: string, params?: object): void => link.send({ jsonrpc: "2.0", method, params });
  const client: Client = {
    version,
    modern,
    link,
    request,
    notify,
    start,
    call: (name, input = {}, meta) => request("tools/call", { name, arguments: input }, meta),
    told: (method) => link.take((message) => message.method === method),
    converse: (method, params, answer) =>
      modern ? rounds(client, method, params, answer) : answering(client, method, params, answer),
    async settled() {
      await client.call("waited", { key: "" });
    },
  };
  if (!modern) {
    const clientInfo = { name: "contract", version: "1.0.0" };
    const { result } = await request("initialize", { protocolVersion: version, capabilities, clientInfo });
    notify("notifications/initialized");
    return { ...client, opened: result };
  }
  return client;
}

async function answering(client: Client, method: string, params: object, answer: Answering): Promise<Conversation> {
  const { link } = client;
  const ends = isAnswer(client.start(method, params));
  const asked: string[] = [];
  for (;;) {
    const message = await link.take((one) => ends(one) || (one.id !== undefined && one.method !== undefined));
    if (ends(message)) return { answer: message, asked };
    asked.push(message.method);
    link.send({ jsonrpc: "2.0", id: message.id, result: answer(message.method, message.params) });
  }
}

async function rounds(client: Client, method: string, params: object, answer: Answering): Promise<Conversation> {
  const asked: string[] = [];
  let more = {};
  for (;;) {
    const message = await client.request(method, { ...params, ...more });
    const { resultType, inputRequests, requestState } = message.result ?? {};
    if (resultType !== "input_required") return { answer: message, asked };
    const questions = Object.entries(inputRequests as Record<string, { method: string; params: any }>);
    asked.push(...questions.map(([, question]) => question.method));
    const inputResponses = Object.fromEntries(
      questions.map(([key, question]) => [key, answer(question.method, question.params)]),
    );
    more = { inputResponses, requestState };
  }
}
