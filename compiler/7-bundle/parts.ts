import { legacyVersions, olderEntry, olderImplementation } from "@mcpc/runtime/codegen/v1/older-forms";
import type { Server } from "../model/server.js";

/** Features that code may use although the manifest does not declare them. */
export interface Uses {
  /** Some code may send requests to the client. */
  readonly asks: boolean;
  /** Some code may hide entries. */
  readonly hides: boolean;
  /** Some code may store data in a session. */
  readonly keeps: boolean;
  /** Some code may pass the trace of a call on. */
  readonly traces: boolean;
}

/** Returns the constants that the bundle defines for the runtime (`runtime/protocol/parts.ts`). */
export function unusedParts(
  server: Server,
  { asks, keeps, hides, traces }: Uses,
  split: boolean,
): Record<string, string> {
  const { tools, resources, resourceTemplates, prompts, runtime, transports } = server;
  const completes = [...prompts, ...resourceTemplates].some(({ completions }) => completions.length > 0);
  const chooses = prompts.some((prompt) => prompt.arguments.some((argument) => argument.enum !== undefined));
  const { hooks, config, auth, cache, logging, telemetry, metrics, store } = runtime;
  const used = {
    Prompts: prompts.length > 0,
    Resources: resources.length + resourceTemplates.length > 0,
    Lists: resourceTemplates.some(({ list }) => list !== undefined),
    Completion: completes || chooses,
    Stdio: transports.stdio,
    Http: transports.http !== undefined,
    Tasks: tools.some(({ task }) => task !== undefined),
    ListingFiles: split,
    Projections: server.projections.length > 0,
    // Newer revisions only add fields, so every revision has those of the oldest.
    OlderEntries: !split && sameEntriesSince(server) !== oldest,
    OlderServer: olderImplementation(oldest, server.info as Info) !== server.info,
    Errors: tools.some(({ errors }) => errors.length > 0),
    Timeouts: [server, ...tools].some(({ timeoutMs }) => timeoutMs !== undefined),
    Defaults: tools.some(({ filling }) => filling !== undefined),
    Outputs: tools.some(({ output }) => output !== undefined),
    Texts: tools.some(({ text }) => text !== undefined),
    ResultTokens: tools.some(({ maxResultTokens }) => maxResultTokens !== undefined),
    Upstreams: server.upstreams.length > 0,
    Asking:
      asks || server.upstreams.length > 0 || [...tools, ...prompts].some(({ elicitations }) => elicitations.length > 0),
    Sessions: keeps,
    Enabled: hooks !== undefined && hides,
    Observers: (logging ?? telemetry ?? metrics) !== undefined,
    Metrics: metrics !== undefined,
    Telemetry: telemetry !== undefined,
    TraceHeaders: telemetry !== undefined || traces,
    Cache: cache !== undefined,
    Auth: auth !== undefined,
    Application:
      (hooks ?? config ?? auth ?? store) !== undefined || server.upstreams.length > 0 || transports.fromEnvironment,
    Store: store !== undefined,
    External: server.external.length > 0,
    Replacing: false,
  };
  return {
    ...Object.fromEntries(Object.entries(used).map(([part, is]) => [`globalThis.mcpcWithout${part}`, String(!is)])),
    "globalThis.mcpcSameEntriesSince": JSON.stringify(sameEntriesSince(server) ?? "none"),
  };
}

/** Whether code may send requests to the client without a declaration: it has to name one of these context members. */
export function namesAsking(code: string): boolean {
  return /\b(?:sample|roots|step)\b/.test(code);
}

/** Whether code may define or export the hook that hides entries. */
export function namesEnabled(code: string): boolean {
  return /\benabled\b|\bexport\s*\*/.test(code);
}

/** Whether code may read the headers of a trace from the context. */
export function namesTraceHeaders(code: string): boolean {
  return /\btraceHeaders\b/.test(code);
}

/** Whether code may read the session from the context. */
export function namesSession(code: string): boolean {
  return /\bsession\b/.test(code);
}

const [oldest] = legacyVersions;
type Info = Parameters<typeof olderImplementation>[1];

/** Returns the first revision that receives every entry in its newest form; none if the last one does not. */
function sameEntriesSince({ tools, resources, resourceTemplates, prompts, projections }: Server): string | undefined {
  const entries = [
    ...tools.map(({ listing, wraps }) => ["tool", listing, wraps] as const),
    ...projections.flatMap((projection) =>
      projection.tools.map(({ name, listing }) => {
        const wraps = tools.find((tool) => tool.name === name)?.wraps;
        return ["tool", listing, wraps] as const;
      }),
    ),
    ...resources.map(({ listing }) => ["resource", listing, false] as const),
    ...resourceTemplates.map(({ listing }) => ["resourceTemplate", listing, false] as const),
    ...prompts.map(({ listing }) => ["prompt", listing, false] as const),
  ];
  return legacyVersions.find((version) =>
    entries.every(([kind, listing, wraps]) => olderEntry(version, kind, listing, wraps) === listing),
  );
}
