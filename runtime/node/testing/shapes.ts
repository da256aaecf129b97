import { isObject } from "../../protocol/json-rpc.js";
import type { RequestMessage, ResponseMessage } from "../../protocol/json-rpc.js";
import { claims, modernVersions } from "../../protocol/revisions/modern.js";
import type { Json, JsonObject } from "../../protocol/types.js";
import type { ToolShape } from "../../testing/wire.js";

/** The shape of a remote server's tool. */
export interface RemoteTool extends ToolShape {
  /** Arguments that headers repeat: the header's name, and the path to the argument. */
  readonly headers: readonly { readonly header: string; readonly path: readonly string[] }[];
}

export type RemoteTools = ReadonlyMap<string, RemoteTool>;

export const unknownTool: RemoteTool = { structured: false, wraps: false, headers: [] };

/** Lists the tools in the newest revision, which returns schemas as the manifest has them. */
export async function remoteTools(
  request: (message: RequestMessage) => Promise<ResponseMessage>,
): Promise<RemoteTools> {
  const tools = new Map<string, RemoteTool>();
  const _meta = { [claims.protocolVersion]: modernVersions[0]!, [claims.clientCapabilities]: {} };
  for (let cursor: JsonObject | undefined = {}, page = 1; cursor !== undefined; page++) {
    const message = { jsonrpc: "2.0", id: `tools-${page}`, method: "tools/list", params: { ...cursor, _meta } };
    const { result } = await request(message);
    if (!isObject(result)) break;
    for (const tool of result["tools"] as unknown as readonly JsonObject[])
      tools.set(String(tool["name"]), shapeOf(tool));
    cursor = result["nextCursor"] === undefined ? undefined : { cursor: result["nextCursor"] };
  }
  return tools;
}

function shapeOf({ inputSchema, outputSchema }: JsonObject): RemoteTool {
  // Only the server knows whether a reference leads to objects; the client decides by the result.
  const isPlain = isObject(outputSchema) && outputSchema["type"] === "object" && outputSchema["$ref"] === undefined;
  const wraps = outputSchema !== undefined && !isPlain;
  return { structured: outputSchema !== undefined, wraps, headers: headersOf(inputSchema, []) };
}

function headersOf(schema: Json | undefined, path: readonly string[]): RemoteTool["headers"] {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  return Object.entries(isObject(properties) ? properties : {}).flatMap(([name, property]) => {
    const here = [...path, name];
    const header = isObject(property) ? property["x-mcp-header"] : undefined;
    return [...(typeof header === "string" ? [{ header, path: here }] : []), ...headersOf(property, here)];
  });
}
