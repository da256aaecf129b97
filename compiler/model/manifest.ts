// Made from mcp.schema.json, as CONTRIBUTING.md says.

/**
 * Icons that clients may show.
 */
export type Icons = {
  /**
   * Where the picture is: an `https:` or `data:` URI.
   */
  src: string;
  /**
   * The picture's media type.
   */
  mimeType?: string;
  /**
   * Sizes it is good for, such as `48x48`, or `any`.
   */
  sizes?: string[];
  /**
   * The background it is made for.
   */
  theme?: "light" | "dark";
}[];
/**
 * A JSON Schema.
 */
export type Schema = Keywords | boolean;
/**
 * Scopes, as access tokens name them.
 */
export type Scopes = string[];
/**
 * A content block of the protocol; `type` says which members it has.
 */
export type ContentBlock = TextContent | MediaContent | EmbeddedResource | ResourceLink;
/**
 * A value as it is, or `{ "env": NAME }`: the value of an environment variable.
 */
export type Sourced = string | Variable;
/**
 * The value of an environment variable.
 */
export type FromEnvironment = Variable;

/**
 * Part of an MCP server, declared. All `*.mcp.json` files of a project merge into one server; exactly one has the `server` section. Entries are the protocol's own objects, field for field; mcpc's own fields stand beside them and never reach the wire.
 */
export interface Manifest {
  /**
   * Where editors find this schema, such as `./node_modules/mcpc/mcp.schema.json`.
   */
  $schema?: string;
  /**
   * Who the server is: the protocol's `Implementation`, and the instructions it gives to clients. In exactly one manifest of a project.
   */
  server?: {
    /**
     * The server's name, for programs.
     */
    name: string;
    /**
     * The server's version: a text, or a JSON file that has it as `version`.
     */
    version:
      | string
      | {
          /**
           * A JSON file, relative to this manifest, such as `./package.json`.
           */
          file: string;
        };
    /**
     * A name for people to read.
     */
    title?: string;
    /**
     * What the server is for.
     */
    description?: string;
    /**
     * The server's home page.
     */
    websiteUrl?: string;
    /**
     * Icons that clients may show.
     */
    icons?: Icons;
    /**
     * How a model should use this server: a text, or a file that holds it.
     */
    instructions?:
      | string
      | {
          /**
           * A UTF-8 file, relative to this manifest.
           */
          file: string;
        };
  };
  /**
   * Schemas shared by all manifests: `{ "$ref": "#/$defs/NAME" }` in any schema. Each becomes one exported type.
   */
  $defs?: {
    /**
     * One shared schema.
     */
    [k: string]: Schema;
  };
  /**
   * The server's tools: the protocol's `Tool` objects.
   */
  tools?: Tool[];
  /**
   * The server's resources: the protocol's `Resource` objects, and where their contents come from.
   */
  resources?: Resource[];
  /**
   * Families of resources: the protocol's `ResourceTemplate` objects.
   */
  resourceTemplates?: ResourceTemplate[];
  /**
   * The server's prompts: the protocol's `Prompt` objects, and what they say.
   */
  prompts?: Prompt[];
  runtime?: Runtime;
  build?: Build;
}
/**
 * A tool. `name` and `inputSchema` are required, everything else may be left out.
 */
export interface Tool {
  /**
   * How clients call it. Portable names have 1 to 128 letters, digits, `_`, `-` and `.`.
   */
  name: string;
  /**
   * A name for people to read.
   */
  title?: string;
  /**
   * What it does and when to use it: what the model reads.
   */
  description?: string;
  /**
   * The arguments: a JSON Schema whose root says `"type": "object"`.
   */
  inputSchema: Schema;
  /**
   * The structured result: a JSON Schema. The handler's return type, and checked before it leaves.
   */
  outputSchema?: Schema;
  /**
   * Hints about the tool's behaviour. Never a basis for security.
   */
  annotations?: {
    /**
     * A name for people to read.
     */
    title?: string;
    /**
     * It changes nothing.
     */
    readOnlyHint?: boolean;
    /**
     * It may destroy something (default: true).
     */
    destructiveHint?: boolean;
    /**
     * Calling it twice is calling it once.
     */
    idempotentHint?: boolean;
    /**
     * It reaches into an open world, such as the web (default: true).
     */
    openWorldHint?: boolean;
    [k: string]: unknown;
  };
  /**
   * Icons that clients may show.
   */
  icons?: Icons;
  /**
   * The protocol's `_meta`: passed on as it is.
   */
  _meta?: Meta;
  /**
   * How the tool may be run: the protocol's task support.
   */
  execution?: {
    /**
     * Whether a call becomes a task where the client can follow one. Default: forbidden.
     */
    taskSupport?: "forbidden" | "optional" | "required";
    [k: string]: unknown;
  };
  /**
   * The handler, as `./file.ts#export`, relative to this manifest. Default: a file and an export named after this entry, under the source folder.
   */
  handler?: string;
  /**
   * Scopes that a caller must have to see and to use this; all of them. Needs `runtime.auth`, or a hook `authenticate`.
   */
  scopes?: Scopes;
  /**
   * How long a call may take, in milliseconds; then its signal is aborted and the caller gets an error (default: `runtime.limits.timeoutMs`).
   */
  timeoutMs?: number;
  /**
   * How many calls of this tool run at the same time; others wait for their turn (see `runtime.limits.maxQueue`).
   */
  concurrency?: number;
  /**
   * Results are kept and given again for the same arguments, whatever the order of their keys. Errors are not kept, nor what a handler that asks its client comes to.
   */
  cache?: {
    /**
     * How long a result is good, in milliseconds.
     */
    ttlMs: number;
    /**
     * How many results are kept; beyond these the one used longest ago goes (default: `runtime.cache.maxEntries`).
     */
    maxEntries?: number;
    /**
     * `private` (default): each principal has its own. `public`: shared by all callers, and anything between them and the server may share it, too; for what does not depend on the caller.
     */
    scope?: "private" | "public";
  };
  /**
   * Errors the handler may throw for the model to read, by code: `throw errors.CODE({ … })`.
   */
  errors?: {
    /**
     * One declared error.
     */
    [k: string]: {
      /**
       * What the model reads. `{{placeholders}}` become the parameters of `errors.CODE`.
       */
      message: string;
      /**
       * When it happens: a comment in the generated type.
       */
      description?: string;
    };
  };
  /**
   * Questions the handler may ask the user, by name: `await elicit.NAME({ … })`.
   */
  elicitations?: Elicitations;
  /**
   * The handler begins its task itself, with `beginTask()`; for a tool whose `execution.taskSupport` is `optional` or `required`.
   */
  deferTask?: boolean;
  /**
   * Calls and what comes of them: checked against the schemas at build, and against the handler by `mcpc test`.
   */
  examples?: {
    /**
     * What it shows.
     */
    description?: string;
    /**
     * The arguments of the call.
     */
    arguments: {
      [k: string]: unknown;
    };
    /**
     * What it returns; without an `outputSchema` a text, a content block, or a list of them. Without this and `error`: anything but an error.
     */
    result?: unknown;
    /**
     * The code of the declared error it throws.
     */
    error?: string;
  }[];
  /**
   * Why not to use it any more: `true`, or a text.
   */
  deprecated?: boolean | string;
}
/**
 * Metadata of the protocol: any object.
 */
export interface Meta {
  [k: string]: unknown;
}
/**
 * Questions the handler may ask the user, by name: `await elicit.NAME({ … })`.
 */
export interface Elicitations {
  /**
   * One question: a form (`requestedSchema`) or a page to open (`url`).
   */
  [k: string]: {
    /**
     * What the user is asked. `{{placeholders}}` become the parameters of `elicit.NAME`.
     */
    message: string;
    /**
     * What is answered: a flat object of texts, numbers, booleans and choices, as the protocol allows it.
     */
    requestedSchema?: {
      /**
       * The dialect.
       */
      $schema?: string;
      /**
       * Always an object.
       */
      type: "object";
      /**
       * The fields of the form, by name.
       */
      properties: {
        /**
         * One field.
         */
        [k: string]: {
          /**
           * What is filled in; `array` is a choice of several.
           */
          type: "string" | "number" | "integer" | "boolean" | "array";
          /**
           * What the user sees it called.
           */
          title?: string;
          /**
           * What it is, for the user.
           */
          description?: string;
          /**
           * What it holds at first.
           */
          default?: string | number | boolean | unknown[];
          /**
           * The shortest text.
           */
          minLength?: number;
          /**
           * The longest text.
           */
          maxLength?: number;
          /**
           * What kind of text it is.
           */
          format?: "email" | "uri" | "date" | "date-time";
          /**
           * The least number.
           */
          minimum?: number;
          /**
           * The greatest number.
           */
          maximum?: number;
          /**
           * The choices, as texts.
           *
           * @minItems 1
           */
          enum?: string[];
          /**
           * What the user sees the choices of `enum` called: the words before 2025-11-25.
           */
          enumNames?: string[];
          /**
           * The choices, each with a title.
           *
           * @minItems 1
           */
          oneOf?: {
            /**
             * What is answered.
             */
            const: string;
            /**
             * What the user sees.
             */
            title: string;
          }[];
          /**
           * The choices, of which several can be made.
           */
          items?: {
            /**
             * Always a text.
             */
            type?: "string";
            /**
             * The choices, as texts.
             *
             * @minItems 1
             */
            enum?: string[];
            /**
             * The choices, each with a title.
             *
             * @minItems 1
             */
            anyOf?: {
              /**
               * What is answered.
               */
              const: string;
              /**
               * What the user sees.
               */
              title: string;
            }[];
          };
          /**
           * How many choices at least.
           */
          minItems?: number;
          /**
           * How many choices at most.
           */
          maxItems?: number;
        };
      };
      /**
       * The fields that must be filled in.
       */
      required?: string[];
    };
    /**
     * The page to open (`https:`). `{{placeholders}}` as in `message`.
     */
    url?: string;
  };
}
/**
 * A resource. Its contents are static (one of `text`, `json`, `blob`, `file`) or come from a handler.
 */
export interface Resource {
  /**
   * The resource's URI: how clients read it.
   */
  uri: string;
  /**
   * The resource's name, for programs.
   */
  name: string;
  /**
   * A name for people to read.
   */
  title?: string;
  /**
   * What it holds.
   */
  description?: string;
  /**
   * The media type of its contents.
   */
  mimeType?: string;
  /**
   * Size of the contents in bytes, where it is known.
   */
  size?: number;
  annotations?: Annotations;
  /**
   * Icons that clients may show.
   */
  icons?: Icons;
  /**
   * The protocol's `_meta`: passed on as it is.
   */
  _meta?: Meta;
  /**
   * Static contents, as text.
   */
  text?: string;
  /**
   * Static contents, as any JSON value.
   */
  json?: unknown;
  /**
   * Static contents, as base64.
   */
  blob?: string;
  /**
   * Static contents: a file, relative to this manifest, included at build.
   */
  file?: string;
  /**
   * The handler, as `./file.ts#export`, relative to this manifest. Default: a file and an export named after this entry, under the source folder.
   */
  handler?: string;
  /**
   * Clients may subscribe to its changes.
   */
  subscribe?: boolean;
  /**
   * What a handler returns is kept and reused; clients may keep it for the same time (2026-07-28). Static contents are kept by clients alone.
   */
  cache?: {
    /**
     * How long a result is good, in milliseconds.
     */
    ttlMs: number;
    /**
     * How many results are kept; beyond these the one used longest ago goes (default: `runtime.cache.maxEntries`).
     */
    maxEntries?: number;
    /**
     * `private` (default): each principal has its own. `public`: shared by all callers, and anything between them and the server may share it, too; for what does not depend on the caller.
     */
    scope?: "private" | "public";
  };
  /**
   * Scopes that a caller must have to see and to use this; all of them. Needs `runtime.auth`, or a hook `authenticate`.
   */
  scopes?: Scopes;
}
/**
 * The protocol's annotations: hints for clients.
 */
export interface Annotations {
  /**
   * For whom it is.
   */
  audience?: ("user" | "assistant")[];
  /**
   * From 0 (least important) to 1 (most important).
   */
  priority?: number;
  /**
   * When it last changed, as an ISO 8601 time.
   */
  lastModified?: string;
  [k: string]: unknown;
}
/**
 * A family of resources whose URIs share a template.
 */
export interface ResourceTemplate {
  /**
   * The URI template (RFC 6570), such as `users://{id}`.
   */
  uriTemplate: string;
  /**
   * The template's name, for programs.
   */
  name: string;
  /**
   * A name for people to read.
   */
  title?: string;
  /**
   * What these resources hold.
   */
  description?: string;
  /**
   * The media type they have in common.
   */
  mimeType?: string;
  annotations?: Annotations;
  /**
   * Icons that clients may show.
   */
  icons?: Icons;
  /**
   * The protocol's `_meta`: passed on as it is.
   */
  _meta?: Meta;
  /**
   * The function that lists the resources of this template that there are, as `./file.ts#export`. They are listed after the declared ones.
   */
  list?: string;
  /**
   * A JSON Schema for the template's variables; every variable is a string.
   */
  params?: Schema;
  /**
   * Functions that complete a variable while the user types, by variable.
   */
  complete?: {
    /**
     * The function that completes this value while the user types, as `./file.ts#export`.
     */
    [k: string]: string;
  };
  /**
   * The handler, as `./file.ts#export`, relative to this manifest. Default: a file and an export named after this entry, under the source folder.
   */
  handler?: string;
  /**
   * What a handler returns is kept by its URI and reused; clients may keep it for the same time (2026-07-28).
   */
  cache?: {
    /**
     * How long a result is good, in milliseconds.
     */
    ttlMs: number;
    /**
     * How many results are kept; beyond these the one used longest ago goes (default: `runtime.cache.maxEntries`).
     */
    maxEntries?: number;
    /**
     * `private` (default): each principal has its own. `public`: shared by all callers, and anything between them and the server may share it, too; for what does not depend on the caller.
     */
    scope?: "private" | "public";
  };
  /**
   * Scopes that a caller must have to see and to use this; all of them. Needs `runtime.auth`, or a hook `authenticate`.
   */
  scopes?: Scopes;
}
/**
 * A prompt: messages with `{{variables}}`, or a handler that makes them.
 */
export interface Prompt {
  /**
   * How clients ask for it.
   */
  name: string;
  /**
   * A name for people to read.
   */
  title?: string;
  /**
   * What it is for.
   */
  description?: string;
  /**
   * Icons that clients may show.
   */
  icons?: Icons;
  /**
   * The protocol's `_meta`: passed on as it is.
   */
  _meta?: Meta;
  /**
   * What the user fills in; every value is a text.
   */
  arguments?: {
    /**
     * The argument's name.
     */
    name: string;
    /**
     * A name for people to read.
     */
    title?: string;
    /**
     * What to fill in.
     */
    description?: string;
    /**
     * It must be given.
     */
    required?: boolean;
    /**
     * The value when it is not given.
     */
    default?: string;
    /**
     * The only values allowed.
     *
     * @minItems 1
     */
    enum?: string[];
    /**
     * The function that completes this value while the user types, as `./file.ts#export`.
     */
    complete?: string;
  }[];
  /**
   * The messages, with `{{argument}}` where an argument goes; `\\{{argument}}` stands for the braces themselves. Then no handler is needed.
   *
   * @minItems 1
   */
  messages?: {
    /**
     * Who speaks.
     */
    role: "user" | "assistant";
    content: ContentBlock;
  }[];
  /**
   * The handler, as `./file.ts#export`, relative to this manifest. Default: a file and an export named after this entry, under the source folder.
   */
  handler?: string;
  /**
   * Questions the handler may ask the user, by name: `await elicit.NAME({ … })`.
   */
  elicitations?: Elicitations;
  /**
   * Scopes that a caller must have to see and to use this; all of them. Needs `runtime.auth`, or a hook `authenticate`.
   */
  scopes?: Scopes;
}
/**
 * A text.
 */
export interface TextContent {
  /**
   * The kind of block.
   */
  type: "text";
  /**
   * The text.
   */
  text: string;
  annotations?: Annotations;
  _meta?: Meta;
}
/**
 * An image or a piece of audio.
 */
export interface MediaContent {
  /**
   * The kind of block.
   */
  type: "image" | "audio";
  /**
   * The bytes, as base64.
   */
  data: string;
  /**
   * The media type, such as `image/png`.
   */
  mimeType: string;
  annotations?: Annotations;
  _meta?: Meta;
}
/**
 * The contents of a resource.
 */
export interface EmbeddedResource {
  /**
   * The kind of block.
   */
  type: "resource";
  /**
   * The contents: `text`, or `blob` as base64.
   */
  resource: {
    /**
     * The resource's URI.
     */
    uri: string;
    /**
     * The media type of the contents.
     */
    mimeType?: string;
    /**
     * The contents, as text.
     */
    text?: string;
    /**
     * The contents, as base64.
     */
    blob?: string;
    _meta?: Meta;
  };
  annotations?: Annotations;
  _meta?: Meta;
}
/**
 * A resource that the client may read.
 */
export interface ResourceLink {
  /**
   * The kind of block.
   */
  type: "resource_link";
  /**
   * The resource's URI.
   */
  uri: string;
  /**
   * The resource's name, for programs.
   */
  name: string;
  /**
   * A name for people to read.
   */
  title?: string;
  /**
   * What it holds.
   */
  description?: string;
  /**
   * The media type of its contents.
   */
  mimeType?: string;
  /**
   * Size of the contents in bytes.
   */
  size?: number;
  icons?: Icons;
  annotations?: Annotations;
  _meta?: Meta;
}
/**
 * How the server is served.
 */
export interface Runtime {
  /**
   * How clients reach it. Absent: stdio and http. Present: only what is named.
   */
  transports?: {
    /**
     * Standard input and output.
     */
    stdio?: {};
    /**
     * Streamable HTTP.
     */
    http?: {
      /**
       * The endpoint's path (default `/mcp`).
       */
      path?: Sourced;
      /**
       * The address to listen on (default `127.0.0.1`).
       */
      host?: Sourced;
      /**
       * The port to listen on (default 3000); 0 picks a free one.
       */
      port?: number | Variable;
      /**
       * Origins of web pages that may call, such as `https://app.example.com`. The server's own loopback origin always may. An environment variable holds several, separated by commas.
       */
      allowedOrigins?: Sourced[] | Variable;
      /**
       * Host names that the server is called by, such as `mcp.example.com`. It always answers to loopback names and, where it listens on more than loopback, to IP addresses. Without any, a public server that asks for credentials answers to all names. An environment variable holds several, separated by commas.
       */
      allowedHosts?: Sourced[] | Variable;
      /**
       * How long the built server keeps a connection open between two requests, in milliseconds (default 75000). Longer than the balancer before it does, or a request may meet a connection that is being closed.
       */
      keepAliveTimeoutMs?: number;
      /**
       * Whether sessions are kept for clients of revisions before 2026-07-28 (default `true`). Without them any replica can serve any request, but such clients can neither be asked nor notified.
       */
      sessions?: boolean;
      /**
       * How long an event stream, or a call whose client takes one, may say nothing before a comment is sent, in milliseconds (default 15000). The answer of such a call becomes a stream.
       */
      keepAliveMs?: number;
    };
    /**
     * HTTP+SSE, the transport of 2024-11-05, on the same port.
     */
    sse?: {
      /**
       * The stream's path (default `/sse`).
       */
      path?: string;
      /**
       * Where messages are posted (default `/messages`).
       */
      messages?: string;
    };
    /**
     * WebSocket, subprotocol `mcp`, on the same port.
     */
    websocket?: {
      /**
       * Its path (default `/ws`).
       */
      path?: string;
    };
    /**
     * Event streams of single tools, for browsers, at `{path}/tools/NAME/sse` of the http transport: `tool_start`, `tool_progress`, `tool_complete`, `tool_error`. GET, which an `EventSource` sends, runs only tools with `"readOnlyHint": true`; POST runs all.
     */
    toolEvents?: {};
  };
  /**
   * Who may call over HTTP, HTTP+SSE, WebSocket and tool event streams: whoever shows `Authorization: Bearer` with a key (`bearer`) or an access token (`oauth`), or whom the function `authenticate` of the module of hooks accepts. Several ways hold beside each other. Over stdio the token is the value of the environment variable `MCPC_ACCESS_TOKEN`; without it the caller is whoever started the process, and may do everything.
   */
  auth?: {
    /**
     * Static keys. They are never part of the manifest nor of the built server: they come from an environment variable, a file, or both. One key a line (or separated by commas), each `KEY` or `PRINCIPAL:KEY`; or a JSON array of keys and of `{ "key", "principal", "scopes" }`. Several hold at once, so that one can be replaced without a gap. A key has at least 16 characters.
     */
    bearer?: {
      /**
       * The environment variable that holds the keys (default `MCPC_API_KEYS`, where no file is named).
       */
      env?: string;
      /**
       * A file that holds the keys: its path, relative to the folder the server is started in, or the environment variable that has the path. It is followed while the server runs: a key that is added or taken out counts within three seconds.
       */
      file?: Sourced;
      /**
       * What a key may do that says nothing of scopes (default: everything).
       */
      scopes?: Scopes;
    };
    /**
     * Access tokens of an OAuth 2.1 authorization server. Its addresses are found by RFC 8414 or OpenID Connect Discovery. Signed tokens (JWT) are verified with its published keys, which needs the package `jose`; others with `introspection`. Clients find it through the protected-resource metadata (RFC 9728), which the server publishes.
     */
    oauth?: {
      /**
       * The authorization server, exactly as it calls itself in its metadata: an https address.
       */
      issuer: Sourced;
      /**
       * Where the metadata of the authorization server is, when this server reaches it inside a network, at another address than its clients: plain http is allowed here, and for addresses of the same host in that metadata. It must name the same issuer. A variable that is not set counts as absent.
       */
      metadataUrl?: Sourced;
      /**
       * What tokens call this server (`aud`): its public address, such as `https://mcp.example.com/mcp`, unless the authorization server has names of its own; or several names. A token for another audience is refused.
       */
      audience: (string | Sourced[]) | Variable;
      /**
       * This server's public address, as its metadata tells it to clients (default: the first audience).
       */
      resource?: Sourced;
      /**
       * Signatures that are accepted (default: `RS256`, `PS256`, `ES256`, `EdDSA`). Unsigned tokens and shared secrets never are.
       *
       * @minItems 1
       */
      algorithms?: (
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519"
      )[];
      /**
       * By how much clocks may differ when a token's times are checked (default 5).
       */
      clockToleranceSeconds?: number;
      /**
       * Ask the authorization server about each token (RFC 7662), for tokens that only it can read. Its answer must name the audience.
       */
      introspection?: {
        /**
         * Where to ask (default: the `introspection_endpoint` of the issuer's metadata).
         */
        endpoint?: Sourced;
        /**
         * The name under which this server is known there.
         */
        clientId: Sourced;
        /**
         * Its secret: the environment variable that has it.
         */
        clientSecret: FromEnvironment;
        /**
         * How long an answer is kept (default 10): for so long a revoked token may still be good.
         */
        cacheSeconds?: number;
      };
    };
    /**
     * Scopes that include others: who has the one has these, too.
     */
    includes?: {
      [k: string]: Scopes;
    };
    /**
     * The scopes that clients are asked to request at first (default: all that the manifest names). They can ask for more when a call needs more.
     */
    requestedScopes?: Scopes;
  };
  /**
   * The server's settings, as a JSON Schema of an object: handlers find them, typed, in `context.config`. Each comes from its environment variable, else from the file given with `--config`, else from its `default`; all are validated before anything is served.
   */
  config?: {
    /**
     * Always an object.
     */
    type?: "object";
    /**
     * What the settings are for.
     */
    description?: string;
    /**
     * The settings, by name. Each is a JSON Schema, with two fields of our own: `env` and `secret`.
     */
    properties: {
      /**
       * One setting: a JSON Schema.
       */
      [k: string]: Keywords & {
        /**
         * Its environment variable. Default: the server's name and the setting's in capitals, such as `WEATHER_API_URL`. Lists and objects are written as JSON.
         */
        env?: string;
        /**
         * Its value is never shown: not in an error, not in a log, not by `--print-config`.
         */
        secret?: boolean;
        [k: string]: unknown;
      };
    };
    /**
     * The settings without which the server does not start.
     */
    required?: string[];
  };
  /**
   * What all caches have in common. Each process keeps its own results.
   */
  cache?: {
    /**
     * How many results of one tool, resource or template are kept, unless it says otherwise (default 1000).
     */
    maxEntries?: number;
    /**
     * About how much all kept results together take, in bytes (default 67108864); beyond that the ones used longest ago go.
     */
    maxBytes?: number;
    /**
     * How long clients may keep lists and the server's description of itself (2026-07-28). Without it they have to ask again each time.
     */
    listings?: {
      /**
       * How long, in milliseconds.
       */
      ttlMs: number;
      /**
       * `private` (default): for this caller. `public`: for everybody; not where entries have `scopes`.
       */
      scope?: "private" | "public";
    };
  };
  /**
   * The server's log: one entry a line, on standard error. With this section it holds what handlers say with `log`, too, and a line for each request at the level that `requests` names. An entry that belongs to a request has its `requestId`, and the client's `traceparent` where it sent one.
   */
  logging?: {
    /**
     * The least severity that is logged (default `info`). `--log-level` and `MCPC_LOG_LEVEL` come first.
     */
    level?: "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";
    /**
     * `json`: one JSON object a line. `pretty`: for people, with colours on a terminal unless `NO_COLOR` is set. `auto` (default): pretty on a terminal, JSON elsewhere.
     */
    format?: "auto" | "json" | "pretty";
    /**
     * The level of the line that tells of each request: its method, name, outcome and duration (default `debug`). `off`: there is none.
     */
    requests?: "off" | "debug" | "info";
    /**
     * Names of fields whose values are not shown, at any depth, whatever their case. The values of secret settings, and fields such as `authorization`, `cookie`, `password` and `token`, never are.
     */
    redact?: string[];
    /**
     * A file that holds every entry, too, as JSON lines; where Node runs the server.
     */
    file?: {
      /**
       * The file, relative to the working directory of the process. One process alone may write it.
       */
      path: string;
      /**
       * The file's greatest size (default 10485760). Before it grows beyond, it is put aside as `path.1`.
       */
      maxBytes?: number;
      /**
       * How many files that were put aside are kept (default 5).
       */
      maxFiles?: number;
    };
  };
  /**
   * Answers to a platform's probes, beside the MCP endpoint of http: whatever their `Host`, without credentials, as `{"status": …}` with status 200 or 503. What readiness depends on are the checks that the hooks export as `health`.
   */
  health?: {
    /**
     * Where it says that the process lives (default `/healthz`).
     */
    liveness?: string;
    /**
     * Where it says whether the server can do its work (default `/readyz`): not before it has started, while a check fails, or while it stops.
     */
    readiness?: string;
    /**
     * How long a check may take, in milliseconds (default 1000); then it has failed, and its signal is aborted.
     */
    timeoutMs?: number;
    /**
     * How long the outcome of the checks stands, in milliseconds (default 1000).
     */
    cacheMs?: number;
    /**
     * Whether there is a tool `health_check`, too, which answers with status, time and version (default `false`).
     */
    tool?: boolean;
  };
  /**
   * Bounds of what clients may ask for, and of what runs at a time.
   */
  limits?: {
    /**
     * How many entries a list answers at once; the rest follows by cursor. Without it a list is one page.
     */
    pageSize?: number;
    /**
     * How long any handler may take, in milliseconds, unless its tool says otherwise. Without it: as long as it wants.
     */
    timeoutMs?: number;
    /**
     * How many handlers run at the same time, all together; others wait for their turn. Without it: as many as are called.
     */
    concurrency?: number;
    /**
     * How many calls wait for their turn, of the server and of each tool with `concurrency` (default 100); beyond that the answer is that it is busy.
     */
    maxQueue?: number;
    /**
     * How often one caller may call tools, read resources, get prompts, complete arguments, and open sessions, subscriptions, streams and connections. A caller is a principal, or the network address of a client that is not known. Beyond it: status 429 over HTTP, else an error.
     */
    rate?: {
      /**
       * Requests a minute.
       */
      perMinute: number;
      /**
       * Requests that may come at once (default: as many as come in a minute).
       */
      burst?: number;
    };
    /**
     * The longest body of a request over HTTP, and message over WebSocket, in bytes (default 4194304).
     */
    maxBodyBytes?: number;
    /**
     * How many clients with a session are served at a time, of each of Streamable HTTP, HTTP+SSE and WebSocket (default 1000).
     */
    maxSessions?: number;
    /**
     * How many subscriptions are open at a time, of all clients; and resources that a session subscribes to (default 1024).
     */
    maxSubscriptions?: number;
    /**
     * How many tasks are kept at a time, of all clients, ended ones too (default 1000). Ended tasks make room for new ones.
     */
    maxTasks?: number;
    /**
     * How long a task is kept, in milliseconds from its creation (default 3600000).
     */
    taskTtlMs?: number;
    /**
     * How much memory may hold what is kept for clients beyond a message, in bytes (default 67108864): see the guide to operations.
     */
    maxKeptBytes?: number;
    /**
     * How large a result may be, in bytes (default 8388608); the call of a larger one is answered with an error.
     */
    maxResultBytes?: number;
    /**
     * How many connections the built server has at a time (default 4000).
     */
    maxConnections?: number;
    /**
     * How long what runs at SIGTERM may take to end, in milliseconds (default 10000); nothing new begins, then what is left is cancelled.
     */
    drainMs?: number;
  };
  /**
   * Where shared state is kept: `memory` or `redis`.
   */
  store?: {
    [k: string]: unknown;
  };
  /**
   * The module with `onStart`, `onStop`, `onSession`, `onError`, `enabled`, `authenticate`, `logger` and `health`, relative to this manifest. Default: `hooks.ts` in the source folder, where there is one.
   */
  hooks?: string;
}
/**
 * `{ "env": NAME }`: the value is that of an environment variable, read when the server starts.
 */
export interface Variable {
  /**
   * The variable's name.
   */
  env: string;
}
export interface Keywords {
  /**
   * The JSON type of the value, or a list of types.
   */
  type?:
    | ("object" | "array" | "string" | "number" | "integer" | "boolean" | "null")
    | ("object" | "array" | "string" | "number" | "integer" | "boolean" | "null")[];
  /**
   * A name of the value for people to read.
   */
  title?: string;
  /**
   * What the value is: what the model reads.
   */
  description?: string;
  /**
   * The members of an object, each with its schema.
   */
  properties?: {
    [k: string]: Schema;
  };
  /**
   * The members that an object must have.
   */
  required?: string[];
  /**
   * A schema of the members that `properties` and `patternProperties` do not name; `false`: there are none.
   */
  additionalProperties?: Schema;
  /**
   * Schemas of members whose names match a regular expression.
   */
  patternProperties?: {
    [k: string]: Schema;
  };
  /**
   * A schema of the names of an object's members.
   */
  propertyNames?: Schema;
  /**
   * How many members an object has at least.
   */
  minProperties?: number;
  /**
   * How many members an object has at most.
   */
  maxProperties?: number;
  /**
   * A schema of a list's items; behind `prefixItems`, of those that follow. In draft-07 and 2019-09 also a list of schemas, one for each item.
   */
  items?: Schema | Schema[];
  /**
   * Schemas of a list's first items, one for each (2020-12).
   *
   * @minItems 1
   */
  prefixItems?: Schema[];
  /**
   * How many items a list has at least.
   */
  minItems?: number;
  /**
   * How many items a list has at most.
   */
  maxItems?: number;
  /**
   * Whether no two items of a list are the same.
   */
  uniqueItems?: boolean;
  /**
   * A schema that at least one item of a list obeys.
   */
  contains?: Schema;
  /**
   * How many items obey `contains` at least (default 1).
   */
  minContains?: number;
  /**
   * How many items obey `contains` at most.
   */
  maxContains?: number;
  /**
   * The values that there are.
   *
   * @minItems 1
   */
  enum?: unknown[];
  /**
   * The only value that there is.
   */
  const?: unknown;
  /**
   * How many characters a text has at least.
   */
  minLength?: number;
  /**
   * How many characters a text has at most.
   */
  maxLength?: number;
  /**
   * A regular expression that a text matches somewhere; `^` and `$` anchor it.
   */
  pattern?: string;
  /**
   * A form of text, such as `date-time` or `email`.
   */
  format?: string;
  /**
   * The least number.
   */
  minimum?: number;
  /**
   * The greatest number.
   */
  maximum?: number;
  /**
   * A number that the value must be greater than.
   */
  exclusiveMinimum?: number;
  /**
   * A number that the value must be less than.
   */
  exclusiveMaximum?: number;
  /**
   * A number that the value is a multiple of.
   */
  multipleOf?: number;
  /**
   * The value where none is given.
   */
  default?: unknown;
  /**
   * Values for people and models to read.
   */
  examples?: unknown[];
  /**
   * A schema from elsewhere: `#/$defs/NAME`, or a file relative to this manifest.
   */
  $ref?: string;
  /**
   * Schemas for references, by name.
   */
  $defs?: {
    [k: string]: Schema;
  };
  /**
   * Schemas that a value obeys all of.
   *
   * @minItems 1
   */
  allOf?: Schema[];
  /**
   * Schemas that a value obeys at least one of.
   *
   * @minItems 1
   */
  anyOf?: Schema[];
  /**
   * Schemas that a value obeys exactly one of.
   *
   * @minItems 1
   */
  oneOf?: Schema[];
  /**
   * A schema that a value does not obey.
   */
  not?: Schema;
  /**
   * Where a value obeys this schema it obeys `then`, elsewhere `else`.
   */
  if?: Schema;
  /**
   * For values that obey `if`.
   */
  then?: Schema;
  /**
   * For values that do not obey `if`.
   */
  else?: Schema;
  /**
   * Members that an object must have where it has another one, by the name of that.
   */
  dependentRequired?: {
    [k: string]: string[];
  };
  /**
   * Schemas that an object obeys where it has a member, by its name.
   */
  dependentSchemas?: {
    [k: string]: Schema;
  };
  /**
   * What an object needs where it has a member, by its name: members or a schema (draft-07).
   */
  dependencies?: {
    [k: string]: Schema | string[];
  };
  /**
   * A schema of the members that no other keyword describes; `false`: there are none.
   */
  unevaluatedProperties?: Schema;
  /**
   * A schema of the items that no other keyword describes; `false`: there are none.
   */
  unevaluatedItems?: Schema;
  /**
   * A schema of the items behind those that a list of `items` describes (draft-07, 2019-09).
   */
  additionalItems?: Schema;
  /**
   * How bytes are written as a text, such as `base64`.
   */
  contentEncoding?: string;
  /**
   * The media type of what a text holds.
   */
  contentMediaType?: string;
  /**
   * A schema of what a text holds.
   */
  contentSchema?: Schema;
  /**
   * Whether the value should no longer be used.
   */
  deprecated?: boolean;
  /**
   * Whether the value is only ever read.
   */
  readOnly?: boolean;
  /**
   * Whether the value is only ever written.
   */
  writeOnly?: boolean;
  /**
   * The dialect of this schema (default 2020-12).
   */
  $schema?: string;
  /**
   * The address of this schema, for references.
   */
  $id?: string;
  /**
   * A name for references within this schema: `#NAME`.
   */
  $anchor?: string;
  /**
   * A reference to the outermost schema of a name.
   */
  $dynamicRef?: string;
  /**
   * A name for `$dynamicRef`.
   */
  $dynamicAnchor?: string;
  /**
   * A reference to the outermost schema (2019-09).
   */
  $recursiveRef?: "#";
  /**
   * Whether `$recursiveRef` finds this schema (2019-09).
   */
  $recursiveAnchor?: boolean;
  /**
   * The vocabularies of a meta-schema.
   */
  $vocabulary?: {
    [k: string]: unknown;
  };
  /**
   * A note for those who read this schema.
   */
  $comment?: string;
  /**
   * Schemas for references, by name; older than `$defs`.
   */
  definitions?: {
    [k: string]: Schema;
  };
  /**

 */
  [k: string]: unknown;
}
/**
 * How the project is built.
 */
export interface Build {
  /**
   * The folder of generated code (default `generated`).
   */
  generated?: string;
  /**
   * The folder of handlers (default `src`).
   */
  source?: string;
  /**
   * The folder of the bundle (default `dist`).
   */
  dist?: string;
  /**
   * Whether the `default` of a tool's argument is filled in before its handler runs (default `true`).
   */
  defaults?: boolean;
  /**
   * Packages that stay outside the bundle, and must be installed where the server runs: those with native code, and those that read files beside their own code. `dist/package.json` asks for the versions that are installed at the build: run `npm install --omit=dev` in `dist/`.
   */
  external?: string[];
  /**
   * Lint profiles.
   */
  lint?: {
    [k: string]: unknown;
  };
  /**
   * Severities of rules, by code.
   */
  rules?: {
    [k: string]: unknown;
  };
  /**
   * Diagnostics to accept, with a reason and an expiry date.
   */
  waivers?: unknown[];
  /**
   * Token budgets of the surface.
   */
  budgets?: {
    [k: string]: unknown;
  };
}
