import type {} from "../../protocol/parts.js";
import type { Authentication } from "../../protocol/auth.js";
import type { Server } from "../../protocol/exchange.js";
import { pathOf, type DeclaredHttp, type Endpoint, type HttpOptions, type Refusal } from "./endpoint.js";
import { createLegacySse } from "./legacy-sse.js";
import { createProfiledEndpoints, pathBelow } from "./profiles.js";
import { createEndpoint } from "./streamable.js";
import { createToolEvents } from "./tool-events.js";

/** The endpoints by path; the MCP endpoint also by name. */
export interface Routes {
  readonly mcp: Endpoint;
  /** Returns the endpoint at a `path` in the form of `pathOf`. */
  at(path: string): Endpoint | undefined;
  /** Returns the endpoint at a path below the MCP endpoint: that of a profile. */
  below(path: string): Endpoint | undefined;
  /** Whether a path is below the MCP endpoint of a server with profiles. */
  isBelow(path: string): boolean;
  /** Says where the endpoints are. */
  readonly nothingHere: Refusal;
}

export function createRoutes(server: Server, options: HttpOptions): Routes {
  const path = pathOf(options.path);
  const fixed = createFixed(server, options);
  const mcp = fixed.get(path)!;
  const profiled = globalThis.mcpcWithoutProjections
    ? undefined
    : createProfiledEndpoints(server, (projected, suffix) => createFixed(projected, options, suffix));
  const toolEvents = options.toolEvents === true ? createToolEvents(server, options.maxSessions) : undefined;
  const tools = path === "/" ? "/tools/" : `${path}/tools/`;
  const metadata = server.auth && protectedResource(server.auth);
  return {
    mcp,
    at(path) {
      const found = fixed.get(path) ?? metadata?.(path) ?? profiled?.(path);
      if (found !== undefined || toolEvents === undefined || !path.startsWith(tools)) return found;
      const name = /^([^/]+)\/sse$/.exec(path.slice(tools.length))?.[1];
      return name === undefined ? undefined : toolEvents(decode(name));
    },
    below: (below) => (globalThis.mcpcWithoutProjections ? undefined : profiled!(pathBelow(path, below))),
    isBelow: (other) =>
      !globalThis.mcpcWithoutProjections &&
      server.surface.profiles !== undefined &&
      path !== "/" &&
      other.startsWith(`${path}/`),
    get nothingHere() {
      const { profiles } = server.surface;
      const more = profiles === undefined ? "" : `; below it are the profiles ${profiles.join(", ")}`;
      return { status: 404, message: `nothing here; the MCP endpoint is ${options.path}${more}` };
    },
  };
}

/** Creates the endpoints at paths that are known from the start, each with a suffix. */
function createFixed(server: Server, options: HttpOptions, suffix = ""): Map<string, Endpoint> {
  const at = (path: string): string =>
    globalThis.mcpcWithoutProjections || suffix === "" ? pathOf(path) : pathBelow(pathOf(path), suffix);
  const fixed = new Map([[at(options.path), createEndpoint(server, options)]]);
  if (options.sse === undefined) return fixed;
  const sse = { path: at(options.sse.path), messagesPath: at(options.sse.messagesPath) };
  const { stream, messages } = createLegacySse(server, sse, options.maxSessions);
  return fixed.set(sse.path, stream).set(sse.messagesPath, messages);
}

/**
 * Returns the options for an endpoint at another path. Neighbours of the manifest's path move along: `/sse` beside
 * `/mcp` becomes `/api/sse` beside `/api/tools`. A path from the environment counts as one at the root.
 */
export function relocate(options: DeclaredHttp, path: string): DeclaredHttp {
  if (!path.startsWith("/")) throw new TypeError(`the path ${JSON.stringify(path)} must begin with "/"`);
  const { sse, websocket } = options;
  const [from, to] = [typeof options.path === "string" ? folderOf(options.path) : "", folderOf(path)];
  const moved = (other: string): string => to + (other.startsWith(`${from}/`) ? other.slice(from.length) : other);
  return {
    ...options,
    path,
    ...(sse && { sse: { path: moved(sse.path), messagesPath: moved(sse.messagesPath) } }),
    ...(websocket && { websocket: { path: moved(websocket.path) } }),
  };
}

function folderOf(path: string): string {
  return path.slice(0, pathOf(path).lastIndexOf("/"));
}

/** Returns the endpoint of the protected-resource metadata (RFC 9728), which any caller and page may read. */
function protectedResource(auth: Authentication): (path: string) => Endpoint | undefined {
  return (path) => {
    // Routes of a mounted server may exist before its settings.
    const body = auth.metadata.get(path);
    if (body === undefined) return undefined;
    const open: Endpoint["open"] = ({ method }, reply) =>
      (method === "GET" || method === "HEAD"
        ? reply.send(200, body)
        : reply.send(405, undefined, { allow: "GET, HEAD" })) as undefined;
    return {
      access: "open",
      open,
      post: (request, _body, reply) => open(request, reply),
      postParsed: (request, _body, reply) => open(request, reply),
    };
  };
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
