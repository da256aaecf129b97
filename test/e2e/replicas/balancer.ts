import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a broken balancer does to every `every`th event about an update, to prove that the verdict finds it. */
export interface Fault {
  readonly updates: "dropped" | "repeated";
  readonly every: number;
}

export interface Balancer {
  readonly origin: string;
  /** Cuts the streams whose client can resume, up to `count`; returns how many. */
  cut(count: number): number;
  stop(): void;
}

/** The response header that names the replica, for the bookkeeping of clients. */
export const replicaHeader = "x-replica";

interface OpenStream {
  readonly response: ServerResponse;
  /** Whether the client has the id of an event. */
  isResumable: boolean;
}

/**
 * Starts a round-robin balancer: each request goes to the next replica. Like nginx, it tries another one only if a
 * connection was refused, and answers 502 if the connection breaks before the answer.
 */
export async function startBalancer(replicas: () => readonly URL[], fault?: Fault): Promise<Balancer> {
  const streams = new Set<OpenStream>();
  const alter = fault === undefined ? (chunk: Buffer) => chunk : faulty(fault);
  let turn = 0;

  function pass(incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer, targets: readonly URL[]): void {
    const [target, ...others] = targets as [URL, ...URL[]];
    const headers = { ...incoming.headers, host: target.host };
    const onward = request(new URL(incoming.url!, target), { method: incoming.method, headers, agent: false });
    onward.on("response", (response) => {
      const isStream = response.headers["content-type"]?.startsWith("text/event-stream") === true;
      outgoing.writeHead(response.statusCode!, { ...response.headers, [replicaHeader]: target.port });
      outgoing.flushHeaders();
      const stream = { response: outgoing, isResumable: false };
      if (isStream) streams.add(stream);
      response.on("data", (chunk: Buffer) => {
        stream.isResumable ||= /^id: ?\S[^]*\n\n/m.test(chunk.toString("latin1"));
        outgoing.write(isStream ? alter(chunk) : chunk);
      });
      response.on("end", () => outgoing.end());
      response.on("error", () => outgoing.destroy());
      outgoing.on("close", () => streams.delete(stream));
    });
    onward.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED" && others.length > 0) return pass(incoming, outgoing, body, others);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502, { [replicaHeader]: target.port }).end();
    });
    outgoing.on("close", () => onward.destroy());
    onward.end(body);
  }

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const targets = replicas();
      const first = (turn += 1) % targets.length;
      pass(incoming, outgoing, Buffer.concat(chunks), [...targets.slice(first), ...targets.slice(0, first)]);
    });
    incoming.on("error", () => outgoing.destroy());
  });
  // Idle connections of clients stay open: closing one under a new request would break the request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(count) {
      const chosen = [...streams].filter(({ isResumable }) => isResumable).slice(0, count);
      for (const { response } of chosen) response.destroy();
      return chosen.length;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function faulty({ updates, every }: Fault): (chunk: Buffer) => Buffer {
  let seen = 0;
  return (chunk) => {
    if (!chunk.includes("notifications/resources/updated")) return chunk;
    seen += 1;
    if (seen % every !== 0) return chunk;
    return updates === "dropped" ? Buffer.from(":\n\n") : Buffer.concat([chunk, chunk]);
  };
}
