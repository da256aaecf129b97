import { processConnection } from "../host-node/mcp-process.js";
import { list } from "./client.js";
import { httpConnection } from "./http-connection.js";
import { surfaceOf } from "./lists-side.js";
import type { Side, SideOptions } from "./surface.js";

/** Returns the side of a running server, started by a command or reached at a URL. The side has no files. */
export async function serverSide(named: string, { cwd, env, headers, stderr }: SideOptions): Promise<Side> {
  const { lists, server, instructions } = await list((onMessage) =>
    named.startsWith("stdio:")
      ? processConnection(named.slice("stdio:".length), cwd, env, onMessage, stderr)
      : httpConnection(named, headers, onMessage),
  );
  return {
    surface: surfaceOf(lists, server, instructions, false),
    prefix: "",
    textOf: () => undefined,
    spanOf: () => undefined,
  };
}
