import type {} from "../parts.js";
import type { Answer, Call, Revision, View } from "../exchange.js";
import { invalidParams, sealOnce } from "../results.js";
import { hasTasks, tasksExtension } from "../tasks.js";
import type { Surface } from "../surface.js";
import { loggingLevels, type Implementation, type JsonObject, type LoggingLevel } from "../types.js";

/** `ping` */
export const ping = (): Answer => "{}";

/** `logging/setLevel` */
export function setLevel(call: Call): Answer {
  const { level } = call.params;
  if (!isLoggingLevel(level)) return invalidParams(`"level" must be one of ${loggingLevels.join(", ")}`);
  call.peer.logLevel = level;
  if (!globalThis.mcpcWithoutStore) call.publishing = call.peer.save?.({ type: "logLevel", level });
  return "{}";
}

/** Answers `server/discover` with the supported `versions` and the capabilities. */
export const discover =
  (versions: readonly string[]) =>
  (call: Call): Answer => {
    const { surface } = call.peer.view.server;
    return sealOnce(
      call.peer.view,
      "server/discover",
      () => {
        const { instructions } = surface;
        const declared = { ...capabilities(surface, call.peer.view.revision), ...extensions(surface) };
        return (
          `"supportedVersions":${JSON.stringify(versions)},"capabilities":${JSON.stringify(declared)}` +
          (instructions === undefined ? "" : `,"instructions":${JSON.stringify(instructions)}`)
        );
      },
      call.peer.view.payloads,
      surface.listed,
    );
  };

/** Formats the result of `initialize`. */
export function initializeResult({ server, frame, closing, revision }: View): string {
  const { surface } = server;
  const { instructions } = surface;
  return (
    `${frame.opening}"protocolVersion":"${revision.version}","capabilities":${JSON.stringify(capabilities(surface, revision))},` +
    `"serverInfo":${JSON.stringify(revision.implementation(surface.server as JsonObject & Implementation))}` +
    (instructions === undefined ? "" : `,"instructions":${JSON.stringify(instructions)}`) +
    closing
  );
}

function extensions(surface: Surface): JsonObject {
  return !globalThis.mcpcWithoutTasks && hasTasks(surface) ? { extensions: { [tasksExtension]: {} } } : {};
}

export function isLoggingLevel(value: unknown): value is LoggingLevel {
  return (loggingLevels as readonly unknown[]).includes(value);
}

export const hasTools = (surface: Surface): boolean => surface.tools.length > 0;
export const hasResources = (surface: Surface): boolean =>
  !globalThis.mcpcWithoutResources && (surface.resources.length > 0 || surface.resourceTemplates.length > 0);
export const hasPrompts = (surface: Surface): boolean => !globalThis.mcpcWithoutPrompts && surface.prompts.length > 0;

export const hasCompletions = ({ prompts, resourceTemplates }: Surface): boolean =>
  !globalThis.mcpcWithoutCompletion &&
  (prompts.some((prompt) =>
    prompt.arguments.some((argument) => argument.completed === true || argument.enum !== undefined),
  ) ||
    resourceTemplates.some(({ completed }) => completed !== undefined));
export const subscribable = (surface: Surface): boolean =>
  !globalThis.mcpcWithoutResources && surface.resources.some(({ subscribe }) => subscribe === true);

/** Returns the capabilities of the server. The methods of an undeclared capability are unknown. */
function capabilities(surface: Surface, { completions }: Revision): JsonObject {
  return {
    logging: {},
    ...(completions && hasCompletions(surface) ? { completions: {} } : undefined),
    ...(hasTools(surface) ? { tools: { listChanged: true } } : undefined),
    ...(hasResources(surface)
      ? { resources: { ...(subscribable(surface) && { subscribe: true }), listChanged: true } }
      : undefined),
    ...(hasPrompts(surface) ? { prompts: { listChanged: true } } : undefined),
  };
}
