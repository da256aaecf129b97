import type { DeclaredError, Server, Tool } from "../model/server.js";
import type { JsonObject } from "../model/source.js";

/** `mcpc.lock.json`: the surface as it is listed, in readable lines, so that its changes show in version control. */
export function lockFile(server: Server): string {
  const lock = {
    lockVersion: 1,
    server: server.info,
    ...(server.instructions !== undefined && { instructions: server.instructions }),
    tools: server.tools.map(locked),
    resources: server.resources.map(locked),
    resourceTemplates: server.resourceTemplates.map(locked),
    prompts: server.prompts.map(locked),
  };
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** What the lock file says of one tool. */
export function lockPiece(tool: Tool): string {
  return JSON.stringify(locked(tool), null, 2).replaceAll("\n", "\n    ");
}

interface Entry {
  readonly listing: JsonObject;
  /** To whom it is listed. */
  readonly scopes: readonly string[];
  readonly errors?: readonly DeclaredError[];
}

function locked({ listing, scopes, errors = [] }: Entry): JsonObject {
  if (scopes.length === 0 && errors.length === 0) return listing;
  return {
    ...listing,
    ...(scopes.length > 0 && { scopes }),
    ...(errors.length > 0 && { errors: Object.fromEntries(errors.map(({ code, message }) => [code, message])) }),
  };
}
