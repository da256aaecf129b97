import type { CallContext } from "../protocol/context.js";
import { errorCodes, McpError } from "../protocol/errors.js";
import type { Call, Server, UpstreamLink } from "../protocol/exchange.js";
import type { CallToolResult } from "../protocol/handlers.js";
import { isObject } from "../protocol/json-rpc.js";
import { step } from "../protocol/questions.js";
import { findResource } from "../protocol/resource-lookup.js";
import type { HeaderParameter } from "../protocol/surface.js";
import type { JsonObject } from "../protocol/types.js";
import { requestInRounds, UpstreamCall } from "./call.js";
import type { UpstreamConversation, RequestOptions } from "./conversation.js";
import { argumentHeaders } from "./headers.js";
import { askable, createLink } from "./link.js";
import { toolOutput, withoutEnvelope } from "./result.js";
import type { UpstreamTransport } from "./wire.js";

/* eslint-disable @typescript-eslint/no-explicit-any -- generated code checks each handler against its own type */
type AnyHandler = (input: any, context: any) => Promise<any>;

/** A server that answers calls in place of handlers. */
export interface Upstream extends UpstreamLink {
  /** Calls a tool of the upstream on behalf of a call. `context` is that of the handler. */
  callTool(name: string, input: object, context: object): Promise<CallToolResult>;
  /** Returns the handler of a tool that the upstream answers. */
  tool(name: string, hasOutputSchema?: boolean): AnyHandler;
  resource(uri: string): AnyHandler;
  template(uriTemplate: string): AnyHandler;
  prompt(name: string): AnyHandler;
  /** Returns the completion of a prompt's argument (`ref/prompt`) or of a template's variable (`ref/resource`). */
  completion(ref: "ref/prompt" | "ref/resource", owner: string, argument: string): AnyHandler;
}

/** Time for a client to answer a question by another request (2026-07-28), and the number of calls that wait so. */
const maxAnswerMs = 10 * 60_000;
const maxWaiting = 1000;

interface Waiting {
  readonly call: UpstreamCall;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Defines an upstream. It is connected at the first call. */
export function createUpstream(name: string, transport: UpstreamTransport): Upstream {
  const entries = { tools: new Set<string>(), prompts: new Set<string>(), resources: new Set<string>() };
  const templates = new Set<string>();
  const link = createLink(name, transport, entries);
  /** Calls whose clients have been asked by a result, by the id that the state of the request seals. */
  const waiting = new Map<string, Waiting>();

  /** Sends a request for a call, passes on what belongs to it, and returns the result. */
  async function pass(method: string, params: JsonObject, context: CallContext): Promise<JsonObject> {
    const { call } = context;
    let isNew = false;
    const id = await step(call, "upstream", () => {
      isNew = true;
      return crypto.randomUUID();
    });
    const upstreamCall = isNew ? begin(method, params, context) : take(id);
    try {
      return withoutEnvelope(await upstreamCall.follow(context, call));
    } catch (error) {
      if (call.rounds?.interrupted !== undefined && !upstreamCall.signal.aborted) keep(id, upstreamCall);
      throw error;
    }
  }

  function begin(method: string, params: JsonObject, context: CallContext): UpstreamCall {
    const { call } = context;
    const upstreamCall = new UpstreamCall(context, call);
    const options: RequestOptions = {
      signal: upstreamCall.signal,
      owner: upstreamCall,
      progress: call.meta["progressToken"] !== undefined,
      capabilities: askable(call),
      logLevel: call.peer.logLevel,
      headers: method === "tools/call" ? argumentHeaders(parametersOf(call), params["arguments"] as JsonObject) : {},
    };
    const sent = { ...params, ...metaOf(call) };
    const send = (conversation: UpstreamConversation): Promise<JsonObject> =>
      requestInRounds(upstreamCall, (extra) => conversation.request(method, { ...sent, ...extra }, options));
    upstreamCall.start(link.exchange(upstreamCall, send));
    return upstreamCall;
  }

  /** Takes over a call that waits for its client. */
  function take(id: string): UpstreamCall {
    const found = waiting.get(id);
    if (found === undefined) {
      const reason =
        "this request was asked for input, but its call has ended: send the request again without requestState";
      throw new McpError(errorCodes.invalidParams, reason);
    }
    clearTimeout(found.timer);
    waiting.delete(id);
    return found.call;
  }

  function keep(id: string, call: UpstreamCall): void {
    const drop = (reason: string): void => {
      const found = waiting.get(id);
      if (found === undefined) return;
      clearTimeout(found.timer);
      waiting.delete(id);
      call.abort(new Error(reason));
    };
    const timer = setTimeout(() => drop("the client has not answered in time"), maxAnswerMs);
    (timer as { unref?: () => void }).unref?.();
    waiting.set(id, { call, timer });
    if (waiting.size <= maxWaiting) return;
    const [[oldest, { call: given, timer: set }]] = waiting as unknown as [[string, Waiting]];
    clearTimeout(set);
    waiting.delete(oldest);
    given.abort(new Error("too many calls wait for their clients"));
  }

  return {
    start: link.start,
    stop: link.stop,
    watch(call, uri) {
      const { resource, template } = findResource(call.peer.view.server, uri) ?? {};
      const isOwn = resource ? entries.resources.has(resource.uri) : templates.has(template?.uriTemplate ?? "");
      if (isOwn) link.watch(call, uri);
    },
    callTool: (tool, input, context) => {
      const given = context as CallContext;
      const call = (): Promise<JsonObject> => pass("tools/call", { name: tool, arguments: input as JsonObject }, given);
      return step(given.call, "upstream result", call) as Promise<JsonObject> as unknown as Promise<CallToolResult>;
    },
    tool(tool, hasOutputSchema = false) {
      entries.tools.add(tool);
      return async (input, context) =>
        toolOutput(await pass("tools/call", { name: tool, arguments: input }, context), hasOutputSchema);
    },
    resource(uri) {
      entries.resources.add(uri);
      return (input: { readonly uri: string }, context) => pass("resources/read", { uri: input.uri }, context);
    },
    template(uriTemplate) {
      templates.add(uriTemplate);
      return (_params, context) => pass("resources/read", { uri: context.uri }, context);
    },
    prompt(prompt) {
      entries.prompts.add(prompt);
      return async (input, context) => ({
        // The manifest has a description of its own.
        description: undefined,
        ...(await pass("prompts/get", { name: prompt, arguments: input }, context)),
      });
    },
    completion: (type, owner, argument) => async (value: string, context) => {
      const { call, signal, arguments: known } = context;
      const ref = type === "ref/prompt" ? { type, name: owner } : { type, uri: owner };
      const result = await link.request(
        call,
        "completion/complete",
        {
          ref,
          argument: { name: argument, value },
          ...(Object.keys(known).length > 0 && { context: { arguments: known } }),
        },
        signal,
      );
      return isObject(result["completion"]) ? result["completion"] : {};
    },
  };
}

/** Returns the arguments that headers repeat, as the manifest has them. */
function parametersOf({ peer, params: { name } }: Call): readonly HeaderParameter[] | undefined {
  const server: Server = peer.view.server;
  return server.surface.tools.find((tool) => tool.name === name)?.headers;
}

/** Returns the `_meta` of a request without the parts that belong to one connection. */
function metaOf({ meta }: Call): JsonObject {
  const passed = Object.entries(meta).filter(
    ([key]) => key !== "progressToken" && !key.startsWith("io.modelcontextprotocol/"),
  );
  return passed.length === 0 ? {} : { _meta: Object.fromEntries(passed) };
}
