import type { Costs } from "../model/costs.js";
import type { Auth, Elicitation, Prompt, Server, Tool, Transports, Value } from "../model/server.js";
import type { Projection } from "../model/projection.js";
import { digest } from "../generated-header.js";
import type { Json, JsonObject } from "../model/source.js";
import { wrapOutputSchema } from "@mcpc/runtime/codegen/v1/older-forms";
import { accessByScope } from "./access.js";

/** The transports of a server whose manifest names none. */
export const defaultTransports: JsonObject = { stdio: true, http: "/mcp" };

/** Prints `mcpc.lock.json`: the surface in readable lines, so that version control shows its changes. */
export function lockFile(server: Server, costs: Costs): string {
  return `${JSON.stringify(lockOf(server, costs), null, 2)}\n`;
}

/** Returns the content of the lock file: the listings, and what clients rely on beside them. */
export function lockOf(server: Server, costs: Costs): JsonObject {
  const { info, versionFile } = server;
  const access = accessByScope(server);
  const transports = lockedTransports(server.transports);
  const methods = authMethods(server.runtime.auth);
  const tokens = new Map(costs.entries.map((cost) => [cost.entry, cost.tokens]));
  const locked = (id: string, { listing }: { readonly listing: JsonObject }, more: JsonObject): JsonObject => ({
    ...listing,
    ...more,
    tokens: tokens.get(id)!,
  });
  return {
    lockVersion: 1,
    // A new version in another file does not change the surface.
    server: versionFile === undefined ? info : { ...info, version: { file: versionFile } },
    ...(server.instructions !== undefined && { instructions: server.instructions }),
    ...(transports && { transports }),
    ...(methods.length > 0 && { auth: methods }),
    ...(access && { access }),
    tokens: costs.total,
    tools: server.tools.map((tool) => locked(`tools/${tool.name}`, tool, lockedTool(tool))),
    resources: server.resources.map((resource) =>
      locked(`resources/${resource.uri}`, resource, {
        ...lockedScopes(resource),
        ...(resource.subscribe && { subscribe: true }),
      }),
    ),
    resourceTemplates: server.resourceTemplates.map((template) =>
      locked(`resourceTemplates/${template.uriTemplate}`, template, {
        params: template.params.schema as Json,
        ...lockedScopes(template),
        ...lockedCompletions(template),
      }),
    ),
    prompts: server.prompts.map((prompt) => locked(`prompts/${prompt.name}`, prompt, lockedPrompt(prompt))),
    ...(server.confusions && { confusions: server.confusions as unknown as Json }),
    ...(server.projections.length > 0 && { projections: Object.fromEntries(server.projections.map(lockedProjection)) }),
  };
}

/** Returns the paths of the endpoints, by transport; undefined for those of a manifest without transports. */
function lockedTransports({ stdio, http }: Transports): JsonObject | undefined {
  const { path, sse, toolEvents, websocket } = http ?? {};
  const fixed = (value: Value): Json => (typeof value === "string" ? value : true);
  const transports: JsonObject = {
    ...(stdio && { stdio: true }),
    ...(path !== undefined && { http: fixed(path) }),
    ...(sse && { sse: sse.path }),
    ...(toolEvents && { toolEvents: true }),
    ...(websocket && { websocket: websocket.path }),
  };
  return JSON.stringify(transports) === JSON.stringify(defaultTransports) ? undefined : transports;
}

function authMethods(auth: Auth | undefined): string[] {
  return [...(auth?.bearer ? ["bearer"] : []), ...(auth?.oauth ? ["oauth"] : []), ...(auth?.hook ? ["hook"] : [])];
}

/** Returns what a projection loses, and a hash of what it lists, by tool. */
function lockedProjection({ profile, tools }: Projection): readonly [string, JsonObject] {
  const entries = tools.map(({ name, listing, losses }) => [
    name,
    { listing: digest(JSON.stringify(listing)), losses: losses.map(({ at, rule }) => `${at}: ${rule}`) },
  ]);
  return [profile, Object.fromEntries(entries) as JsonObject];
}

function lockedTool({ listing, wraps = false, scopes, errors, text, elicitations }: Tool): JsonObject {
  return {
    // The listings of older revisions follow from the newest, except for this schema.
    ...(wraps && { olderOutputSchema: wrapOutputSchema(listing["outputSchema"]!) as Json }),
    ...lockedScopes({ scopes }),
    ...(errors.length > 0 && { errors: Object.fromEntries(errors.map(({ code, message }) => [code, message])) }),
    ...(text !== undefined && { text: typeof text === "string" ? text : { ...text } }),
    ...lockedElicitations(elicitations),
  };
}

function lockedPrompt({ arguments: args, scopes, elicitations, completions }: Prompt): JsonObject {
  const rules = args.flatMap(({ name, enum: values, default: preset }): [string, JsonObject][] => {
    if (values === undefined && preset === undefined) return [];
    return [[name, { ...(values && { enum: values }), ...(preset !== undefined && { default: preset }) }]];
  });
  return {
    ...(rules.length > 0 && { argumentRules: Object.fromEntries(rules) }),
    ...lockedScopes({ scopes }),
    ...lockedElicitations(elicitations),
    ...lockedCompletions({ completions }),
  };
}

/** Returns the scopes that a caller needs to see the entry. */
function lockedScopes({ scopes }: Pick<Tool, "scopes">): JsonObject {
  return scopes.length > 0 ? { scopes } : {};
}

function lockedElicitations(elicitations: readonly Elicitation[]): JsonObject {
  if (elicitations.length === 0) return {};
  const entries = elicitations.map(({ name, message, answer, url }): [string, JsonObject] => [
    name,
    { message, ...(answer && { requestedSchema: answer.schema as Json }), ...(url !== undefined && { url }) },
  ]);
  return { elicitations: Object.fromEntries(entries) };
}

function lockedCompletions({ completions }: Pick<Prompt, "completions">): JsonObject {
  return completions.length > 0 ? { completes: completions.map(({ name }) => name) } : {};
}
