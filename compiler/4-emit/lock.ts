import type { Server } from "../model/server.js";

/** `mcpc.lock.json`: the surface as it is listed, in readable lines, so that its changes show in version control. */
export function lockFile(server: Server): string {
  const lock = {
    lockVersion: 1,
    server: server.info,
    ...(server.instructions !== undefined && { instructions: server.instructions }),
    tools: server.tools.map(({ listing, errors }) => ({
      ...listing,
      ...(errors.length > 0 && { errors: Object.fromEntries(errors.map(({ code, message }) => [code, message])) }),
    })),
    resources: server.resources.map(({ listing }) => listing),
    resourceTemplates: server.resourceTemplates.map(({ listing }) => listing),
    prompts: server.prompts.map(({ listing }) => listing),
  };
  return `${JSON.stringify(lock, null, 2)}\n`;
}
