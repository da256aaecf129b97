import { McpError } from "../protocol/errors.js";
import type { Call, Server, Source } from "../protocol/exchange.js";
import { sessionOf } from "../protocol/client-session.js";
import { printable } from "../protocol/logger.js";
import { namedEntry, namedTask } from "../protocol/named-entry.js";
import type { Observer, Outcome } from "../protocol/observer.js";
import { redact } from "../protocol/redact.js";
import { traceOf } from "../protocol/trace.js";
import { isErrorConsoleFull } from "./terminal.js";

/** The manifest's `runtime.logging.audit`. */
export interface AuditOptions {
  /** Whether records have the arguments of calls. */
  readonly arguments?: boolean;
  /**
   * Opens a file of its own. `report` gets the first of several problems. The opened function returns whether it has
   * written a line. Default: standard error.
   */
  readonly file?: (report: (problem: string) => void) => (line: string) => boolean;
}

/** Writes a line to standard error. Returns whether there was room. */
function printLine(line: string): boolean {
  if (isErrorConsoleFull()) return false;
  console.error(line);
  return true;
}

type Fields = Readonly<Record<string, unknown>>;

/** Creates the observer that writes a record for each request, whatever the level of the log is. */
export function createAudit({ arguments: withArguments = false, file }: AuditOptions): Observer<Call> {
  let write: ((line: string) => boolean) | undefined;
  let lost = 0;

  function open({ logger }: Server): (line: string) => boolean {
    if (file === undefined) return printLine;
    return file((problem) => logger("error", problem));
  }

  /**
   * Writes a record. If the disk is full, or nothing reads standard error, the server goes on, and the next record says
   * how many are lost.
   */
  function record(server: Server, fields: Fields): void {
    write ??= open(server);
    const { secrets, options } = server;
    const { worker } = options;
    const line = (rest: Fields): string =>
      printable(JSON.stringify({ time: new Date().toISOString(), type: "audit", worker, ...rest }));
    // A secret may be part of a name or a URI.
    const text = line(redact(fields, { names: new Set(), secrets }) as Fields);
    const missing = lost === 0 ? text : `${line({ lost })}\n${text}`;
    if (!write(missing)) return void (lost += 1);
    if (lost > 0) server.logger("warning", "the audit is written again", { lost });
    lost = 0;
  }

  return {
    onCall(call) {
      const { server } = call.peer.view;
      const request = requestFields(call, withArguments);
      return (outcome) => {
        const opening = call.method === "initialize" ? sessionFields(call) : {};
        record(server, { ...request, ...opening, ...outcomeFields(call, outcome) });
      };
    },
    onUnauthorized({ peer, source }, error) {
      const fault = error === "unavailable" ? "server" : "caller";
      record(peer.view.server, { ...sourceFields(source), outcome: "unauthorized", fault, error });
    },
  };
}

/** Returns who requests what. Members that are `undefined` do not appear in the record. */
function requestFields(call: Call, withArguments: boolean): Fields {
  const { auth, peer, source } = call;
  const { requestId, traceparent } = traceOf(call);
  const entry = namedEntry(call);
  const { iss, client_id: client, azp } = auth?.claims ?? {};
  const { logging, secrets } = peer.view.server;
  return {
    requestId,
    // A stream for browsers has no id.
    id: call.id === "" ? undefined : typeof call.id === "string" ? call.id.slice(0, 128) : call.id,
    ...sessionFields(call),
    traceId: traceparent?.split("-")[1],
    principal: auth?.principal,
    issuer: typeof iss === "string" ? iss : undefined,
    clientId: [client, azp].find((value) => typeof value === "string"),
    ...sourceFields(source),
    method: call.method.slice(0, 200),
    [entry?.kind ?? "tool"]: entry?.name,
    task: namedTask(call),
    ...(withArguments &&
      call.params["arguments"] !== undefined && {
        arguments: redact(call.params["arguments"], { names: logging?.names ?? new Set(), secrets }),
      }),
  };
}

function sourceFields(source: Source | undefined): Fields {
  return {
    address: source?.remote,
    transport: source === undefined ? "stdio" : (source.network?.protocol ?? "http"),
  };
}

function sessionFields(call: Call): Fields {
  const { protocolVersion } = call.peer;
  return { session: sessionOf(call)?.id, ...(protocolVersion !== "" && { protocolVersion }) };
}

function outcomeFields({ peer }: Call, { kind, failure, settled, task, isTaskEnd, durationMs }: Outcome): Fields {
  return {
    outcome: kind,
    fault: failure?.fault,
    error: failure?.name,
    ...(settled instanceof McpError && { code: peer.view.revision.errorCode(settled.code) }),
    ...(task !== undefined && { task }),
    ...(isTaskEnd === true && { isTaskEnd }),
    durationMs: Math.round(durationMs * 1000) / 1000,
  };
}
