import { ready } from "../../protocol/application.js";
import { errorCodes, McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { errorMessage, type Spliced } from "../../protocol/json-rpc.js";
import { admit, bodyTooLong, corsHeaders, longestBody, notStarted } from "./admission.js";
import { eventStream, eventText, isDeaf, keepAlive, keepAliveMs, namedEventText, retryText } from "./events.js";
import {
  pathOf,
  type Headers,
  type HttpOptions,
  type HttpReply,
  type HttpRequest,
  type Refusal,
  type Running,
} from "./exchange.js";
import { probed } from "./probes.js";
import { createRoutes } from "./routes.js";

export type Fetch = (request: Request) => Promise<Response>;

/** The server as a Web-standard handler. At any address that is none of its others it is the MCP endpoint. */
export function createFetch(server: Server, options: HttpOptions): Fetch {
  const routes = createRoutes(server, options);
  return async (incoming) => {
    const request: HttpRequest = {
      method: incoming.method,
      url: incoming.url.slice(new URL(incoming.url).origin.length),
      // Where a Request is made by hand it has no Host; its address says the same.
      header: (name) => incoming.headers.get(name) ?? (name === "host" ? new URL(incoming.url).host : undefined),
    };
    if (server.health !== undefined) {
      const probe = await new Promise<Response | undefined>((resolve) => {
        if (
          !probed(
            server,
            request,
            replyTo(resolve, () => {}, {}),
          )
        )
          resolve(undefined);
      });
      if (probe !== undefined) return probe;
    }
    const started = ready(server);
    if (started !== true && !(await started)) return refused(notStarted);
    const endpoint = routes.at(pathOf(request.url)) ?? routes.mcp;
    const always = corsHeaders(request, endpoint);
    const admitted = admit(server, endpoint, request, options);
    const refusal = admitted instanceof Promise ? await admitted : admitted;
    if (refusal !== undefined) return refused(refusal, refusal.status === 403 ? undefined : always);
    if (incoming.method === "OPTIONS") return new Response(null, { status: 204, headers: { ...always } });
    const body = incoming.method === "POST" ? await textWithin(incoming, options.maxBodyBytes ?? longestBody) : "";
    if (body === undefined) return refused(bodyTooLong(options.maxBodyBytes), always);
    return new Promise((resolve) => {
      let running: Running | undefined;
      const abandon = (): void => {
        running?.abandon();
        reply.close();
        // Nobody reads it; a promise that never settles would leak.
        resolve(new Response(null, { status: 499 }));
      };
      const reply: HttpReply = replyTo(resolve, () => running?.abandon(), always);
      running = incoming.method === "POST" ? endpoint.post(request, body, reply) : endpoint.open(request, reply);
      if (running !== undefined) incoming.signal.addEventListener("abort", abandon, { once: true });
    });
  };
}

function replyTo(resolve: (response: Response) => void, abandon: () => void, always: Headers | undefined): HttpReply {
  const encoder = new TextEncoder();
  let end = (): void => {};
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  const write = (text: string, awaited?: boolean): void => {
    if (stream === undefined) return;
    if (!isDeaf(-(stream.desiredSize ?? 0), awaited)) return stream.enqueue(encoder.encode(text));
    end();
    stream.error(new Error("the client does not read"));
    stream = undefined;
    abandon();
  };
  return {
    send(status, body, headers) {
      const type = body === undefined ? undefined : { "content-type": "application/json" };
      const content = body === undefined ? null : typeof body === "string" ? body : joined(body);
      resolve(new Response(content, { status, headers: { ...type, ...always, ...headers } }));
    },
    open(headers) {
      let beat: ReturnType<typeof setInterval>;
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            stream = controller;
            beat = setInterval(() => controller.enqueue(encoder.encode(keepAlive)), keepAliveMs);
          },
          cancel: () => {
            clearInterval(beat);
            stream = undefined;
            abandon();
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: 16_384 }),
      );
      end = () => clearInterval(beat);
      resolve(new Response(body, { status: 200, headers: { ...eventStream, ...always, ...headers } }));
    },
    event: (message, id, awaited) => write(eventText(message, id), awaited),
    named: (name, data, id) => write(namedEventText(name, data, id)),
    retry: (milliseconds) => write(retryText(milliseconds)),
    close() {
      end();
      stream?.close();
      stream = undefined;
    },
  };
}

function joined({ head, ready: { bytes: result } }: Spliced): Uint8Array<ArrayBuffer> {
  const start = new TextEncoder().encode(head);
  const bytes = new Uint8Array(start.length + result.length);
  bytes.set(start);
  bytes.set(result, start.length);
  return bytes;
}

async function textWithin(request: Request, limit: number): Promise<string | undefined> {
  if (request.body === null) return "";
  const reader = request.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    length += piece.value.length;
    if (length > limit) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(piece.value, { stream: true });
  }
  return text + decoder.decode();
}

function refused({ status, message, headers }: Refusal, always?: Headers): Response {
  const body = errorMessage(undefined, new McpError(errorCodes.invalidRequest, message));
  return new Response(body, { status, headers: { "content-type": "application/json", ...always, ...headers } });
}
