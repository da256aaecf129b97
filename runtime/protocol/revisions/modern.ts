import type {} from "../parts.js";
import { errorCodes, McpError } from "../errors.js";
import type { Method, Peer, Revision, Server } from "../exchange.js";
import { isObject } from "../json-rpc.js";
import { listPrompts, listResources, listResourceTemplates, listTools } from "../methods/listings.js";
import { getPrompt } from "../methods/prompts.js";
import { readResource } from "../methods/resources.js";
import { discover, hasPrompts, hasResources, hasTools, isLoggingLevel } from "../methods/session.js";
import { listen } from "../methods/subscriptions.js";
import { completion } from "../methods/completion.js";
import { callTool } from "../methods/tools.js";
import { resumable } from "../rounds.js";
import { invalidParams } from "../results.js";
import type { Surface } from "../surface.js";
import { loggingLevels, type Implementation, type JsonObject } from "../types.js";
import { taskMethods } from "../tasks.js";
import { viewOf } from "../view.js";

/** Members of `_meta` that make a request self-contained (2026-07-28, basic: request metadata). */
export const claims = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  logLevel: "io.modelcontextprotocol/logLevel",
  serverInfo: "io.modelcontextprotocol/serverInfo",
} as const;

/** The revisions without a handshake, newest first. */
export const modernVersions: readonly string[] = ["2026-07-28"];

const badRequest: readonly number[] = [
  errorCodes.parseError,
  errorCodes.invalidRequest,
  errorCodes.headerMismatch,
  errorCodes.missingRequiredClientCapability,
  errorCodes.unsupportedProtocolVersion,
];

export const modernRevisions: ReadonlyMap<string, Revision> = new Map(
  modernVersions.map((version) => [version, modernRevision(version)]),
);

function modernRevision(version: string): Revision {
  return {
    version,
    era: "modern",
    methods,
    frame: ({ server }) => ({
      opening: '{"resultType":"complete",',
      hints: (ttlMs, scope) => `,"ttlMs":${ttlMs},"cacheScope":"${scope}"`,
      meta: `"${claims.serverInfo}":${JSON.stringify(server)}`,
    }),
    entry: (_kind, listing) => listing,
    implementation: (info) => info,
    structuredContent: "any",
    progressMessages: true,
    completions: true,
    elicitation: ["form", "url"],
    sampling: "parts",
    batches: false,
    disconnectCancels: true,
    errorCode: (code) => (code === errorCodes.resourceNotFound ? errorCodes.invalidParams : code),
    httpStatus: (code) => (code === errorCodes.methodNotFound ? 404 : badRequest.includes(code) ? 400 : 200),
  };
}

function methods(surface: Surface): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    ["server/discover", discover(modernVersions)],
    ["subscriptions/listen", listen],
    ...completion(surface),
    ...taskMethods(surface),
    ...(hasTools(surface)
      ? ([
          ["tools/list", listTools],
          ["tools/call", resumable(callTool)],
        ] as const)
      : []),
    ...(!globalThis.mcpcWithoutResources && hasResources(surface)
      ? ([
          ["resources/list", listResources],
          ["resources/templates/list", listResourceTemplates],
          ["resources/read", resumable(readResource)],
        ] as const)
      : []),
    ...(!globalThis.mcpcWithoutPrompts && hasPrompts(surface)
      ? ([
          ["prompts/list", listPrompts],
          ["prompts/get", resumable(getPrompt)],
        ] as const)
      : []),
  ]);
}

/** Returns whether a request claims to use a revision without a handshake, correctly or not. */
export function hasClaim(params: unknown): boolean {
  const meta = isObject(params) ? params["_meta"] : undefined;
  return isObject(meta) && (meta[claims.protocolVersion] ?? undefined) !== undefined;
}

/** Returns the client that a request describes, or the first error in the order: envelope, version. */
export function modernPeer(server: Server, params: unknown): Peer | McpError {
  const meta = isObject(params) ? params["_meta"] : undefined;
  if (!isObject(meta)) return invalidParams('"params._meta" is required and must be an object');
  const version = meta[claims.protocolVersion];
  if (typeof version !== "string") return missing(claims.protocolVersion, "a string");
  const capabilities = meta[claims.clientCapabilities];
  if (!isObject(capabilities)) return missing(claims.clientCapabilities, "an object");
  const level = meta[claims.logLevel] ?? undefined;
  if (level !== undefined && !isLoggingLevel(level))
    return missing(claims.logLevel, `one of ${loggingLevels.join(", ")}`);
  const revision = modernRevisions.get(version);
  if (revision === undefined) return unsupportedVersion(version);
  const info = meta[claims.clientInfo];
  const view = viewOf(server, revision);
  if (!isObject(info)) return { view, capabilities, protocolVersion: version, logLevel: level };
  return {
    view,
    capabilities,
    protocolVersion: version,
    logLevel: level,
    info: info as JsonObject & Implementation,
  };
}

export function unsupportedVersion(requested: string): McpError {
  const data = { supported: modernVersions, requested };
  const message = `unsupported protocol version ${JSON.stringify(requested.slice(0, 40))}; supported: ${modernVersions.join(", ")}`;
  return new McpError(errorCodes.unsupportedProtocolVersion, message, data);
}

function missing(key: string, expected: string): McpError {
  return invalidParams(`"params._meta" must have "${key}", ${expected}`);
}
