import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { ready } from "../protocol/application.js";
import { atExpiry } from "../protocol/auth.js";
import { connect } from "../protocol/connection.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { errorMessage, parseError, textOf, type Outgoing } from "../protocol/json-rpc.js";
import { admitUpgrade, longestBody, notStarted } from "../transports/http/admission.js";
import { pathOf, type Headers, type HttpOptions, type HttpRequest, type Refusal } from "../transports/http/exchange.js";
import { mostSessions } from "../transports/http/sessions.js";

/** A listener of `node:http`'s `upgrade`. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A client that does not answer in this time is gone. */
const pingMs = 30_000;
/** In bytes: beyond it a client is heard again when it has read, and told nothing that it has not asked for. */
const mostBuffered = 4 * 1024 * 1024;

/** The protocol over WebSocket (RFC 6455), subprotocol `mcp`: one message a frame, both ways, both eras. */
export function createUpgrade(server: Server, options: HttpOptions): Upgrade {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxBodyBytes ?? longestBody,
    clientTracking: true,
    handleProtocols: (offered) => (offered.has("mcp") ? "mcp" : false),
  });
  const ending = {
    deliver: () => {},
    end: () => {},
    close: () => sockets.clients.forEach((socket) => socket.close(1001, "the server is stopping")),
  };
  server.subscribers.add(ending);
  return (request, socket, head) => {
    socket.on("error", () => {});
    if (pathOf(request.url ?? "/") !== options.websocket?.path) return refuse(socket, 404, "nothing here");
    const header = (name: string): string | undefined => [request.headers[name]].flat().join(", ") || undefined;
    const asked: HttpRequest = { method: "GET", url: request.url ?? "/", header };
    const open = (refusal: Refusal | undefined): void => {
      if (refusal !== undefined) return refuse(socket, refusal.status, refusal.message, refusal.headers);
      if (sockets.clients.size >= (options.maxSessions ?? mostSessions))
        return refuse(socket, 503, "too many clients; try again later");
      sockets.handleUpgrade(request, socket, head, (opened) => serve(server, opened, asked.auth));
    };
    const admitted = (): void => {
      const refusal = admitUpgrade(server, asked, options);
      if (refusal instanceof Promise) void refusal.then(open);
      else open(refusal);
    };
    const started = ready(server);
    if (started === true) return admitted();
    void started.then((can) => (can ? admitted() : open(notStarted)));
  };
}

function serve(server: Server, socket: WebSocket, auth: Auth | undefined): void {
  const send = (message: Outgoing, awaited = false): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (!awaited && socket.bufferedAmount > mostBuffered) return socket.terminate();
    const text = textOf(message);
    if (socket.bufferedAmount + text.length <= mostBuffered) return socket.send(text);
    socket.pause();
    socket.send(text, () => {
      if (socket.bufferedAmount <= mostBuffered) socket.resume();
    });
  };
  const connection = connect(server, send, auth);
  const stop = atExpiry(auth, () => socket.close(1008, "the credentials have expired"));
  let alive = true;
  let unread = 0;
  const beat = setInterval(() => {
    // While it is not heard, it lives as long as it reads.
    if (!alive && socket.bufferedAmount >= unread) return socket.terminate();
    unread = socket.bufferedAmount;
    alive = false;
    socket.ping();
  }, pingMs);
  socket.on("pong", () => (alive = true));
  socket.on("message", (data, isBinary) => {
    alive = true;
    let message: unknown;
    try {
      if (isBinary) throw new SyntaxError("a message is text");
      message = JSON.parse(String(data));
    } catch {
      return send(errorMessage(undefined, parseError()), true);
    }
    connection.receive(message);
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    clearInterval(beat);
    stop();
    connection.close(new Error("the client disconnected"));
  });
}

function refuse(socket: Duplex, status: number, message: string, headers: Headers = {}): void {
  const lines = Object.entries({
    connection: "close",
    "content-type": "text/plain",
    "content-length": String(Buffer.byteLength(message)),
    ...headers,
  });
  const head = [`HTTP/1.1 ${status} Refused`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${head.join("\r\n")}\r\n\r\n${message}`);
}
