import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { replicaHeader } from "./balancer.js";
import type { Call, Journal } from "./journal.js";

export type Kind = "sdk 1.x" | "client 2.x, legacy" | "client 2.x, 2026-07-28";
export const kinds: readonly Kind[] = ["sdk 1.x", "client 2.x, legacy", "client 2.x, 2026-07-28"];

/** An official client that makes one call at a time, and writes down what became of it. */
export interface Caller {
  readonly name: string;
  readonly era: "legacy" | "modern";
  call(tool: string, input: Record<string, unknown>): Promise<Call>;
  read(uri: string): Promise<string>;
  /** Subscribes to these resources. The journal has each update of them. */
  subscribe(uris: readonly string[], lotOf: (uri: string) => string): Promise<void>;
  close(): Promise<void>;
}

const reconnectionOptions = {
  initialReconnectionDelay: 50,
  maxReconnectionDelay: 500,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 100,
};
const capabilities = { elicitation: { form: {} } };
const info = { name: "replicas", version: "1.0.0" };
const paid = () => ({ action: "accept" as const, content: { isPaid: true } });

export interface Destination {
  readonly url: URL;
  /** Milliseconds after which a client gives up: much longer than any call, an outage included. */
  readonly patienceMs: number;
}

export async function createCaller(
  journal: Journal,
  kind: Kind,
  name: string,
  { url, patienceMs: timeout }: Destination,
  key: string,
): Promise<Caller> {
  const era = kind === "client 2.x, 2026-07-28" ? "modern" : "legacy";
  /** The call that runs: requests and streams of a caller are those of its one call. */
  let current: Call | undefined;
  const recorded: typeof fetch = async (input, init) => {
    const call = init?.method === "POST" || new Headers(init?.headers).has("last-event-id") ? current : undefined;
    const response = await fetch(input, init);
    const replica = response.headers.get(replicaHeader);
    if (call !== undefined && replica !== null) call.replicas.push(replica);
    if (call !== undefined && !response.ok) call.status = response.status;
    return response;
  };
  const options = {
    requestInit: { headers: { authorization: `Bearer ${key}` } },
    reconnectionOptions,
    fetch: recorded,
  };
  const problems: ((problem: string) => void)[] = [];
  const onerror = ({ message }: Error): void => {
    if (message.includes("Maximum reconnection attempts")) for (const report of problems) report(message);
  };
  const onUpdate = { notify: (_uri: string): void => {} };

  async function connected1() {
    const client = new Client1(info, { capabilities });
    client.onerror = onerror;
    client.setRequestHandler(ElicitRequestSchema, paid);
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => onUpdate.notify(params.uri));
    await client.connect(new Http1(url, options) as Parameters<typeof client.connect>[0], { timeout });
    return {
      call: (params: any, more: any) => client.callTool(params, undefined, more) as Promise<any>,
      read: (uri: string) => client.readResource({ uri }) as Promise<any>,
      subscribe: (uri: string) => client.subscribeResource({ uri }),
      close: () => client.close(),
    };
  }

  async function connected2() {
    const mode = era === "modern" ? { pin: "2026-07-28" } : ("legacy" as const);
    const client = new Client2(info, { capabilities, versionNegotiation: { mode } });
    client.onerror = onerror;
    client.setRequestHandler("elicitation/create", paid as never);
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => onUpdate.notify(params.uri));
    await client.connect(new Http2(url, options), { timeout });
    return {
      call: (params: any, more: any) => client.callTool(params, more) as Promise<any>,
      read: (uri: string) => client.readResource({ uri }) as Promise<any>,
      subscribe: (uri: string) => client.subscribeResource({ uri }),
      listen: (uris: string[]) => client.listen({ resourceSubscriptions: uris }),
      close: () => client.close(),
    };
  }

  const client = kind === "sdk 1.x" ? await connected1() : await connected2();
  let isClosed = false;

  return {
    name,
    era,
    async call(tool, input) {
      const call: Call = {
        client: name,
        era,
        tool,
        ...(typeof input["lot"] === "string" && { lot: input["lot"] }),
        began: journal.now(),
        ended: Infinity,
        outcome: "hung",
        replicas: [],
        progress: [],
      };
      current = call;
      const onprogress = ({ progress }: { progress: number }): void => void call.progress.push(progress);
      const more = { timeout, ...(tool === "appraise" && { onprogress, resetTimeoutOnProgress: true }) };
      try {
        const { isError, structuredContent, content } = await client.call({ name: tool, arguments: input }, more);
        call.outcome = isError === true ? "refused" : "answered";
        call.value = tool === "set_estimate" ? { dollars: input["dollars"] } : structuredContent;
        if (isError === true) call.message = content[0].text;
      } catch (error) {
        const { message, code } = error as { message: string; code?: unknown };
        call.message = `${code ?? ""} ${message}`.slice(0, 300);
        const isTimeout = code === -32001 || /timed out/i.test(message);
        const isBroken = call.status === 502 || (call.status === undefined && /fetch failed|terminated/.test(message));
        call.outcome = isTimeout ? "hung" : isBroken ? "broken" : "refused";
      }
      call.ended = journal.now();
      current = undefined;
      journal.calls.push(call);
      return call;
    },
    read: async (uri) => (await client.read(uri)).contents[0].text,
    async subscribe(uris, lotOf) {
      let stream = 0;
      onUpdate.notify = (uri) =>
        void journal.updates.push({ client: name, stream, lot: lotOf(uri), at: journal.now() });
      if (!("listen" in client) || era === "legacy") {
        await Promise.all(uris.map((uri) => client.subscribe(uri)));
        const subscription = { client: name, resumes: true, stream, began: journal.now() };
        journal.subscriptions.push(subscription);
        problems.push((problem) => Object.assign(subscription, { problem }));
        return;
      }
      const listen = client.listen;
      const next = async (): Promise<void> => {
        const { closed } = await listen([...uris]);
        const subscription = { client: name, resumes: false, stream, began: journal.now() };
        journal.subscriptions.push(subscription);
        void closed.then(async () => {
          if (isClosed) return;
          Object.assign(subscription, { ended: journal.now() });
          stream += 1;
          for (let tries = 0; !isClosed && tries < 200; tries += 1) {
            if (
              await next().then(
                () => true,
                () => false,
              )
            )
              return;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        });
      };
      await next();
    },
    async close() {
      isClosed = true;
      await client.close().catch(() => {});
    },
  };
}
