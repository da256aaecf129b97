import type { Costs } from "../model/costs.js";
import type { DeclaredError, Server, Tool } from "../model/server.js";
import type { Projection } from "../model/projection.js";
import { digest } from "../generated-header.js";
import type { Json, JsonObject } from "../model/source.js";
import { wrapOutputSchema } from "@mcpc/runtime/codegen/v1/older-forms";
import { accessByScope } from "./access.js";

/** Prints `mcpc.lock.json`: the listed surface in readable lines, so that version control shows its changes. */
export function lockFile(server: Server, costs: Costs): string {
  const { info, versionFile } = server;
  const access = accessByScope(server);
  const tokens = new Map(costs.entries.map((cost) => [cost.entry, cost.tokens]));
  const locked = (id: string, entry: Entry): JsonObject => lockedEntry(entry, tokens.get(id)!);
  const lock = {
    lockVersion: 1,
    // A new version in another file does not change the surface.
    server: versionFile === undefined ? info : { ...info, version: { file: versionFile } },
    ...(server.instructions !== undefined && { instructions: server.instructions }),
    ...(access && { access }),
    tokens: costs.total,
    tools: server.tools.map((tool) => locked(`tools/${tool.name}`, tool)),
    resources: server.resources.map((resource) => locked(`resources/${resource.uri}`, resource)),
    resourceTemplates: server.resourceTemplates.map((template) =>
      locked(`resourceTemplates/${template.uriTemplate}`, template),
    ),
    prompts: server.prompts.map((prompt) => locked(`prompts/${prompt.name}`, prompt)),
    ...(server.projections.length > 0 && { projections: Object.fromEntries(server.projections.map(lockedProjection)) }),
  };
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** Returns what a projection loses, and a hash of what it lists, by tool. */
function lockedProjection({ profile, tools }: Projection): readonly [string, JsonObject] {
  const entries = tools.map(({ name, listing, losses }) => [
    name,
    { listing: digest(JSON.stringify(listing)), losses: losses.map(({ at, rule }) => `${at}: ${rule}`) },
  ]);
  return [profile, Object.fromEntries(entries) as JsonObject];
}

interface Entry {
  readonly listing: JsonObject;
  /** The scopes that a caller needs to see the entry. */
  readonly scopes: readonly string[];
  readonly errors?: readonly DeclaredError[];
  readonly wraps?: boolean;
  readonly text?: Tool["text"];
}

function lockedEntry({ listing, scopes, errors = [], wraps = false, text }: Entry, tokens: number): JsonObject {
  return {
    ...listing,
    // The listings of older revisions follow from the newest, except for this schema.
    ...(wraps && { olderOutputSchema: wrapOutputSchema(listing["outputSchema"]!) as Json }),
    ...(scopes.length > 0 && { scopes }),
    ...(errors.length > 0 && { errors: Object.fromEntries(errors.map(({ code, message }) => [code, message])) }),
    ...(text !== undefined && { text: typeof text === "string" ? text : { ...text } }),
    tokens,
  };
}
