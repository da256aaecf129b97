import { identityOf } from "../../protocol/auth.js";
import { dispatch } from "../../protocol/dispatch.js";
import { errorCodes, errorText, McpError, UnavailableError } from "../../protocol/errors.js";
import { Call, type Payload, type Server } from "../../protocol/exchange.js";
import type { Auth } from "../../protocol/handlers.js";
import { legacyPeer } from "../../protocol/initialize.js";
import { errorMessage, isObject, resultText } from "../../protocol/json-rpc.js";
import { toolSurface } from "../../protocol/methods/tools.js";
import { isTooDeep, parseMessage, tooDeep } from "../../protocol/parse-message.js";
import { latestLegacy } from "../../protocol/revisions/legacy.js";
import { forbidden } from "../../protocol/scopes.js";
import type { JsonObject } from "../../protocol/types.js";
import { queryOf, type Endpoint, type HttpReply, type HttpRequest, type Running } from "./exchange.js";
import { scopeChallenge } from "./identify.js";

/** Runs that a browser may come back to, and for how long after their end. */
const mostRuns = 1000;
const keptMs = 5 * 60_000;
/** What an EventSource waits before it comes back. */
const retryMs = 2000;

interface Run {
  readonly id: string;
  /** Whose it is: nobody else finds it. */
  readonly owner: string | undefined;
  readonly events: { readonly name: string; readonly data: string }[];
  readonly replies: Set<HttpReply>;
  done: boolean;
}

/**
 * The event stream of one tool, for browsers: `GET` with the arguments in the query (`?city=Oslo`, or all of them as
 * JSON in `?arguments=`), or `POST` with the arguments as JSON. Events: `tool_start`, `tool_progress`, then
 * `tool_complete` or `tool_error`. A broken stream is taken up by `Last-Event-ID`: the tool runs once.
 */
export function createToolEvents(server: Server): (tool: string) => Endpoint {
  const runs = new Map<string, Run>();
  const refuse = (reply: HttpReply, status: number, message: string): undefined =>
    reply.send(status, errorMessage(undefined, new McpError(errorCodes.invalidRequest, message))) as undefined;

  function emit(run: Run, name: string, data: string): void {
    run.events.push({ name, data });
    for (const reply of run.replies) reply.named(name, data, `${run.id}-${run.events.length}`);
  }

  function follow(run: Run, from: number, reply: HttpReply): Running | undefined {
    reply.open();
    reply.retry(retryMs);
    run.events.slice(from).forEach(({ name, data }, index) => reply.named(name, data, `${run.id}-${from + index + 1}`));
    if (run.done) return reply.close() as undefined;
    run.replies.add(reply);
    return { abandon: () => void run.replies.delete(reply) };
  }

  function start(tool: string, input: JsonObject, reply: HttpReply, auth: Auth | undefined): Running | undefined {
    if (runs.size >= mostRuns && !forgetOldest())
      return refuse(reply, 503, "too many tools are running; try again later");
    const run: Run = { id: crypto.randomUUID(), owner: identityOf(auth), events: [], replies: new Set(), done: false };
    emit(run, "tool_start", JSON.stringify({ tool, arguments: input }));
    const notify = (text: string): void => {
      const { method, params } = JSON.parse(text) as { method: string; params: JsonObject };
      const { progressToken: _, ...progress } = params;
      if (method === "notifications/progress") emit(run, "tool_progress", JSON.stringify(progress));
    };
    const params = { name: tool, arguments: input, _meta: { progressToken: run.id } };
    const outlet = { notify, oneWay: true };
    const call = new Call(legacyPeer(server, latestLegacy), run.id, "tools/call", params, outlet, undefined, auth);
    const answer = dispatch(call);
    if (answer instanceof UnavailableError) {
      return reply.send(answer.httpStatus, errorMessage(undefined, answer), answer.headers) as undefined;
    }
    runs.set(run.id, run);
    const running = follow(run, 0, reply);
    void Promise.resolve(answer).then((settled) => {
      call.finish();
      finish(run, settled);
    });
    return running;
  }

  /** The run that ended longest ago; nobody has come back for it. */
  function forgetOldest(): boolean {
    for (const [id, { done }] of runs) if (done) return runs.delete(id);
    return false;
  }

  function finish(run: Run, settled: Payload | McpError): void {
    const text = settled instanceof McpError ? errorText(settled) : resultText(settled);
    const failed = settled instanceof McpError || (JSON.parse(text) as JsonObject)["isError"] === true;
    emit(run, failed ? "tool_error" : "tool_complete", text);
    run.done = true;
    for (const reply of run.replies) reply.close();
    run.replies.clear();
    const timer: unknown = setTimeout(() => runs.delete(run.id), keptMs);
    // Where timers keep a process alive, this one must not.
    (timer as { unref?: () => void }).unref?.();
  }

  function resume(lastEventId: string, reply: HttpReply, auth: Auth | undefined): Running | undefined {
    const [, id = "", seen = "0"] = /^(.+)-(\d+)$/.exec(lastEventId) ?? [];
    const run = runs.get(id);
    // Nothing is left to tell: this status makes an EventSource stay away.
    if (run === undefined || run.owner !== identityOf(auth) || (run.done && Number(seen) >= run.events.length))
      return reply.send(204) as undefined;
    return follow(run, Number(seen), reply);
  }

  return (tool) => {
    const postParsed = (request: HttpRequest, input: unknown, reply: HttpReply): Running | undefined => {
      if (toolSurface(server, tool) === undefined)
        return refuse(reply, 404, `there is no tool ${JSON.stringify(tool)}`);
      const denied = forbidden(server, request.auth, "tools/call", { name: tool });
      if (denied !== undefined)
        return reply.send(403, errorMessage(undefined, denied), scopeChallenge(server, denied)) as undefined;
      const lastEventId = request.header("last-event-id");
      if (lastEventId !== undefined && lastEventId !== "") return resume(lastEventId, reply, request.auth);
      return isObject(input)
        ? start(tool, input, reply, request.auth)
        : refuse(reply, 400, "the arguments must be a JSON object");
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
        const query = queryOf(request.url);
        const whole = query.get("arguments");
        if (whole !== null) return this.post(request, whole, reply);
        const input = Object.fromEntries([...query].map(([name, text]) => [name, parsed(text) ?? text]));
        return isTooDeep(input) ? refuse(reply, 400, tooDeep().message) : postParsed(request, input, reply);
      },
    };
  };
}

/** A number, a boolean, an object … as JSON; `undefined` for what is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
