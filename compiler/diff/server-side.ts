import { processConnection } from "../host-node/mcp-process.js";
import { converse, listsOf, type Conversation } from "./client.js";
import { httpConnection } from "./http-connection.js";
import { surfaceOf } from "./lists-side.js";
import type { Side, SideOptions } from "./surface.js";

/** Whether a side is a running server: a command or a URL. */
export function isServer(named: string): boolean {
  return /^(?:stdio:|https?:\/\/)/.test(named);
}

/** Opens a conversation with a running server, started by a command or reached at a URL. */
export function converseWith<T>(
  named: string,
  { cwd, env, headers, capabilities, timeoutMs, stderr }: SideOptions,
  action: (conversation: Conversation) => Promise<T>,
): Promise<T> {
  return converse(
    (onMessage) =>
      named.startsWith("stdio:")
        ? processConnection(named.slice("stdio:".length), cwd, env, onMessage, stderr)
        : httpConnection(named, headers, onMessage),
    action,
    { capabilities, timeoutMs, onWaiting: (sentence) => stderr(`${sentence}\n`) },
  );
}

/** Returns the side of a running server. The side has no files. */
export async function serverSide(conversation: Conversation, onOmitted?: SideOptions["onOmitted"]): Promise<Side> {
  const { info, instructions, revision, capabilities } = conversation;
  const surface = surfaceOf(await listsOf(conversation), info, instructions, onOmitted);
  return {
    surface: { ...surface, capabilities, ...(revision && { revision }) },
    prefix: "",
    textOf: () => undefined,
    spanOf: () => undefined,
  };
}
