import type {} from "../../protocol/parts.js";
import { callerOf } from "../../protocol/caller.js";
import { unexpectedError } from "../../protocol/connection.js";
import { errorCodes, McpError } from "../../protocol/errors.js";
import type { Server } from "../../protocol/exchange.js";
import { bound } from "../../protocol/observe.js";
import { errorMessage, type Spliced } from "../../protocol/json-rpc.js";
import {
  bodyTooLong,
  checkEncoding,
  corsHeaders,
  createAdmission,
  isForeign,
  defaultMaxBodyBytes,
  refuseUntilStarted,
} from "./admission.js";
import { eventStream, eventText, isStalled, keepAlive, keepAliveMs, namedEventText, retryText } from "./events.js";
import {
  pathOf,
  type DeclaredHttp,
  type Endpoint,
  type Headers,
  type HttpReply,
  type HttpRequest,
  type Refusal,
  type Running,
} from "./endpoint.js";
import { bookBody, createUnread, noRoomForBody } from "./bookings.js";
import { deferUntilRead } from "./from-environment.js";
import { answerProbe } from "./probes.js";
import { createRoutes } from "./routes.js";
import { answerScrape } from "./scrapes.js";
import { largeMessage, takeTurn } from "./turns.js";

export type Fetch = (request: Request) => Promise<Response>;

/**
 * Creates a Web-standard handler. Any address without another endpoint is the MCP endpoint. It never rejects: errors
 * become answers.
 */
export function createFetch(server: Server, options: DeclaredHttp): Fetch {
  const routing = deferUntilRead(server, options, (read) => ({
    routes: createRoutes(server, read),
    admission: createAdmission(server, read),
  }));
  const most = options.maxBodyBytes ?? defaultMaxBodyBytes;

  async function answer(incoming: Request): Promise<Response> {
    const { method, signal } = incoming;
    const request: HttpRequest = {
      method,
      url: incoming.url.slice(new URL(incoming.url).origin.length),
      // Requests that code creates have no Host header; their URL contains it.
      header: (name) => incoming.headers.get(name) ?? (name === "host" ? new URL(incoming.url).host : undefined),
      ...(!globalThis.mcpcWithoutObservers && { network: { protocol: "http" } }),
    };
    const ends = pathSuffixes(pathOf(request.url));
    const probedPath = server.health && ends.find((end) => server.health!.at(end) !== undefined);
    if (probedPath !== undefined)
      return new Promise((resolve) => {
        answerProbe(
          server,
          request,
          replyTo(server, resolve, () => {}, undefined),
          probedPath,
        );
      });
    const { metrics } = server.options;
    if (!globalThis.mcpcWithoutMetrics && metrics?.isOnHttpPort === true && ends.includes(metrics.path))
      return new Promise((resolve) => {
        answerScrape(
          server,
          request,
          replyTo(server, resolve, () => {}, undefined),
          metrics.path,
        );
      });
    const starting = refuseUntilStarted(server);
    const unready = starting && (await starting);
    if (unready !== undefined) return refusalResponse(unready);
    const { routes, admission } = routing();
    let endpoint: Endpoint | undefined;
    for (const end of ends) endpoint ??= routes.at(end);
    // A misspelt profile must not be served without one.
    if (!globalThis.mcpcWithoutProjections && endpoint === undefined && ends.some((end) => routes.isBelow(end)))
      return refusalResponse(routes.nothingHere);
    endpoint ??= routes.mcp;
    const verdict = admission.request(endpoint, request);
    const refusal = verdict instanceof Promise ? await verdict : verdict;
    const always = refusal !== undefined && isForeign(refusal) ? undefined : corsHeaders(request, endpoint);
    if (refusal !== undefined) return refusalResponse(refusal, always);
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { ...always } });
    let body: string | Refusal | undefined = method === "POST" ? await readBody(server, incoming, request, most) : "";
    // The client may have disconnected meanwhile.
    if (typeof body !== "string" || signal.aborted) {
      request.body?.release();
      return typeof body === "string" ? clientClosed() : refusalResponse(body, always);
    }
    return new Promise((resolve) => {
      let running: Running | undefined;
      const reply = replyTo(server, resolve, () => running?.abandon(), always, request, options.keepAliveMs);
      const abandon = (): void => {
        running?.abandon();
        reply.close();
        // A promise that never settles would leak.
        resolve(clientClosed());
      };
      const take = (): void => {
        try {
          // The client may disconnect while the message waits for its turn.
          if (signal.aborted) return abandon();
          const text = body as string;
          // A stream must not keep the text in memory.
          body = undefined;
          running = method === "POST" ? endpoint.post(request, text, reply) : endpoint.open(request, reply);
        } catch (error) {
          return reply.fail(error);
        } finally {
          // Code that outlives the message has taken over the booking.
          request.body?.release();
        }
        if (running !== undefined) signal.addEventListener("abort", abandon, { once: true });
      };
      if ((body as string).length <= largeMessage) take();
      else
        takeTurn(callerOf(request.auth, request.remote), globalThis.mcpcWithoutTelemetry ? take : bound(server, take));
    });
  }

  return async (incoming) => {
    try {
      const response = await answer(incoming);
      return incoming.method === "HEAD" ? new Response(null, response) : response;
    } catch (error) {
      return failureResponse(server, error);
    }
  };
}

/** The maximum number of folders in a framework's prefix and an endpoint's path. */
const maxFolders = 16;

/** Returns the path and its suffixes: a framework's prefix is part of the URL here. */
function pathSuffixes(path: string): readonly string[] {
  const ends = [path];
  for (let at = path.indexOf("/", 1); at !== -1 && ends.length < maxFolders; at = path.indexOf("/", at + 1))
    ends.push(path.slice(at));
  return ends;
}

/** Returns the answer to a disconnected client. */
function clientClosed(): Response {
  return new Response(null, { status: 499 });
}

function failureResponse(server: Server, error: unknown): Response {
  const headers = { "content-type": "application/json" };
  return new Response(errorMessage(undefined, unexpectedError(server, error)), { status: 500, headers });
}

function replyTo(
  server: Server,
  resolve: (response: Response) => void,
  abandon: () => void,
  always: Headers | undefined,
  request?: HttpRequest,
  silentMs = keepAliveMs,
): HttpReply {
  const encoder = new TextEncoder();
  let end = (): void => {};
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  const unread = request && createUnread(server, request, () => breakOff(new Error("the client does not read")));
  const breakOff = (reason: unknown): void => {
    end();
    stream?.error(reason);
    stream = undefined;
    abandon();
  };
  const write = (text: string, awaited?: boolean): void => {
    if (stream === undefined) return;
    if (isStalled(-(stream.desiredSize ?? 0), awaited)) return breakOff(new Error("the client does not read"));
    stream.enqueue(encoder.encode(text));
    unread?.measure(-(stream.desiredSize ?? 0));
  };
  return {
    send(status, body, headers) {
      const type = body === undefined ? undefined : { "content-type": "application/json" };
      const content = body === undefined ? null : typeof body === "string" ? body : joinBytes(body);
      try {
        resolve(new Response(content, { status, headers: { ...type, ...always, ...headers } }));
      } catch (error) {
        resolve(failureResponse(server, error));
      }
    },
    open(headers) {
      const beat = setInterval(() => write(keepAlive), silentMs);
      end = () => {
        clearInterval(beat);
        unread?.release();
      };
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => void (stream = controller),
          cancel: () => {
            end();
            stream = undefined;
            abandon();
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: 16_384 }),
      );
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
    fail(error) {
      // A settled promise ignores this.
      resolve(failureResponse(server, error));
      if (stream !== undefined) breakOff(error);
    },
  };
}

function joinBytes({ head, ready: { bytes: result } }: Spliced): Uint8Array<ArrayBuffer> {
  const start = new TextEncoder().encode(head);
  const bytes = new Uint8Array(start.length + result.length);
  bytes.set(start);
  bytes.set(result, start.length);
  return bytes;
}

const bodyAlreadyRead: Refusal = {
  status: 500,
  message: "something else has read the body of this request; hand over the request before that, or a clone of it",
};
const incompleteBody: Refusal = { status: 400, message: "the body broke off" };

async function readBody(
  server: Server,
  incoming: Request,
  request: HttpRequest,
  most: number,
): Promise<string | Refusal> {
  if (incoming.bodyUsed || incoming.body?.locked) return bodyAlreadyRead;
  const encoded = checkEncoding(request);
  if (encoded !== undefined) return encoded;
  if (incoming.body === null) return "";
  const reader = incoming.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  let refusal: Refusal | undefined;
  const stop = (reason: Refusal): void => {
    refusal = reason;
    text = "";
    // The answer does not depend on the success of the cancellation.
    void reader.cancel().catch(() => {});
  };
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      length += piece.value.length;
      if (length > most) stop(bodyTooLong(most));
      else if (!bookBody(server, request, length, () => stop(noRoomForBody))) stop(noRoomForBody);
      if (refusal !== undefined) return refusal;
      text += decoder.decode(piece.value, { stream: true });
    }
  } catch {
    return refusal ?? incompleteBody;
  }
  return refusal ?? text + decoder.decode();
}

function refusalResponse({ status, message, headers }: Refusal, always?: Headers): Response {
  const body = errorMessage(undefined, new McpError(errorCodes.invalidRequest, message));
  return new Response(body, { status, headers: { "content-type": "application/json", ...always, ...headers } });
}
