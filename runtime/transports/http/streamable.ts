import { noBatches, paramsMustBeObject, textOf } from "../../protocol/connection.js";
import { dispatch, response } from "../../protocol/dispatch.js";
import { errorCodes, McpError } from "../../protocol/errors.js";
import { Call, type Outlet, type Peer, type Server } from "../../protocol/exchange.js";
import { initialize, legacyPeer } from "../../protocol/initialize.js";
import { classify, errorMessage, isObject, parseError, readableId, resultMessage } from "../../protocol/json-rpc.js";
import type { Outgoing, RequestMessage } from "../../protocol/json-rpc.js";
import { toolSurface } from "../../protocol/methods/tools.js";
import { invalidParams } from "../../protocol/results.js";
import { legacyRevisions } from "../../protocol/revisions/legacy.js";
import { claims, hasClaim, modernPeer, modernRevisions } from "../../protocol/revisions/modern.js";
import type { JsonObject } from "../../protocol/types.js";
import type { HttpReply, HttpRequest } from "./exchange.js";
import { parameterMismatch, standardMismatch, versionMismatch } from "./request-headers.js";

/** A request that is still being answered. */
export interface Running {
  /** The client is gone. */
  abandon(): void;
}

/** What a client that sends no version is taken to speak (2025-06-18, transports: protocol version header). */
const assumedVersion = "2025-03-26";

/** Answers the body of a POST to the MCP endpoint. Never throws. */
export function receiveText(server: Server, request: HttpRequest, body: string, reply: HttpReply): Running | undefined {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    reply.send(400, errorMessage(undefined, parseError()));
    return undefined;
  }
  return receive(server, request, message, reply);
}

/** The same, for a body that a framework has parsed. */
export function receive(server: Server, request: HttpRequest, message: unknown, reply: HttpReply): Running | undefined {
  if (Array.isArray(message)) return batch(server, request, message, reply);
  const kind = classify(message);
  if (kind instanceof McpError) {
    reply.send(400, errorMessage(readableId(message), kind));
    return undefined;
  }
  if (kind !== "request") {
    reply.send(202);
    return undefined;
  }
  const { id, method, params } = message as unknown as RequestMessage;
  if (isModern(request, method, params)) return modern(server, request, message as unknown as RequestMessage, reply);
  const refusal = unknownLegacyVersion(request);
  if (refusal !== undefined) {
    reply.send(400, errorMessage(id, refusal));
    return undefined;
  }
  if (method === "initialize") {
    const opened = initialize(server, params);
    reply.send(200, opened instanceof McpError ? errorMessage(id, opened) : resultMessage(id, opened.result));
    return undefined;
  }
  const peer = legacyPeer(server, request.header("mcp-protocol-version") ?? assumedVersion);
  return run(peer, message as unknown as RequestMessage, streamed(request, reply));
}

/** The body decides; a header alone makes no request modern, but a modern one without its claim is malformed. */
function isModern(request: HttpRequest, method: string, params: unknown): boolean {
  if (hasClaim(params)) return true;
  const version = request.header("mcp-protocol-version");
  if (version !== undefined && !legacyRevisions.has(version)) return modernRevisions.has(version) || version > "2026-07-28";
  return version === undefined && method === "server/discover";
}

function unknownLegacyVersion(request: HttpRequest): McpError | undefined {
  const version = request.header("mcp-protocol-version");
  if (version === undefined || legacyRevisions.has(version)) return undefined;
  const supported = [...legacyRevisions.keys(), ...modernRevisions.keys()].join(", ");
  return new McpError(errorCodes.invalidRequest, `unsupported MCP-Protocol-Version ${JSON.stringify(version.slice(0, 40))}; supported: ${supported}`);
}

/** The ladder: envelope, header against body, version served, headers, method, mirrored arguments. */
function modern(server: Server, request: HttpRequest, message: RequestMessage, reply: HttpReply): Running | undefined {
  const { id, method, params } = message;
  const refuse = (status: number, error: McpError): undefined => {
    reply.send(status, errorMessage(id, error));
  };
  const peer = modernPeer(server, params);
  const { _meta: meta } = isObject(params) ? params : {};
  const version = isObject(meta) ? meta[claims.protocolVersion] : undefined;
  if (peer instanceof McpError && peer.code === errorCodes.invalidParams) return refuse(400, peer);
  const disagreement = versionMismatch(request, String(version));
  if (disagreement !== undefined) return refuse(400, disagreement);
  if (peer instanceof McpError) return refuse(400, peer);
  const members = params as JsonObject;
  const mismatch = standardMismatch(request, method, members) ?? argumentMismatch(server, request, method, members);
  if (mismatch !== undefined) return refuse(400, mismatch);
  return run(peer, message, streamed(request, reply));
}

function argumentMismatch(server: Server, request: HttpRequest, method: string, params: JsonObject): McpError | undefined {
  const { name, arguments: input } = params;
  if (method !== "tools/call" || typeof name !== "string") return undefined;
  const headers = toolSurface(server, name)?.headers;
  return headers === undefined ? undefined : parameterMismatch(request, headers, input);
}

/** Where the messages of one request go. */
interface Channel extends Outlet {
  finish(status: number, answer: Outgoing): void;
}

/** One JSON body; an event stream from the first notification on, when the client takes one. */
function streamed(request: HttpRequest, reply: HttpReply): Channel {
  let open = false;
  return {
    notify(message) {
      if (!open) {
        if (!request.header("accept")?.includes("text/event-stream")) return;
        open = true;
        reply.open();
      }
      reply.event(message);
    },
    finish(status, answer) {
      if (!open) return reply.send(status, answer);
      reply.event(answer);
      reply.close();
    },
  };
}

function run(peer: Peer, message: RequestMessage, channel: Channel): Running | undefined {
  const { id, method, params = {} } = message;
  const { revision } = peer.view;
  if (!isObject(params)) {
    channel.finish(revision.httpStatus(errorCodes.invalidParams), errorMessage(id, paramsMustBeObject()));
    return undefined;
  }
  const call = new Call(peer, id, method, params, channel);
  const finish = (settled: Awaited<ReturnType<typeof dispatch>>): void => {
    call.finish();
    const status = settled instanceof McpError ? revision.httpStatus(settled.code) : 200;
    channel.finish(status, response(call, settled));
  };
  const answer = dispatch(call);
  if (!(answer instanceof Promise)) {
    finish(answer);
    return undefined;
  }
  let abandoned = false;
  void answer.then((settled) => {
    if (!abandoned) finish(settled);
  });
  return {
    abandon() {
      abandoned = true;
      call.finish();
      if (revision.disconnectCancels) call.abort(new Error("the client disconnected"));
    },
  };
}

/** JSON-RPC batches, of 2025-03-26 alone. */
function batch(server: Server, request: HttpRequest, messages: readonly unknown[], reply: HttpReply): Running | undefined {
  const version = request.header("mcp-protocol-version") ?? assumedVersion;
  const revision = legacyRevisions.get(version);
  const modernElement = messages.some((message) => isObject(message) && hasClaim(message["params"]));
  if (revision?.batches !== true || modernElement || messages.length === 0) {
    const error = messages.length === 0 ? new McpError(errorCodes.invalidRequest, "an empty batch") : noBatches();
    reply.send(400, errorMessage(undefined, error));
    return undefined;
  }
  const peer = legacyPeer(server, version);
  const answers: string[] = [];
  let waiting = messages.length;
  const done = (): void => {
    waiting -= 1;
    if (waiting > 0) return;
    if (answers.length === 0) reply.send(202);
    else reply.send(200, `[${answers.join(",")}]`);
  };
  const channel: Channel = {
    // One body of responses has no room for notifications.
    notify: () => {},
    finish: (_status, answer) => {
      answers.push(textOf(answer));
      done();
    },
  };
  const running: Running[] = [];
  for (const message of messages) {
    const kind = classify(message);
    if (kind === "request") {
      const { id, method } = message as unknown as RequestMessage;
      if (method === "initialize") channel.finish(200, errorMessage(id, invalidParams('"initialize" must not be in a batch')));
      else running.push(run(peer, message as unknown as RequestMessage, channel) ?? idle);
    } else if (kind instanceof McpError) channel.finish(200, errorMessage(readableId(message), kind));
    else done();
  }
  return { abandon: () => running.forEach((one) => one.abandon()) };
}

const idle: Running = { abandon: () => {} };
