import { textOf } from "../../protocol/connection.js";
import { errorCodes, McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { errorMessage } from "../../protocol/json-rpc.js";
import { admit, bodyTooLong, longestBody, type Refusal } from "./admission.js";
import type { HttpOptions, HttpReply, HttpRequest } from "./exchange.js";
import { receiveText, type Running } from "./streamable.js";

export type Fetch = (request: Request) => Promise<Response>;

/** The server as a Web-standard handler. The framework chooses the address: `options.path` is not looked at. */
export function createFetch(server: Server, options: HttpOptions): Fetch {
  return async (incoming) => {
    const request: HttpRequest = {
      method: incoming.method,
      // Where a Request is made by hand it has no Host; its address says the same.
      header: (name) => incoming.headers.get(name) ?? (name === "host" ? new URL(incoming.url).host : undefined),
    };
    const refusal = admit(request, options);
    if (refusal !== undefined) return refused(refusal);
    const body = await textWithin(incoming, longestBody);
    if (body === undefined) return refused(bodyTooLong());
    return new Promise((resolve) => {
      let running: Running | undefined;
      const abandon = (): void => running?.abandon();
      running = receiveText(server, request, body, replyTo(resolve, abandon));
      if (running !== undefined) incoming.signal.addEventListener("abort", abandon, { once: true });
    });
  };
}

function replyTo(resolve: (response: Response) => void, abandon: () => void): HttpReply {
  const encoder = new TextEncoder();
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  return {
    send(status, body, headers) {
      const type = body === undefined ? undefined : { "content-type": "application/json" };
      resolve(new Response((body ?? null) as ConstructorParameters<typeof Response>[0], { status, headers: { ...type, ...headers } }));
    },
    open() {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          stream = controller;
        },
        cancel: () => {
          stream = undefined;
          abandon();
        },
      });
      const headers = { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" };
      resolve(new Response(body, { status: 200, headers }));
    },
    event(message) {
      stream?.enqueue(encoder.encode(`event: message\ndata: ${textOf(message)}\n\n`));
    },
    close() {
      stream?.close();
      stream = undefined;
    },
  };
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

function refused({ status, message, headers }: Refusal): Response {
  const body = errorMessage(undefined, new McpError(errorCodes.invalidRequest, message));
  return new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
}
