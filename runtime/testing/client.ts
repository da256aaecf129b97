import type { CallToolResult, GetPromptResult } from "../protocol/handlers.js";
import { isObject } from "../protocol/json-rpc.js";
import type { Json, JsonObject } from "../protocol/types.js";
import { createConversation, type Conversation, type ConversationOptions } from "./conversation.js";
import { toolError } from "./errors.js";
import { createEmitter, type Events } from "./events.js";
import { memoryServer, type MemoryOptions } from "./memory.js";
import type { AnySurface, CallOptions, ResourceContents, SurfaceTypes } from "./surface.js";
import { expand } from "./uri.js";
import { reach, type Reachable, type Target } from "./wire.js";

export interface ClientOptions<S extends SurfaceTypes = AnySurface> extends ConversationOptions<S>, MemoryOptions {
  readonly config?: S["config"] extends object ? Partial<S["config"]> : S["config"];
  readonly state?: S["state"];
}

/** The argument or variable to complete, and the text typed so far. */
export type Completing<S extends SurfaceTypes> =
  | CompletingOf<"prompt", "argument", S["completions"]["prompts"]>
  | CompletingOf<"template", "variable", S["completions"]["templates"]>;
type CompletingOf<Kind extends string, Part extends string, Named> = {
  readonly [Name in keyof Named & string]: { readonly [K in Kind]: Name } & {
    readonly [P in Part]: Named[Name];
  } & { readonly value: string; readonly arguments?: Readonly<Record<string, string>> };
}[keyof Named & string];

export interface ResourcesOf<S extends SurfaceTypes> {
  /** Reads an instance of a template. */
  read<Template extends keyof S["templates"] & string>(
    template: Template,
    variables: S["templates"][Template],
    options?: CallOptions,
  ): Promise<readonly ResourceContents[]>;
  read(uri: S["resources"] | (string & {}), options?: CallOptions): Promise<readonly ResourceContents[]>;
  /** Subscribes to a resource's updates; see the event `resourceUpdated`. */
  subscribe(uri: S["resources"] | (string & {})): Promise<void>;
  unsubscribe(uri: S["resources"] | (string & {})): Promise<void>;
}

/** A client for tests. Its first request opens the connection, and starts a server in memory. */
export interface Client<S extends SurfaceTypes = AnySurface> extends Reachable {
  readonly tools: S["tools"];
  readonly prompts: S["prompts"];
  readonly resources: ResourcesOf<S>;
  complete(completing: Completing<S>, options?: CallOptions): Promise<readonly string[]>;
  /** Returns a tool's complete result, even one with `isError`. */
  callTool(name: string, input?: object, options?: CallOptions): Promise<CallToolResult>;
  /** Returns the entries of all pages, in the form of the client's revision. */
  listTools(): Promise<readonly JsonObject[]>;
  listResources(): Promise<readonly JsonObject[]>;
  listResourceTemplates(): Promise<readonly JsonObject[]>;
  listPrompts(): Promise<readonly JsonObject[]>;
  /** Sends any request of the protocol. */
  request(method: string, params?: JsonObject, options?: CallOptions): Promise<JsonObject>;
  /** Adds a listener. The returned function removes it. */
  on<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): () => void;
  /** Iterates over events from now on. */
  events<E extends keyof Events>(event: E): AsyncIterableIterator<Events[E]>;
  /** Closes the connection, cancels its calls, and stops a server that was created for this client. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Creates a client. For a `Server` value, such as that of `generated/server.ts`, it creates a separate server in this
 * process. For another client, or a running server, it creates an additional client.
 */
export function createClient<S extends SurfaceTypes = AnySurface>(
  server: Target,
  options: ClientOptions<S> = {},
): Client<S> {
  const own = reach in server ? undefined : memoryServer(server, options);
  const connect = reach in server ? server[reach] : own!.connect;
  const emitter = createEmitter();
  const conversation = createConversation(connect, options, emitter);
  const { request } = conversation;

  const close = async (): Promise<void> => {
    emitter.end();
    await conversation.close();
    await own?.stop();
  };

  async function list(method: string, member: string): Promise<readonly JsonObject[]> {
    const entries: JsonObject[] = [];
    for (let cursor: JsonObject | undefined = {}; cursor !== undefined;) {
      const page = await request(method, cursor);
      entries.push(...(page[member] as unknown as readonly JsonObject[]));
      cursor = page["nextCursor"] === undefined ? undefined : { cursor: page["nextCursor"] };
    }
    return entries;
  }

  const client: Client<AnySurface> = {
    [reach]: connect,
    tools: callsByName(async (name, input, call) => {
      const result = await request("tools/call", { name, arguments: (input ?? {}) as JsonObject }, call);
      return outputOf(name, result, conversation);
    }),
    prompts: callsByName(async (name, input, call) => {
      const result = await request("prompts/get", { name, arguments: (input ?? {}) as JsonObject }, call);
      const { resultType: _, ...prompt } = result;
      return prompt as unknown as GetPromptResult;
    }),
    resources: {
      async read(uri: string, ...rest: (object | undefined)[]) {
        const isTemplate = uri.includes("{");
        const [variables, call] = isTemplate ? rest : [{}, ...rest];
        const address = isTemplate ? expand(uri, (variables ?? {}) as Record<string, unknown>) : uri;
        const { contents } = await request("resources/read", { uri: address }, call);
        return contents as unknown as readonly ResourceContents[];
      },
      subscribe: conversation.subscribe,
      unsubscribe: conversation.unsubscribe,
    },
    async complete({ value, arguments: given, ...of }, call) {
      const ref = "prompt" in of ? { type: "ref/prompt", name: of.prompt } : { type: "ref/resource", uri: of.template };
      const name = "prompt" in of ? of.argument : of.variable;
      const params = { ref, argument: { name, value }, ...(given && { context: { arguments: given } }) };
      const { completion } = await request("completion/complete", params, call);
      return (completion as unknown as { readonly values: readonly string[] }).values;
    },
    async callTool(name, input = {}, call) {
      const result = await request("tools/call", { name, arguments: input as JsonObject }, call);
      return result as unknown as CallToolResult;
    },
    listTools: () => list("tools/list", "tools"),
    listResources: () => list("resources/list", "resources"),
    listResourceTemplates: () => list("resources/templates/list", "resourceTemplates"),
    listPrompts: () => list("prompts/list", "prompts"),
    request: (method, params = {}, call) => request(method, params, call),
    on: emitter.on,
    events: emitter.events,
    close,
    [Symbol.asyncDispose]: close,
  };
  return client as unknown as Client<S>;
}

type Caller<R> = (name: string, input: object | undefined, options: CallOptions | undefined) => Promise<R>;

/**
 * Returns an object with a function for every name. It has no `then`, so that `await` does not take it for a promise.
 */
function callsByName<R>(call: Caller<R>): {
  readonly [name: string]: (input?: object, options?: CallOptions) => Promise<R>;
} {
  return new Proxy(
    {},
    {
      get: (_, name) =>
        typeof name === "symbol" || name === "then"
          ? undefined
          : (input?: object, options?: CallOptions) => call(name, input, options),
    },
  );
}

/** Returns the handler's result from the form of the revision. */
async function outputOf(name: string, result: JsonObject, { wire, era }: Conversation): Promise<unknown> {
  if (result["isError"] === true) throw toolError(result, wire.explain);
  const { structured, wraps } = await wire.shapeOf(name);
  const { content, structuredContent: value } = result;
  if (!structured) return content;
  if (value === undefined) return parseContent(content);
  return wraps && era === "legacy" ? unwrap(value, content) : value;
}

/**
 * Parses the result in revisions without structured content. The text is the value unless the handler wrote its own.
 */
function parseContent(content: Json | undefined): unknown {
  const [block] = content as unknown as readonly { readonly text?: string }[];
  try {
    return JSON.parse(block?.text ?? "");
  } catch {
    return content;
  }
}

/** Unwraps a wrapped result. The text beside it is the unwrapped value unless the handler wrote its own. */
function unwrap(value: Json, content: Json | undefined): Json | undefined {
  if (!isObject(value) || !("result" in value) || Object.keys(value).length > 1) return value;
  const [block] = content as unknown as readonly { readonly text?: string }[];
  return block?.text === JSON.stringify(value) ? value : value["result"];
}
