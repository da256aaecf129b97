import type { Authentication } from "../../protocol/auth.js";
import type { Server } from "../../protocol/exchange.js";
import { pathOf, type DeclaredHttp, type Endpoint, type HttpOptions } from "./endpoint.js";
import { createLegacySse } from "./legacy-sse.js";
import { createEndpoint } from "./streamable.js";
import { createToolEvents } from "./tool-events.js";

/** The endpoints by path; the MCP endpoint also by name. */
export interface Routes {
  readonly mcp: Endpoint;
  /** Returns the endpoint at a `path` in the form of `pathOf`. */
  at(path: string): Endpoint | undefined;
}

export function createRoutes(server: Server, options: HttpOptions): Routes {
  const mcp = createEndpoint(server, options);
  const path = pathOf(options.path);
  const fixed = new Map([[path, mcp]]);
  if (options.sse !== undefined) {
    const { stream, messages } = createLegacySse(server, options.sse, options.maxSessions);
    fixed.set(pathOf(options.sse.path), stream).set(pathOf(options.sse.messagesPath), messages);
  }
  const toolEvents = options.toolEvents === true ? createToolEvents(server, options.maxSessions) : undefined;
  const tools = path === "/" ? "/tools/" : `${path}/tools/`;
  const metadata = server.auth && protectedResource(server.auth);
  return {
    mcp,
    at(path) {
      const found = fixed.get(path) ?? metadata?.(path);
      if (found !== undefined || toolEvents === undefined || !path.startsWith(tools)) return found;
      const name = /^([^/]+)\/sse$/.exec(path.slice(tools.length))?.[1];
      return name === undefined ? undefined : toolEvents(decode(name));
    },
  };
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
