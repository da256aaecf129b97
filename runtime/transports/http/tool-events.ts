import type {} from "../../protocol/parts.js";
import { identityOf } from "../../protocol/auth.js";
import { callerOf } from "../../protocol/caller.js";
import { dispatch } from "../../protocol/dispatch.js";
import {
  busy,
  errorCodes,
  full,
  errorText,
  invalidRequest,
  McpError,
  UnavailableError,
} from "../../protocol/errors.js";
import { Call, type Payload, type Server, type Store } from "../../protocol/exchange.js";
import { fingerprint } from "../../protocol/fingerprint.js";
import type { Auth } from "../../protocol/handlers.js";
import { legacyPeer } from "../../protocol/initialize.js";
import { errorMessage, isErrorResult, isObject, resultText } from "../../protocol/json-rpc.js";
import { takeBody, weightOf, type Booking } from "../../protocol/ledger.js";
import { visibleTool } from "../../protocol/methods/tools.js";
import { observeRefusal } from "../../protocol/observe.js";
import { isTooDeep, parseMessage, tooDeep } from "../../protocol/parse-message.js";
import { latestLegacy } from "../../protocol/revisions/legacy.js";
import { missingScopes } from "../../protocol/scopes.js";
import type { EventLogWriter, EventReader } from "../../protocol/store.js";
import type { JsonObject } from "../../protocol/types.js";
import {
  queryOf,
  unavailable,
  type Endpoint,
  type Headers,
  type HttpReply,
  type HttpRequest,
  type Running,
} from "./endpoint.js";
import { deferred } from "./deferred.js";
import { scopeChallenge } from "./identify.js";
import { logBytes } from "./session-streams.js";
import { defaultMaxSessions } from "./sessions.js";

/** Time after the end of a run within which a browser may resume it. */
const keptMs = 5 * 60_000;
/** Delay in milliseconds before an EventSource reconnects. */
const retryMs = 2000;
/** Bytes of a run without its events, bytes of an event without its text, and maximum bytes of all events of a run. */
const runBytes = 2048;
const eventBytes = 128;
const maxLogBytes = 256 * 1024;
/** Replaces the event number in the last event of a run that other replicas may resume. */
const endMark = "end";

interface Run {
  readonly id: string;
  readonly tool: string;
  /** The identity of the owner. Other callers cannot find the run. */
  readonly owner: string | undefined;
  /** The kept events, and the number of dropped ones. */
  readonly events: RunEvent[];
  before: number;
  /** Bytes of the events, and of the arguments during the run. */
  size: number;
  inputBytes: number;
  readonly replies: Set<HttpReply>;
  /** The log that other replicas read. */
  readonly log: EventLogWriter | undefined;
  done: boolean;
  booking: Booking | undefined;
}

interface RunEvent {
  readonly name: string;
  readonly data: string;
}

/**
 * Creates the event streams of tools, for browsers: `GET` with the arguments in the query (`?city=Oslo`, or all of
 * them as JSON in `?arguments=`), or `POST` with the arguments as JSON. Events: `tool_start`, `tool_progress`, then
 * `tool_complete` or `tool_error`. `Last-Event-ID` resumes a broken stream without another run.
 */
export function createToolEvents(server: Server, most = defaultMaxSessions): (tool: string) => Endpoint {
  const runs = new Map<string, Run>();
  const refuse = (reply: HttpReply, status: number, message: string): undefined =>
    reply.send(status, errorMessage(undefined, invalidRequest(message))) as undefined;

  const baseBytes = ({ log, inputBytes }: Pick<Run, "log" | "inputBytes">): number =>
    runBytes + inputBytes + (globalThis.mcpcWithoutStore || log === undefined ? 0 : logBytes);

  function emit(run: Run, name: string, data: string): void {
    const event = { name, data };
    const isLast = name === "tool_complete" || name === "tool_error";
    run.events.push(event);
    run.size += bytesOf(event);
    if (!globalThis.mcpcWithoutStore) run.log?.append(run.before + run.events.length, `${name} ${data}`, isLast);
    while (run.size > maxLogBytes && run.events.length > 1) drop(run);
    while (run.booking?.resize(baseBytes(run) + run.size) === false && run.events.length > 0) drop(run);
    for (const reply of run.replies) reply.named(name, data, idOf(run, run.before + run.events.length, isLast));
  }

  function forget(run: Run): void {
    runs.delete(run.id);
    if (!globalThis.mcpcWithoutStore) run.log?.drop();
    run.booking?.release();
  }

  function drop(run: Run): void {
    run.size -= bytesOf(run.events.shift()!);
    run.before += 1;
    if (!globalThis.mcpcWithoutStore) run.log?.forget(run.before);
  }

  /** Any replica can tell that nothing follows the end mark. */
  function idOf({ id, log }: Run, number: number, isLast: boolean): string {
    return `${id}-${isLast && log !== undefined ? endMark : number}`;
  }

  function follow(run: Run, from: number, reply: HttpReply): Running | undefined {
    reply.open();
    reply.retry(retryMs);
    run.events.forEach(({ name, data }, index) => {
      const number = run.before + index + 1;
      if (number > from) reply.named(name, data, idOf(run, number, run.done && index === run.events.length - 1));
    });
    // The last event is the result.
    if (run.done && run.events.length === 0) reply.named("tool_error", errorText(lostResult()));
    if (run.done) return reply.close() as undefined;
    run.replies.add(reply);
    return { abandon: () => void run.replies.delete(reply) };
  }

  function start(
    tool: string,
    input: JsonObject,
    request: HttpRequest,
    reply: HttpReply,
    isAdmitted?: true,
  ): Running | undefined {
    const { auth, remote } = request;
    const caller = callerOf(auth, remote);
    const refuseRun = (error: UnavailableError): undefined => {
      if (!globalThis.mcpcWithoutObservers) observeToolRefusal(server, request, tool, error);
      return unavailable(reply, error);
    };
    if (!globalThis.mcpcWithoutStore && isAdmitted !== true && server.admit?.shared !== undefined) {
      // The status of the answer depends on it.
      const asked = Promise.resolve(server.admit.shared({ method: "tools/call", caller }));
      const begin = (refusal: UnavailableError | undefined): Running | undefined =>
        refusal === undefined ? start(tool, input, request, reply, true) : refuseRun(refusal);
      return deferred(request, asked, begin, (error) => reply.fail(error));
    }
    const store = globalThis.mcpcWithoutStore ? undefined : server.store;
    const id = store === undefined ? crypto.randomUUID() : `${store.replica}_${crypto.randomUUID()}`;
    const run: Run = {
      ...{ id, tool, owner: identityOf(auth), replies: new Set(), done: false },
      log: store?.eventLogs.open(`run:${id}`, ownerOf(tool, auth)),
      ...{ events: [], before: 0, size: 0, inputBytes: weightOf(input), booking: undefined },
    };
    let stop: ((reason: McpError) => void) | undefined;
    const evict = (): void => {
      forget(run);
      stop?.(busy("another client needs the place of the run"));
    };
    const item = { kind: "run", most, caller, isIdle: () => run.done };
    run.booking = server.ledger.book(item, evict, baseBytes(run));
    if (run.booking === undefined) return refuseRun(full("too many tools are running"));
    emit(run, "tool_start", JSON.stringify({ tool }));
    const notify = (text: string): void => {
      const { method, params } = JSON.parse(text) as { method: string; params: JsonObject };
      const { progressToken: _, ...progress } = params;
      if (method === "notifications/progress") emit(run, "tool_progress", JSON.stringify(progress));
    };
    const params = { name: tool, arguments: input, _meta: { progressToken: run.id } };
    const outlet = { notify, oneWay: true, request };
    // The id of the run grants access to its result, so no record may have it.
    const call = new Call(legacyPeer(server, latestLegacy), "", "tools/call", params, outlet, undefined, auth);
    if (!globalThis.mcpcWithoutStore) call.isAdmitted = isAdmitted;
    const answer = dispatch(call);
    if (answer instanceof UnavailableError) {
      forget(run);
      return unavailable(reply, answer);
    }
    runs.set(run.id, run);
    const running = follow(run, 0, reply);
    const body = takeBody(request);
    stop = (reason) => {
      call.finish();
      finish(run, reason);
      call.abort(reason);
      // The handler may never end.
      call.forget();
    };
    if (body !== undefined) body.evict = () => stop?.(busy("another client needs the room of the run"));
    Promise.resolve(answer)
      .then((settled) => {
        body?.release();
        stop = undefined;
        call.finish();
        finish(run, settled);
      })
      .catch((error: unknown) => {
        forget(run);
        for (const other of run.replies) other.fail(error);
      });
    return running;
  }

  function finish(run: Run, settled: Payload | McpError): void {
    if (run.done) return;
    const text = settled instanceof McpError ? errorText(settled) : resultText(settled);
    const failed = settled instanceof McpError || isErrorResult(text);
    run.inputBytes = 0;
    emit(run, failed ? "tool_error" : "tool_complete", text);
    run.done = true;
    run.booking?.touch();
    for (const reply of run.replies) reply.close();
    run.replies.clear();
    // The timer must not keep an evicted run in memory.
    const { id } = run;
    const timer: unknown = setTimeout(() => {
      const kept = runs.get(id);
      if (kept !== undefined) forget(kept);
    }, keptMs);
    // The timer must not keep a process alive.
    (timer as { unref?: () => void }).unref?.();
  }

  function resume(tool: string, lastEventId: string, request: HttpRequest, reply: HttpReply): Running | undefined {
    const { auth, remote } = request;
    const refusal = server.admit?.({ method: "open", caller: callerOf(auth, remote) });
    if (refusal !== undefined) return unavailable(reply, refusal);
    const [, id = "", seen = "0"] = /^(.+)-(\d{1,15}|end)$/.exec(lastEventId) ?? [];
    const run = runs.get(id);
    if (!globalThis.mcpcWithoutStore && server.store !== undefined) {
      if (seen === endMark) return reply.send(204) as undefined;
      if (run === undefined) return resumeElsewhere(server.store, tool, id, Number(seen), request, reply);
    }
    // No events are left; 204 stops an EventSource.
    const isTheirs = run !== undefined && run.tool === tool && run.owner === identityOf(auth);
    if (!isTheirs || (run.done && Number(seen) >= run.before + run.events.length)) return reply.send(204) as undefined;
    return follow(run, Number(seen), reply);
  }

  return (tool) => {
    const postParsed = (request: HttpRequest, input: unknown, reply: HttpReply): Running | undefined => {
      const refuseRun = (status: number, error: McpError, headers?: Headers): undefined => {
        if (!globalThis.mcpcWithoutObservers) observeToolRefusal(server, request, tool, error);
        return reply.send(status, errorMessage(undefined, error), headers) as undefined;
      };
      if (visibleTool(server, request.auth, tool) === undefined)
        return refuseRun(404, invalidRequest(`there is no tool ${JSON.stringify(tool)}`));
      const denied = missingScopes(server, request.auth, "tools/call", { name: tool });
      if (denied !== undefined) return refuseRun(403, denied, scopeChallenge(server, denied));
      const lastEventId = request.header("last-event-id");
      if (lastEventId !== undefined && lastEventId !== "") return resume(tool, lastEventId, request, reply);
      return isObject(input)
        ? start(tool, input, request, reply)
        : refuseRun(400, invalidRequest("the arguments must be a JSON object"));
    };
    return {
      access: "toolEvents",
      postParsed,
      post(request, body, reply) {
        const input = parseMessage(body === "" ? "{}" : body, (error) => refuse(reply, 400, error.message));
        return input === undefined ? undefined : postParsed(request, input, reply);
      },
      open(request, reply) {
        if (request.method !== "GET") return refuse(reply, 405, `${request.method} is not served here`);
        const surface = visibleTool(server, request.auth, tool);
        // Resuming a run starts no new one.
        if (surface !== undefined && surface.readOnly !== true && !request.header("last-event-id")) {
          const message = 'GET runs tools with "readOnlyHint": true alone; send the arguments with POST';
          return reply.send(405, errorMessage(undefined, invalidRequest(message)), { allow: "POST" }) as undefined;
        }
        const query = queryOf(request.url);
        const whole = query.get("arguments");
        if (whole !== null) return this.post(request, whole, reply);
        const input = Object.fromEntries([...query].map(([name, text]) => [name, parsed(text) ?? text]));
        return isTooDeep(input) ? refuse(reply, 400, tooDeep().message) : postParsed(request, input, reply);
      },
    };
  };
}

function observeToolRefusal(server: Server, request: HttpRequest, name: string, error: McpError): void {
  const { auth } = request;
  const isUnknown = visibleTool(server, auth, name) === undefined;
  const failure = isUnknown ? ({ fault: "caller", name: "unknown_tool" } as const) : undefined;
  const message = { id: "", method: "tools/call", params: { name } };
  observeRefusal(server, message, { notify: () => {}, request }, auth, error, failure && { failure });
}

/** Resumes a run of another replica from its log. */
function resumeElsewhere(
  { eventLogs }: Store,
  tool: string,
  id: string,
  from: number,
  { auth }: HttpRequest,
  reply: HttpReply,
): Running {
  let stop: (() => void) | undefined;
  let isOpen = false;
  let isAbandoned = false;
  const reader = (owner: string): EventReader => ({
    open(description) {
      if (description !== owner) return false;
      isOpen = true;
      reply.open();
      reply.retry(retryMs);
      return true;
    },
    event(number, data, isLast) {
      const [name] = data.split(" ", 1);
      if (name !== undefined && /^tool_\w+$/.test(name))
        reply.named(name, data.slice(name.length + 1), `${id}-${isLast ? endMark : number}`);
    },
    end: () => reply.close(),
    lost() {
      // No events are left; 204 stops an EventSource.
      if (!isOpen) return reply.send(204);
      reply.named("tool_error", errorText(lostResult()), `${id}-${endMark}`);
      reply.close();
    },
  });
  ownerOf(tool, auth)
    .then((owner) => {
      const [writer = ""] = id.split("_");
      if (!isAbandoned) stop = eventLogs.follow(`run:${id}`, writer, from, reader(owner));
    })
    .catch((error: unknown) => reply.fail(error));
  return {
    abandon() {
      isAbandoned = true;
      stop?.();
    },
  };
}

/** Returns who may read a run: the caller, for the same tool. */
function ownerOf(tool: string, auth: Auth | undefined): Promise<string> {
  return fingerprint(JSON.stringify([tool, identityOf(auth) ?? null]));
}

function bytesOf({ data }: RunEvent): number {
  return eventBytes + 2 * data.length;
}

function lostResult(): McpError {
  return new McpError(errorCodes.internalError, "the result is no longer kept; run the tool again if safe");
}

/** Parses a text as JSON; returns `undefined` if the text is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
