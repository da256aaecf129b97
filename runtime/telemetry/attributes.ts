import type { Attributes } from "@opentelemetry/api";
import { sessionOf } from "../protocol/client-session.js";
import type { Call } from "../protocol/exchange.js";
import { McpError } from "../protocol/errors.js";
import { isObject, resultText } from "../protocol/json-rpc.js";
import type { Outcome } from "../protocol/observer.js";
import { redact } from "../protocol/redact.js";
import { methodOf, namedEntry, type NamedEntry } from "../protocol/named-entry.js";
import type { TelemetryOptions } from "./options.js";

/** The maximum length of recorded arguments and results, in characters. */
const maxRecorded = 16_384;

/** The attributes of a request, by where they belong, and the name of its span. */
export interface RequestAttributes {
  readonly name: string;
  readonly span: Attributes;
  /** The attributes with few values, for metrics. */
  readonly metric: Attributes;
}

/** Returns the attributes of a request at its beginning (semantic conventions for MCP, server spans). */
export function requestAttributes(call: Call, options: TelemetryOptions): RequestAttributes {
  const method = methodOf(call);
  const target = namedEntry(call);
  const common: Attributes = {
    "mcp.method.name": method,
    ...(method === "tools/call" && { "gen_ai.operation.name": "execute_tool" }),
    ...networkAttributes(call),
  };
  const known = target?.declared === undefined ? undefined : target;
  const shown = target?.kind === "resource" && options.resourceUris !== true ? undefined : known;
  return {
    name: shown === undefined ? method : `${method} ${shown.name}`,
    metric: { ...common, ...(shown && targetAttributes(shown)) },
    span: {
      ...common,
      ...(target && targetAttributes(target)),
      ...(call.id !== "" && { "jsonrpc.request.id": String(call.id).slice(0, 128) }),
      ...sessionAttributes(call),
      ...peerAttributes(call),
      ...(method === "tools/call" &&
        options.arguments === true && {
          "gen_ai.tool.call.arguments": recorded(call, call.params["arguments"] ?? {}),
        }),
    },
  };
}

function targetAttributes({ kind, name }: NamedEntry): Attributes {
  return { [kind === "resource" ? "mcp.resource.uri" : `gen_ai.${kind}.name`]: name };
}

/** Returns the attributes of the protocols between client and server. */
export function networkAttributes({ peer, source }: Pick<Call, "peer" | "source">): Attributes {
  const { protocolVersion } = peer;
  const network = source?.network;
  return {
    ...(protocolVersion !== "" && { "mcp.protocol.version": protocolVersion }),
    "network.transport": source === undefined ? "pipe" : "tcp",
    ...(network && { "network.protocol.name": network.protocol }),
    ...(network?.version !== undefined && { "network.protocol.version": network.version }),
  };
}

/** Returns the id of the session that handlers see. The protocol's id is not recorded, because it grants access. */
export function sessionAttributes(call: Call): Attributes {
  const session = sessionOf(call);
  return session === undefined ? {} : { "mcp.session.id": session.id };
}

function peerAttributes({ source }: Call): Attributes {
  if (source?.remote === undefined) return {};
  const port = source.network?.port;
  return { "client.address": source.remote, ...(port !== undefined && { "client.port": port }) };
}

/** Returns the attributes of an outcome, and the message of its error. Both are for spans and metrics. */
export function outcomeAttributes(call: Call, { kind, settled, reason }: Outcome): [Attributes, string | undefined] {
  if (kind === "tool error") return [{ "error.type": "tool_error" }, undefined];
  // The reason of an abort by the server is the answer.
  const answer = kind === "aborted" ? reason : settled;
  if (answer instanceof McpError) {
    const code = String(call.peer.view.revision.errorCode(answer.code));
    return [{ "error.type": code, "rpc.response.status_code": code }, answer.message];
  }
  if (kind === "aborted") return [{ "error.type": "cancelled" }, reason instanceof Error ? reason.message : undefined];
  return [{}, undefined];
}

/** Returns the result of a tool as an attribute, if it is to be recorded. */
export function resultAttributes(call: Call, { kind, settled }: Outcome, options: TelemetryOptions): Attributes {
  if (options.results !== true || call.method !== "tools/call" || kind !== "ok") return {};
  if (settled === undefined || settled instanceof McpError) return {};
  const { content, structuredContent } = JSON.parse(resultText(settled)) as Record<string, unknown>;
  const result = structuredContent === undefined ? { content } : structuredContent;
  return { "gen_ai.tool.call.result": recorded(call, result) };
}

/** Formats a value as JSON, with the redaction of the log. */
function recorded(call: Call, value: unknown): string {
  const { logging, secrets } = call.peer.view.server;
  const shown = redact(value, { names: logging?.names ?? new Set(), secrets });
  const text = JSON.stringify(isObject(shown) || Array.isArray(shown) ? shown : { value: shown });
  return text.length > maxRecorded ? `${text.slice(0, maxRecorded - 1)}…` : text;
}
