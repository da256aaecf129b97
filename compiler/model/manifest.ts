// Made from mcp.schema.json, as CONTRIBUTING.md says.

/**
 * Icons that clients may show.
 */
export type Icons = {
  /**
   * The URI of the picture, with `https:` or `data:`.
   */
  src: string;
  /**
   * The picture's media type.
   */
  mimeType?: string;
  /**
   * Suitable sizes, such as `48x48`, or `any`.
   */
  sizes?: string[];
  /**
   * The background that the icon suits.
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
 * A content block of the protocol; its members depend on `type`.
 */
export type ContentBlock = TextContent | MediaContent | EmbeddedResource | ResourceLink;
/**
 * A value, or `{ "env": NAME }` for the value of an environment variable.
 */
export type Sourced = string | Variable;
/**
 * The value of an environment variable.
 */
export type FromEnvironment = Variable;

/**
 * A manifest: a part of an MCP server. All `*.mcp.json` files of a project merge into one server; exactly one has the `server` section. Entries are the protocol's own objects, with additional fields of mcpc that are never sent to clients.
 */
export interface Manifest {
  /**
   * The path of this schema for editors, such as `./node_modules/mcpc/mcp.schema.json`.
   */
  $schema?: string;
  /**
   * The server's identity: the protocol's `Implementation`, and its instructions for clients. In exactly one manifest of a project.
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
     * The purpose of the server.
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
     * Instructions for models that use this server: a text, or a file with the text.
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
   * The server's resources: the protocol's `Resource` objects, with their contents or handlers.
   */
  resources?: Resource[];
  /**
   * The server's resource templates: the protocol's `ResourceTemplate` objects.
   */
  resourceTemplates?: ResourceTemplate[];
  /**
   * The server's prompts: the protocol's `Prompt` objects, with their messages or handlers.
   */
  prompts?: Prompt[];
  /**
   * Servers that answer calls in place of handlers, by name. Entries name theirs as `upstream`. Their definitions are never sent to clients.
   */
  upstreams?: {
    [k: string]: Upstream;
  };
  runtime?: Runtime;
  build?: Build;
}
/**
 * A tool. Only `name` and `inputSchema` are required.
 */
export interface Tool {
  /**
   * The name by which clients call the tool. Portable names have 1 to 128 letters, digits, `_`, `-` and `.`.
   */
  name: string;
  /**
   * A name for people to read.
   */
  title?: string;
  /**
   * A description for models: what the tool does and when to use it.
   */
  description?: string;
  /**
   * A JSON Schema of the arguments, with `"type": "object"` at its root.
   */
  inputSchema: Schema;
  /**
   * A JSON Schema of the structured result. The handler returns such a value, which is validated before it is sent.
   */
  outputSchema?: Schema;
  /**
   * Hints about the tool's behaviour. Clients must not rely on them for security.
   */
  annotations?: {
    /**
     * A name for people to read.
     */
    title?: string;
    /**
     * Whether the tool only reads.
     */
    readOnlyHint?: boolean;
    /**
     * Whether the tool may delete or overwrite something (default: true).
     */
    destructiveHint?: boolean;
    /**
     * Whether repeated calls have no further effect.
     */
    idempotentHint?: boolean;
    /**
     * Whether the tool accesses an open world, such as the web (default: true).
     */
    openWorldHint?: boolean;
    [k: string]: unknown;
  };
  /**
   * Icons that clients may show.
   */
  icons?: Icons;
  /**
   * The protocol's `_meta`, which clients get unchanged.
   */
  _meta?: Meta;
  /**
   * The tool's execution: the protocol's task support.
   */
  execution?: {
    /**
     * Whether a call becomes a task if the client supports tasks. Default: forbidden.
     */
    taskSupport?: "forbidden" | "optional" | "required";
    [k: string]: unknown;
  };
  /**
   * The handler, as `./file.ts#export`, relative to this manifest. Default: a file and an export named after this entry, under the source folder.
   */
  handler?: string;
  /**
   * The name in `upstreams` of the server that answers in place of a handler.
   */
  upstream?: string;
  /**
   * The scopes that a caller needs to see and use this entry; all of them. Requires `runtime.auth`, or a hook `authenticate`.
   */
  scopes?: Scopes;
  /**
   * Time limit of a call in milliseconds. At its end the signal is aborted and the caller gets an error (default: `runtime.limits.timeoutMs`).
   */
  timeoutMs?: number;
  /**
   * The maximum number of concurrent calls of this tool; others wait for their turn (see `runtime.limits.maxQueue`).
   */
  concurrency?: number;
  /**
   * Caches results by their arguments, in any order of their keys. Neither errors nor results of calls that ask the client are cached.
   */
  cache?: {
    /**
     * Lifetime of a result in milliseconds.
     */
    ttlMs: number;
    /**
     * The maximum number of results; above it, the least recently used one is dropped (default: `runtime.cache.maxEntries`).
     */
    maxEntries?: number;
    /**
     * `private` (default): each principal has separate results. `public`: all callers and intermediaries share results, which must not depend on the caller.
     */
    scope?: "private" | "public";
  };
  /**
   * Errors that the handler may throw for models, by code: `throw errors.CODE({ … })`.
   */
  errors?: {
    /**
     * One declared error.
     */
    [k: string]: {
      /**
       * The message for models. Its `{{placeholders}}` become the parameters of `errors.CODE`.
       */
      message: string;
      /**
       * The cause of the error, as a comment in the generated type.
       */
      description?: string;
    };
  };
  /**
   * Questions that the handler may ask the user, by name: `await elicit.NAME({ … })`.
   */
  elicitations?: Elicitations;
  /**
   * The text beside the structured content of a tool with an `outputSchema`. `json` (default): the same value as JSON, as the specification recommends. `none`: no text, for hosts that show both to the model. An object: a text of your own. Clients of revisions before 2025-06-18, which have no structured content, get the JSON.
   */
  text?:
    | ("json" | "none")
    | {
        /**
         * The text, in which `{{name}}` is a property of the result: a string as it is, another value as JSON, an absent one as nothing.
         */
        template: string;
      };
  /**
   * The tokens above which a result is reported in the log as a warning (default: `build.budgets.tokens.result`). The result is sent nevertheless.
   */
  maxResultTokens?: number;
  /**
   * Whether the handler starts its task itself, with `beginTask()`. For a tool whose `execution.taskSupport` is `optional` or `required`.
   */
  deferTask?: boolean;
  /**
   * Example calls with their results. The build validates them by the schemas; `mcpc test` runs them.
   */
  examples?: {
    /**
     * A description of the example.
     */
    description?: string;
    /**
     * The arguments of the call.
     */
    arguments: {
      [k: string]: unknown;
    };
    /**
     * The result; without an `outputSchema` a text, a content block, or a list of them. Without this and `error`, any result except an error.
     */
    result?: unknown;
    /**
     * The code of the declared error that the call throws.
     */
    error?: string;
  }[];
  /**
   * Whether the entry is deprecated: `true`, or a text with the reason.
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
 * Questions that the handler may ask the user, by name: `await elicit.NAME({ … })`.
 */
export interface Elicitations {
  /**
   * One question: a form (`requestedSchema`) or a page to open (`url`).
   */
  [k: string]: {
    /**
     * The question to the user. Its `{{placeholders}}` become the parameters of `elicit.NAME`.
     */
    message: string;
    /**
     * A schema of the answer: a flat object of texts, numbers, booleans and choices, as the protocol allows.
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
           * The type of the value; `array` is a multiple choice.
           */
          type: "string" | "number" | "integer" | "boolean" | "array";
          /**
           * The label of the field.
           */
          title?: string;
          /**
           * A description of the field, for the user.
           */
          description?: string;
          /**
           * The initial value.
           */
          default?: string | number | boolean | unknown[];
          /**
           * The minimum length.
           */
          minLength?: number;
          /**
           * The maximum length.
           */
          maxLength?: number;
          /**
           * The format of the text.
           */
          format?: "email" | "uri" | "date" | "date-time";
          /**
           * The minimum.
           */
          minimum?: number;
          /**
           * The maximum.
           */
          maximum?: number;
          /**
           * The choices, as texts.
           *
           * @minItems 1
           */
          enum?: string[];
          /**
           * The labels of the choices of `enum`, in the form before 2025-11-25.
           */
          enumNames?: string[];
          /**
           * The choices, each with a title.
           *
           * @minItems 1
           */
          oneOf?: {
            /**
             * The value of the choice.
             */
            const: string;
            /**
             * The label of the choice.
             */
            title: string;
          }[];
          /**
           * The choices of a multiple choice.
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
               * The value of the choice.
               */
              const: string;
              /**
               * The label of the choice.
               */
              title: string;
            }[];
          };
          /**
           * The minimum number of choices.
           */
          minItems?: number;
          /**
           * The maximum number of choices.
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
   * The URI by which clients read the resource.
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
   * A description of the contents.
   */
  description?: string;
  /**
   * The media type of its contents.
   */
  mimeType?: string;
  /**
   * Size of the contents in bytes, if it is known.
   */
  size?: number;
  annotations?: Annotations;
  /**
   * Icons that clients may show.
   */
  icons?: Icons;
  /**
   * The protocol's `_meta`, which clients get unchanged.
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
   * The name in `upstreams` of the server that answers in place of a handler.
   */
  upstream?: string;
  /**
   * Whether clients may subscribe to its updates.
   */
  subscribe?: boolean;
  /**
   * Caches the handler's result. Clients may cache it for the same time (2026-07-28). Static contents are cached only by clients.
   */
  cache?: {
    /**
     * Lifetime of a result in milliseconds.
     */
    ttlMs: number;
    /**
     * The maximum number of results; above it, the least recently used one is dropped (default: `runtime.cache.maxEntries`).
     */
    maxEntries?: number;
    /**
     * `private` (default): each principal has separate results. `public`: all callers and intermediaries share results, which must not depend on the caller.
     */
    scope?: "private" | "public";
  };
  /**
   * The scopes that a caller needs to see and use this entry; all of them. Requires `runtime.auth`, or a hook `authenticate`.
   */
  scopes?: Scopes;
}
/**
 * The protocol's annotations: hints for clients.
 */
export interface Annotations {
  /**
   * The intended audience.
   */
  audience?: ("user" | "assistant")[];
  /**
   * From 0 (least important) to 1 (most important).
   */
  priority?: number;
  /**
   * The time of the last change, in ISO 8601.
   */
  lastModified?: string;
  [k: string]: unknown;
}
/**
 * A template: resources whose URIs have the same form.
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
   * A description of these resources.
   */
  description?: string;
  /**
   * The media type of all these resources.
   */
  mimeType?: string;
  annotations?: Annotations;
  /**
   * Icons that clients may show.
   */
  icons?: Icons;
  /**
   * The protocol's `_meta`, which clients get unchanged.
   */
  _meta?: Meta;
  /**
   * The function that lists the existing resources of this template, as `./file.ts#export`. They follow the declared ones in the list.
   */
  list?: string;
  /**
   * A JSON Schema for the template's variables; every variable is a string.
   */
  params?: Schema;
  /**
   * Functions that complete variables while the user types, by variable.
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
   * The name in `upstreams` of the server that answers in place of a handler.
   */
  upstream?: string;
  /**
   * Caches the handler's results by URI. Clients may cache them for the same time (2026-07-28).
   */
  cache?: {
    /**
     * Lifetime of a result in milliseconds.
     */
    ttlMs: number;
    /**
     * The maximum number of results; above it, the least recently used one is dropped (default: `runtime.cache.maxEntries`).
     */
    maxEntries?: number;
    /**
     * `private` (default): each principal has separate results. `public`: all callers and intermediaries share results, which must not depend on the caller.
     */
    scope?: "private" | "public";
  };
  /**
   * The scopes that a caller needs to see and use this entry; all of them. Requires `runtime.auth`, or a hook `authenticate`.
   */
  scopes?: Scopes;
}
/**
 * A prompt: messages with `{{variables}}`, or a handler that creates them.
 */
export interface Prompt {
  /**
   * The name by which clients get the prompt.
   */
  name: string;
  /**
   * A name for people to read.
   */
  title?: string;
  /**
   * The purpose of the prompt.
   */
  description?: string;
  /**
   * Icons that clients may show.
   */
  icons?: Icons;
  /**
   * The protocol's `_meta`, which clients get unchanged.
   */
  _meta?: Meta;
  /**
   * The arguments that the user fills in. Each value is a text.
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
     * A description of the argument.
     */
    description?: string;
    /**
     * Whether the argument is required.
     */
    required?: boolean;
    /**
     * The value if none is given.
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
   * The messages, in which `{{argument}}` is replaced; `\\{{argument}}` is literal text. A prompt with messages needs no handler.
   *
   * @minItems 1
   */
  messages?: {
    /**
     * The speaker.
     */
    role: "user" | "assistant";
    content: ContentBlock;
  }[];
  /**
   * The handler, as `./file.ts#export`, relative to this manifest. Default: a file and an export named after this entry, under the source folder.
   */
  handler?: string;
  /**
   * The name in `upstreams` of the server that answers in place of a handler.
   */
  upstream?: string;
  /**
   * Questions that the handler may ask the user, by name: `await elicit.NAME({ … })`.
   */
  elicitations?: Elicitations;
  /**
   * The scopes that a caller needs to see and use this entry; all of them. Requires `runtime.auth`, or a hook `authenticate`.
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
   * A description of the contents.
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
 * A server that answers calls: a `command` that is started, or a `url`.
 */
export interface Upstream {
  /**
   * The program to start. It exchanges messages over its standard streams, is started at the first call, and again if it ends.
   */
  command?: string;
  /**
   * The arguments of the program.
   */
  args?: string[];
  /**
   * Environment variables of the program, by name. Of this server's own variables it gets only those of the system, such as `PATH` and `HOME`.
   */
  env?: {
    [k: string]: Sourced;
  };
  /**
   * The working directory of the program, relative to that of this server (default: the same).
   */
  cwd?: string;
  /**
   * The URL of the server's Streamable HTTP endpoint.
   */
  url?: Sourced;
  /**
   * Headers of all requests to the URL, by name. Credentials belong in environment variables.
   */
  headers?: {
    [k: string]: Sourced;
  };
  /**
   * Whether the server completes arguments of its prompts and variables of its resource templates (default `false`).
   */
  completions?: boolean;
}
export interface Variable {
  /**
   * The name of an environment variable, whose value is read when the server starts.
   */
  env: string;
}
/**
 * The server at run time: transports, authentication, settings, limits and more.
 */
export interface Runtime {
  /**
   * The transports. Default: stdio and http. If present, only the named ones.
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
       * Origins of web pages that may call the server, such as `https://app.example.com`. The server's own loopback origin is always allowed. An environment variable contains several, separated by commas.
       */
      allowedOrigins?: Sourced[] | Variable;
      /**
       * Host names of the server, such as `mcp.example.com`. It always answers to loopback names and, if it listens on more than loopback, to IP addresses. Without any, a server with authentication that listens on more than loopback answers to all names. An environment variable contains several, separated by commas.
       */
      allowedHosts?: Sourced[] | Variable;
      /**
       * Idle time in milliseconds after which the built server closes a connection (default 75000). It should exceed that of a load balancer, which might otherwise use a connection that is being closed.
       */
      keepAliveTimeoutMs?: number;
      /**
       * Whether clients of revisions before 2026-07-28 have sessions (default `true`). Without sessions any replica can serve any request, but such clients can neither be asked nor notified.
       */
      sessions?: boolean;
      /**
       * Quiet time in milliseconds after which an event stream sends a comment, and after which a slow call is answered with a stream if the client accepts one (default 15000).
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
       * The path for messages (default `/messages`).
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
   * Authentication over HTTP, HTTP+SSE, WebSocket and tool event streams: by `Authorization: Bearer` with a key (`bearer`) or an access token (`oauth`), or by the hook `authenticate`. Several methods can be combined. Over stdio the token is the value of the environment variable `MCPC_ACCESS_TOKEN`; without it the caller is the user who started the process, who may do everything.
   */
  auth?: {
    /**
     * Static keys. They are never part of the manifest or of the built server: they come from an environment variable, a file, or both. One key per line (or separated by commas), each as `KEY` or `PRINCIPAL:KEY`; or a JSON array of keys and of `{ "key", "principal", "scopes" }`. Several keys may be valid at once, for rotation. A key has at least 16 characters.
     */
    bearer?: {
      /**
       * The environment variable with the keys (default `MCPC_API_KEYS`, unless a file is named).
       */
      env?: string;
      /**
       * The path of a file with the keys, relative to the working directory, or an environment variable with the path. The server watches the file: changes take effect within three seconds.
       */
      file?: Sourced;
      /**
       * The scopes of keys without scopes of their own (default: all).
       */
      scopes?: Scopes;
    };
    /**
     * Access tokens of an OAuth 2.1 authorization server, whose addresses are discovered by RFC 8414 or OpenID Connect Discovery. Signed tokens (JWT) are verified with its published keys, which needs the package `jose`; others with `introspection`. The server publishes the protected-resource metadata (RFC 9728), by which clients find the authorization server.
     */
    oauth?: {
      /**
       * The authorization server: its exact name in its metadata, an https address.
       */
      issuer: Sourced;
      /**
       * The address of the authorization server's metadata, if this server reaches it inside a network, at another address than clients. Plain http is allowed here, and for addresses of the same host in that metadata. The metadata must name the same issuer. An unset variable counts as absent.
       */
      metadataUrl?: Sourced;
      /**
       * The name of this server in tokens (`aud`), or several names: usually its public address, such as `https://mcp.example.com/mcp`. Tokens for other audiences are refused.
       */
      audience: (string | Sourced[]) | Variable;
      /**
       * This server's public address in its metadata (default: the first audience).
       */
      resource?: Sourced;
      /**
       * Accepted signature algorithms (default: `RS256`, `PS256`, `ES256`, `EdDSA`). Unsigned tokens and shared secrets are never accepted.
       *
       * @minItems 1
       */
      algorithms?: (
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519"
      )[];
      /**
       * Tolerated difference of clocks in seconds for a token's times (default 5).
       */
      clockToleranceSeconds?: number;
      /**
       * Checks each token with the authorization server (RFC 7662), for tokens that only that server can read. Its answer must name the audience.
       */
      introspection?: {
        /**
         * The address of the endpoint (default: the `introspection_endpoint` of the issuer's metadata).
         */
        endpoint?: Sourced;
        /**
         * The client id of this server there.
         */
        clientId: Sourced;
        /**
         * The environment variable with the client's secret.
         */
        clientSecret: FromEnvironment;
        /**
         * Lifetime of a cached answer in seconds (default 10). A revoked token may be accepted for this long.
         */
        cacheSeconds?: number;
      };
    };
    /**
     * Included scopes, by the name of the including scope.
     */
    includes?: {
      [k: string]: Scopes;
    };
    /**
     * The scopes that clients should request at first (default: all scopes in the manifest). They can request more when a call needs more.
     */
    requestedScopes?: Scopes;
  };
  /**
   * The server's settings, as a JSON Schema of an object. Handlers get them, typed, in `context.config`. Each value comes from its environment variable, else from the file of `--config`, else from its `default`. All are validated before the server serves.
   */
  config?: {
    /**
     * Always an object.
     */
    type?: "object";
    /**
     * A description of the settings.
     */
    description?: string;
    /**
     * The settings, by name. Each is a JSON Schema with two additional fields: `env` and `secret`.
     */
    properties: {
      /**
       * One setting: a JSON Schema.
       */
      [k: string]: Keywords & {
        /**
         * The environment variable. Default: the server's name and the setting's in capitals, such as `WEATHER_API_URL`. Lists and objects are written as JSON.
         */
        env?: string;
        /**
         * Whether the value is a secret, which is never shown: neither in errors, nor in logs, nor by `--print-config`.
         */
        secret?: boolean;
        [k: string]: unknown;
      };
    };
    /**
     * The required settings.
     */
    required?: string[];
  };
  /**
   * Settings of all caches. Each process has its own cache; with `runtime.store.redis`, replicas share results, too.
   */
  cache?: {
    /**
     * Default maximum number of cached results per tool, resource or template (default 1000).
     */
    maxEntries?: number;
    /**
     * Approximate maximum size of all cached results in bytes (default 67108864). Above it, the least recently used ones are dropped.
     */
    maxBytes?: number;
    /**
     * Cache lifetime that is advertised for lists and for the server's description (2026-07-28). Default: none, so that clients request them each time.
     */
    listings?: {
      /**
       * The lifetime in milliseconds.
       */
      ttlMs: number;
      /**
       * `private` (default): for this caller. `public`: for all callers; not allowed if entries have `scopes`.
       */
      scope?: "private" | "public";
    };
  };
  /**
   * The server's log: one entry per line, on standard error. With this section it also contains the `log` messages of handlers, and a line for each request at the level of `requests`. Entries of a request have its `requestId`, and the client's `traceparent` if there is one.
   */
  logging?: {
    /**
     * The minimum severity of entries (default `info`). `--log-level` and `MCPC_LOG_LEVEL` take precedence.
     */
    level?: "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";
    /**
     * `json`: one JSON object per line. `pretty`: for people, with colours on a terminal unless `NO_COLOR` is set. `auto` (default): pretty on a terminal, JSON elsewhere.
     */
    format?: "auto" | "json" | "pretty";
    /**
     * The level of the line for each request, with its method, name, outcome and duration (default `debug`). `off` turns it off.
     */
    requests?: "off" | "debug" | "info";
    /**
     * Names of fields whose values are redacted, at any depth and in any case. Values of secret settings, and of fields such as `authorization`, `cookie`, `password` and `token`, are always redacted.
     */
    redact?: string[];
    /**
     * An additional log file with JSON lines, if Node runs the server.
     */
    file?: {
      /**
       * The path of the file, relative to the working directory. Each process needs its own file.
       */
      path: string;
      /**
       * The maximum size in bytes (default 10485760). A full file is renamed to `path.1`.
       */
      maxBytes?: number;
      /**
       * The number of renamed files to keep (default 5).
       */
      maxFiles?: number;
    };
    /**
     * A record for each request: who, what, its outcome and its duration, as a JSON line. Refused requests and credentials have one, too. The level of the log does not matter.
     */
    audit?: {
      /**
       * The file of the records, if Node runs the server. Default: standard error.
       */
      file?: {
        /**
         * The path of the file, relative to the working directory. Each process needs its own file.
         */
        path: string;
        /**
         * The maximum size in bytes (default 10485760). A full file is renamed to `path.1`.
         */
        maxBytes?: number;
        /**
         * The number of renamed files to keep (default 5).
         */
        maxFiles?: number;
      };
      /**
       * Whether records have the arguments of calls, with the redaction of the log (default `false`).
       */
      arguments?: boolean;
    };
  };
  /**
   * Traces and metrics of requests by OpenTelemetry's semantic conventions for MCP, through the package `@opentelemetry/api` of your project and the SDK that you start.
   */
  telemetry?: {
    /**
     * `native`: each request has a span and is measured. `propagate`: no spans; the client's trace context is that of the handler. `off` (default): nothing.
     */
    mode: "off" | "propagate" | "native";
    /**
     * Whether the spans of calls have the arguments, as `gen_ai.tool.call.arguments`, with the redaction of the log (default `false`).
     */
    arguments?: boolean;
    /**
     * Whether the spans of successful calls have the result, as `gen_ai.tool.call.result`, with the redaction of the log (default `false`).
     */
    results?: boolean;
    /**
     * Whether names of spans, and metrics, have the URIs of resources (default `false`). Templates can make them many.
     */
    resourceUris?: boolean;
  };
  /**
   * Metrics for Prometheus, as text: calls by tool, outcome and error, durations, sessions, queues, cache, limits, the process. They name tools, so they need a port of their own or a token.
   */
  metrics?: {
    /**
     * The path of the metrics (default `/metrics`).
     */
    path?: string;
    /**
     * A port of their own, on any transport; 0 is any free one. Of several workers, each one has the next port. Default: the port of http, which needs a `token`.
     */
    port?: number;
    /**
     * The address that their own port listens on (default `127.0.0.1`).
     */
    host?: string;
    /**
     * The environment variable with the token that scrapers send, as `Authorization: Bearer TOKEN`: at least 16 visible ASCII characters.
     */
    token?: {
      /**
       * The name of the variable.
       */
      env: string;
    };
  };
  /**
   * Answers to a platform's probes, beside the MCP endpoint of http: for any `Host`, without credentials, as `{"status": …}` with status 200 or 503. Readiness depends on the checks that the hooks export as `health`.
   */
  health?: {
    /**
     * The path of the liveness probe (default `/healthz`).
     */
    liveness?: string;
    /**
     * The path of the readiness probe (default `/readyz`). It fails before the start, while a check fails, and during the stop.
     */
    readiness?: string;
    /**
     * Time limit of a check in milliseconds (default 1000). At its end the check fails, and its signal is aborted.
     */
    timeoutMs?: number;
    /**
     * Lifetime of the results of checks in milliseconds (default 1000).
     */
    cacheMs?: number;
    /**
     * Whether to add a tool `health_check`, which returns status, time and version (default `false`).
     */
    tool?: boolean;
  };
  /**
   * Limits of requests, concurrency, time and memory.
   */
  limits?: {
    /**
     * The maximum number of entries per page of a list. Default: one page.
     */
    pageSize?: number;
    /**
     * Time limit of handlers in milliseconds, unless a tool has its own. Default: unlimited.
     */
    timeoutMs?: number;
    /**
     * The maximum number of concurrent handlers; others wait for their turn. Default: unlimited.
     */
    concurrency?: number;
    /**
     * The maximum number of waiting calls, of the server and of each tool with `concurrency` (default 100). Further calls are answered as busy.
     */
    maxQueue?: number;
    /**
     * The rate at which one caller may call tools, read resources, get prompts, complete arguments, and open sessions, subscriptions, streams and connections. A caller is a principal, or the network address of an unauthenticated client. Above it: status 429 over HTTP, else an error.
     */
    rate?: {
      /**
       * Requests per minute.
       */
      perMinute: number;
      /**
       * The number of requests at once (default: that of a minute).
       */
      burst?: number;
    };
    /**
     * The maximum size of a request over HTTP, or of a message over WebSocket, in bytes (default 4194304).
     */
    maxBodyBytes?: number;
    /**
     * The maximum number of clients with a session, for each of Streamable HTTP, HTTP+SSE and WebSocket (default 1000).
     */
    maxSessions?: number;
    /**
     * The maximum number of open subscriptions of all clients, and of subscribed resources per session (default 1024).
     */
    maxSubscriptions?: number;
    /**
     * The maximum number of tasks of all clients, including ended ones (default 1000). Ended tasks make room for new ones.
     */
    maxTasks?: number;
    /**
     * Lifetime of a task in milliseconds from its creation (default 3600000).
     */
    taskTtlMs?: number;
    /**
     * The maximum memory in bytes for state that outlives messages (default 67108864): see the guide to operations.
     */
    maxKeptBytes?: number;
    /**
     * The maximum size of a result in bytes (default 8388608). A call with a larger result is answered with an error.
     */
    maxResultBytes?: number;
    /**
     * The maximum number of connections of the built server (default 4000).
     */
    maxConnections?: number;
    /**
     * Time for running calls after SIGTERM in milliseconds (default 10000). New calls are refused, and the remaining ones are cancelled at its end.
     */
    drainMs?: number;
  };
  /**
   * The place of state that replicas of the server share: `memory` (default) for one process, `redis` for several. See [more than one machine](replicas.md).
   */
  store?: {
    /**
     * The memory of the process. Nothing is shared.
     */
    memory?: {};
    /**
     * An existing Redis or Valkey, version 7 or newer: one node, Sentinel or Cluster. It needs the package `redis`.
     */
    redis?: {
      /**
       * The URL, such as `redis://user:password@host:6379/0`; `rediss://` is TLS. Further nodes of a cluster, or further sentinels, follow after commas. A URL with a password belongs in an environment variable.
       */
      url: Sourced;
      /**
       * The beginning of every key (default `mcpc:NAME:` with the server's name). Servers that share a Redis need different ones.
       */
      prefix?: string;
      /**
       * Whether the nodes form a Redis Cluster (default `false`).
       */
      cluster?: boolean;
      /**
       * Redis Sentinel, which names the current master. The URL then has the addresses of the sentinels, and the credentials of the master.
       */
      sentinel?: {
        /**
         * The name of the master in Sentinel, such as `mymaster`.
         */
        name: string;
        /**
         * The user of the sentinels, if they ask for one.
         */
        username?: Sourced;
        /**
         * The password of the sentinels, if they ask for one.
         */
        password?: FromEnvironment;
      };
      /**
       * Time limit of a command and of connecting, in milliseconds (default 2000). After it, Redis counts as away.
       */
      commandTimeoutMs?: number;
    };
  };
  /**
   * The module with `onStart`, `onStop`, `onSession`, `onError`, `enabled`, `authenticate`, `logger` and `health`, relative to this manifest. Default: `hooks.ts` in the source folder, if it exists.
   */
  hooks?: string;
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
   * A description of the value, for models.
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
   * A schema of the members that `properties` and `patternProperties` do not name; `false` forbids them.
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
   * The minimum number of members.
   */
  minProperties?: number;
  /**
   * The maximum number of members.
   */
  maxProperties?: number;
  /**
   * A schema of a list's items; with `prefixItems`, of the items after those. In draft-07 and 2019-09 also a list of schemas, one for each item.
   */
  items?: Schema | Schema[];
  /**
   * Schemas of a list's first items, one for each (2020-12).
   *
   * @minItems 1
   */
  prefixItems?: Schema[];
  /**
   * The minimum number of items.
   */
  minItems?: number;
  /**
   * The maximum number of items.
   */
  maxItems?: number;
  /**
   * Whether all items of a list must differ.
   */
  uniqueItems?: boolean;
  /**
   * A schema that at least one item of a list must match.
   */
  contains?: Schema;
  /**
   * The minimum number of items that match `contains` (default 1).
   */
  minContains?: number;
  /**
   * The maximum number of items that match `contains`.
   */
  maxContains?: number;
  /**
   * The allowed values.
   *
   * @minItems 1
   */
  enum?: unknown[];
  /**
   * The only allowed value.
   */
  const?: unknown;
  /**
   * The minimum number of characters.
   */
  minLength?: number;
  /**
   * The maximum number of characters.
   */
  maxLength?: number;
  /**
   * A regular expression that must match a part of the text; `^` and `$` anchor it.
   */
  pattern?: string;
  /**
   * The format of the text, such as `date-time` or `email`.
   */
  format?: string;
  /**
   * The minimum.
   */
  minimum?: number;
  /**
   * The maximum.
   */
  maximum?: number;
  /**
   * The exclusive minimum.
   */
  exclusiveMinimum?: number;
  /**
   * The exclusive maximum.
   */
  exclusiveMaximum?: number;
  /**
   * A number that must divide the value.
   */
  multipleOf?: number;
  /**
   * The value if none is given.
   */
  default?: unknown;
  /**
   * Example values for people and models.
   */
  examples?: unknown[];
  /**
   * A reference to another schema: `#/$defs/NAME`, or a file relative to this manifest.
   */
  $ref?: string;
  /**
   * Schemas for references, by name.
   */
  $defs?: {
    [k: string]: Schema;
  };
  /**
   * Schemas that must all match the value.
   *
   * @minItems 1
   */
  allOf?: Schema[];
  /**
   * Schemas of which at least one must match the value.
   *
   * @minItems 1
   */
  anyOf?: Schema[];
  /**
   * Schemas of which exactly one must match the value.
   *
   * @minItems 1
   */
  oneOf?: Schema[];
  /**
   * A schema that must not match the value.
   */
  not?: Schema;
  /**
   * A condition: values that match it must match `then`, others `else`.
   */
  if?: Schema;
  /**
   * The schema of values that match `if`.
   */
  then?: Schema;
  /**
   * The schema of values that do not match `if`.
   */
  else?: Schema;
  /**
   * Members that are required if another member is present, by the name of that member.
   */
  dependentRequired?: {
    [k: string]: string[];
  };
  /**
   * Schemas that must match the object if a member is present, by the name of that member.
   */
  dependentSchemas?: {
    [k: string]: Schema;
  };
  /**
   * Required members, or a schema, if a member is present, by the name of that member (draft-07).
   */
  dependencies?: {
    [k: string]: Schema | string[];
  };
  /**
   * A schema of the members that no other keyword describes; `false` forbids them.
   */
  unevaluatedProperties?: Schema;
  /**
   * A schema of the items that no other keyword describes; `false` forbids them.
   */
  unevaluatedItems?: Schema;
  /**
   * A schema of the items after those that a list of `items` describes (draft-07, 2019-09).
   */
  additionalItems?: Schema;
  /**
   * The encoding of bytes as text, such as `base64`.
   */
  contentEncoding?: string;
  /**
   * The media type of the text's content.
   */
  contentMediaType?: string;
  /**
   * A schema of the text's content.
   */
  contentSchema?: Schema;
  /**
   * Whether the value is deprecated.
   */
  deprecated?: boolean;
  /**
   * Whether the value can only be read.
   */
  readOnly?: boolean;
  /**
   * Whether the value can only be written.
   */
  writeOnly?: boolean;
  /**
   * The dialect of this schema (default 2020-12).
   */
  $schema?: string;
  /**
   * The URI of this schema, for references.
   */
  $id?: string;
  /**
   * A name for references within this schema: `#NAME`.
   */
  $anchor?: string;
  /**
   * A reference to the outermost schema with a dynamic anchor.
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
   * A comment for readers of this schema.
   */
  $comment?: string;
  /**
   * Schemas for references, by name; the older form of `$defs`.
   */
  definitions?: {
    [k: string]: Schema;
  };
  /**

 */
  [k: string]: unknown;
}
/**
 * Options of the build.
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
   * Whether defaults of a tool's arguments are filled in before its handler runs (default `true`).
   */
  defaults?: boolean;
  /**
   * Packages that are not bundled and must be installed on the target machine: those with native code, and those that read files beside their code. `dist/package.json` lists the versions that are installed at the build: run `npm install --omit=dev` in `dist/`.
   */
  external?: string[];
  /**
   * Client profiles for which the build also makes a looser form of the schemas. Whoever starts the server chooses one with `--profile`, `MCPC_PROFILE`, or a path below the endpoint. See [projections](projections.md).
   */
  projections?: (
    | "portable"
    | "openai"
    | "openai-strict"
    | "anthropic"
    | "anthropic-strict"
    | "gemini"
    | "vscode"
    | "cursor"
    | "claude-code"
    | "moonshot"
  )[];
  /**
   * Which clients and providers the server is meant for. Without it: the profile `portable`, with warnings alone; with it, each rule has its own severity.
   */
  lint?: {
    /**
     * Names of profiles, which are sets of rules; an empty list turns off all rules but those in `rules`.
     */
    profiles: (
      | "portable"
      | "spec-2026-07-28"
      | "spec-2025-11-25"
      | "openai"
      | "openai-strict"
      | "anthropic"
      | "anthropic-strict"
      | "gemini"
      | "bedrock"
      | "vscode"
      | "cursor"
      | "claude-code"
      | "claude-directory"
      | "chatgpt-directory"
      | "moonshot"
    )[];
  };
  /**
   * Severities of lint rules and of warnings, by their codes. A rule of no chosen profile is on where it has a severity here.
   */
  rules?: {
    /**
     * The severity of the rule; `off` silences it.
     */
    [k: string]: "error" | "warning" | "off";
  };
  /**
   * Entries that need not meet a rule for now.
   */
  waivers?: {
    /**
     * The code of the lint rule.
     */
    rule: string;
    /**
     * The entry: `tools/NAME`, `prompts/NAME`, `resources/URI` or `resourceTemplates/URI`.
     */
    entry: string;
    /**
     * A JSON Pointer into the entry as clients see it: only findings there or below are waived.
     */
    at?: string;
    /**
     * Why the entry may break the rule.
     */
    reason: string;
    /**
     * The last day of the waiver, such as `2027-03-01`. From the next day on it is an error.
     */
    until: string;
  }[];
  /**
   * What users ask, and the tool that should be chosen for it. The check compares words, without a model.
   */
  confusions?: {
    /**
     * The request in the user's own words.
     */
    ask: string;
    /**
     * The name of the tool that should be chosen.
     */
    expect: string;
    /**
     * Names of tools that must not be chosen, and have a clearly lower score.
     */
    not?: string[];
  }[];
  /**
   * Limits of what the surface may cost. A build that exceeds one is an error.
   */
  budgets?: {
    /**
     * Limits in tokens of the tokenizer o200k_base.
     */
    tokens?: {
      /**
       * The limit of what models see in every conversation: the instructions and all tools.
       */
      total?: number;
      /**
       * The limit of each tool: its name, description and input schema.
       */
      perTool?: number;
      /**
       * The default of `maxResultTokens` of all tools. It concerns the running server, not the build.
       */
      result?: number;
    };
  };
}
