import type {} from "../protocol/parts.js";
import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { onExpiry } from "../protocol/auth.js";
import { callerOf } from "../protocol/caller.js";
import { connect, unexpectedError } from "../protocol/connection.js";
import { full, type McpError, type UnavailableError } from "../protocol/errors.js";
import type { Server } from "../protocol/exchange.js";
import { errorMessage, parseError, readableId, textOf, type Id, type Outgoing } from "../protocol/json-rpc.js";
import { weightOf, type Booking } from "../protocol/ledger.js";
import { parseMessage } from "../protocol/parse-message.js";
import { createAdmission, defaultMaxBodyBytes, refuseUntilStarted } from "../transports/http/admission.js";
import { createUnread, unbookedBodyBytes, unbookedUnreadBytes } from "../transports/http/bookings.js";
import {
  noRoomForMessage,
  pathOf,
  type DeclaredHttp,
  type HttpRequest,
  type Refusal,
} from "../transports/http/endpoint.js";
import { deferUntilRead } from "../transports/http/from-environment.js";
import { serverBelow } from "../transports/http/profiles.js";
import { defaultMaxSessions, sessionBytes } from "../transports/http/sessions.js";
import { largeMessage, takeTurn } from "../transports/http/turns.js";
import { NodeRequest } from "./http-request.js";

/** A listener of `node:http`'s `upgrade`. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A client that does not answer in this time is gone. */
const pingMs = 30_000;
/**
 * The maximum unread output in bytes. Above it, reading pauses, and a message that the client has not requested ends
 * the connection.
 */
const maxBuffered = 4 * 1024 * 1024;

/** Time limit for sending a refusal. */
const flushMs = 5000;

const nothingHere: Refusal = { status: 404, message: "nothing here" };

/** The protocol over WebSocket (RFC 6455), subprotocol `mcp`: one message a frame, both ways, both eras. */
export function createUpgrade(server: Server, options: DeclaredHttp): Upgrade {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxBodyBytes ?? defaultMaxBodyBytes,
    clientTracking: true,
    handleProtocols: (offered) => (offered.has("mcp") ? "mcp" : false),
  });
  const admission = deferUntilRead(server, options, (read) => createAdmission(server, read));
  const path = options.websocket && pathOf(options.websocket.path);
  const profiled = (requested: string): Server | undefined =>
    globalThis.mcpcWithoutProjections || path === undefined ? undefined : serverBelow(server, path, requested);
  const ending = {
    deliver: () => {},
    end: () => {},
    close: () => sockets.clients.forEach((socket) => socket.close(1001, "the server is stopping")),
  };
  server.subscribers.add(ending);

  function take(request: HttpRequest, socket: Duplex, open: (refusal: Refusal | undefined) => void): void {
    const verdict = admission().upgrade(request);
    if (!(verdict instanceof Promise)) return open(verdict);
    whenSettled(verdict, socket, open);
  }

  /** Calls `next` with the settled value, unless the connection is closed by then. */
  function whenSettled<Value>(promise: Promise<Value>, socket: Duplex, next: (value: Value) => void): void {
    promise
      .then((value) => {
        if (!socket.destroyed) next(value);
      })
      .catch((error: unknown) => fail(socket, error));
  }

  function fail(socket: Duplex, error: unknown): void {
    refuse(socket, { status: 500, message: unexpectedError(server, error).message });
  }

  return (incoming, socket, head) => {
    const { server: http } = incoming.socket as { server?: EventEmitter };
    if (http?.listenerCount("upgrade") === 1 && incoming.headers.upgrade?.toLowerCase() !== "websocket")
      return serveWithoutUpgrade(http, incoming, socket, head);
    socket.on("error", () => {});
    try {
      const request = new NodeRequest(incoming);
      const requested = pathOf(request.url);
      const served = requested === path ? server : profiled(requested);
      if (served === undefined) {
        // Other paths may be those of other listeners.
        if (http === undefined || http.listenerCount("upgrade") < 2) refuse(socket, nothingHere);
        return;
      }
      const open = (refusal: Refusal | undefined): void => {
        if (refusal !== undefined) return refuse(socket, refusal);
        const caller = callerOf(request.auth, request.remote);
        const unavailable = server.admit?.({ method: "open", caller });
        if (unavailable !== undefined) return refuse(socket, refusalOf(unavailable));
        let close: ((code: number, reason: Error) => void) | undefined;
        const evict = (): void => (close === undefined ? refuse(socket, tooMany) : close(1013, tooManyClients));
        const item = { kind: "websocket", most: options.maxSessions ?? defaultMaxSessions, caller };
        const booking = server.ledger.book(item, evict, sessionBytes);
        if (booking === undefined) return refuse(socket, tooMany);
        socket.on("close", booking.release);
        sockets.handleUpgrade(incoming, socket, head, (opened) => {
          close = serve(served, opened, request, booking);
        });
      };
      const starting = refuseUntilStarted(server);
      if (starting === undefined) take(request, socket, open);
      else whenSettled(starting, socket, (refusal) => (refusal ? open(refusal) : take(request, socket, open)));
    } catch (error) {
      fail(socket, error);
    }
  };
}

/**
 * Serves a request without its unknown upgrade (RFC 9110, section 7.8), such as h2c; Node would pass every upgrade on.
 * The connection is emitted again, with the same bytes but without the upgrade.
 */
function serveWithoutUpgrade(http: EventEmitter, incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = incoming;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (!/^(?:upgrade|http2-settings|connection)$/i.test(name)) lines.push(`${name}: ${rawHeaders[at + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  http.emit("encrypted" in socket ? "secureConnection" : "connection", socket);
}

const tooManyClients = full("too many clients are connected");
const tooMany = refusalOf(tooManyClients);

function refusalOf({ httpStatus, message, headers }: UnavailableError): Refusal {
  return { status: httpStatus, message, headers };
}

/** Serves a client. Returns a function that closes its connection. */
function serve(
  server: Server,
  socket: WebSocket,
  request: HttpRequest,
  booking: Booking,
): (code: number, reason: Error) => void {
  const { auth, remote } = request;
  const caller = callerOf(auth, remote);
  const unread = createUnread(server, request, () => socket.terminate());
  const read = (): void => unread.measure(socket.bufferedAmount);
  const send = (message: Outgoing, awaited = false): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (!awaited && socket.bufferedAmount > maxBuffered) return socket.terminate();
    const text = textOf(message);
    const waiting = socket.bufferedAmount + text.length;
    if (waiting <= unbookedUnreadBytes) return socket.send(text);
    if (waiting <= maxBuffered) socket.send(text, read);
    else {
      socket.send(text, () => {
        read();
        updateFlow();
      });
      updateFlow();
    }
    read();
  };
  /** Messages that wait for their turn. */
  let waiting = 0;
  const updateFlow = (): void => {
    if (waiting > 0 || socket.bufferedAmount > maxBuffered) socket.pause();
    else socket.resume();
  };
  const refused = (error: McpError, id?: Id): void => send(errorMessage(id, error), true);
  const connection = connect(server, send, auth, {
    remote,
    booking,
    ...(!globalThis.mcpcWithoutObservers && { network: { protocol: "websocket", port: request.network?.port } }),
  });
  const close = (code: number, reason: Error): void => {
    connection.close(reason);
    socket.close(code, reason.message);
  };
  const stop = onExpiry(auth, () => close(1008, new Error("the credentials have expired")));
  let alive = true;
  let unreadBefore = 0;
  const heartbeat = setInterval(() => {
    // While reading is paused, progress of the output counts as a sign of life.
    if (!alive && socket.bufferedAmount >= unreadBefore) return socket.terminate();
    unreadBefore = socket.bufferedAmount;
    alive = false;
    socket.ping();
  }, pingMs);
  socket.on("pong", () => (alive = true));
  const receive = (text: string): void => {
    const message = parseMessage(text, refused);
    if (message === undefined) return;
    if (text.length <= unbookedBodyBytes) return connection.receive(message);
    const item = { kind: "body", most: Infinity, caller };
    const body = server.ledger.book(item, () => {}, weightOf(message));
    if (body === undefined) refused(noRoomForMessage(), readableId(message));
    else connection.receive(message, undefined, body);
  };
  socket.on("message", (data: Buffer, isBinary) => {
    alive = true;
    if (isBinary) return refused(parseError());
    // Later messages must not overtake one that waits.
    if (waiting === 0 && data.length <= largeMessage) return receive(String(data));
    waiting += 1;
    updateFlow();
    takeTurn(caller, () => {
      waiting -= 1;
      updateFlow();
      if (socket.readyState === socket.OPEN) receive(String(data));
    });
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    clearInterval(heartbeat);
    stop();
    unread.release();
    connection.close(new Error("the client disconnected"));
  });
  return close;
}

/** Sends a refusal and destroys the socket, which no other code would close. */
function refuse(socket: Duplex, { status, message, headers }: Refusal): void {
  if (socket.destroyed || socket.writableEnded) return;
  const lines = Object.entries({
    connection: "close",
    "content-type": "text/plain",
    "content-length": String(Buffer.byteLength(message)),
    ...headers,
  });
  const head = [`HTTP/1.1 ${status} Refused`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  // A client that does not read would keep it open.
  const late = setTimeout(() => socket.destroy(), flushMs);
  socket.on("close", () => clearTimeout(late));
  socket.end(`${head.join("\r\n")}\r\n\r\n${message}`, () => socket.destroy());
}
