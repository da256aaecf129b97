import type { Server } from "../model/server.js";

/** `mcpc.lock.json`: the surface as it is listed, in readable lines, so that its changes show in version control. */
export function lockFile(server: Server): string {
  const lock = {
    lockVersion: 1,
    server: server.info,
    ...(server.instructions !== undefined && { instructions: server.instructions }),
    tools: server.tools.map(({ listing, scopes, errors }) => ({
      ...listing,
      ...needed(scopes),
      ...(errors.length > 0 && { errors: Object.fromEntries(errors.map(({ code, message }) => [code, message])) }),
    })),
    resources: server.resources.map(({ listing, scopes }) => ({ ...listing, ...needed(scopes) })),
    resourceTemplates: server.resourceTemplates.map(({ listing, scopes }) => ({ ...listing, ...needed(scopes) })),
    prompts: server.prompts.map(({ listing, scopes }) => ({ ...listing, ...needed(scopes) })),
  };
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** To whom it is listed. */
function needed(scopes: readonly string[]): { readonly scopes?: readonly string[] } {
  return scopes.length > 0 ? { scopes } : {};
}
