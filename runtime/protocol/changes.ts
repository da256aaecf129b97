import type {} from "./parts.js";
import { McpError } from "./errors.js";
import type { Call, Change, Peer, Server } from "./exchange.js";
import { invalidate, invalidateResource } from "./invalidation.js";
import { notificationMessage } from "./json-rpc.js";
import { failureDetails } from "./logger.js";
import { hasPrompts, hasResources, hasTools } from "./methods/session.js";
import type { Surface } from "./surface.js";

const methods = {
  tools: "notifications/tools/list_changed",
  prompts: "notifications/prompts/list_changed",
  resources: "notifications/resources/list_changed",
  resource: "notifications/resources/updated",
} as const satisfies Record<Change["kind"], string>;

/** Returns whether the server declares the capability of a list. Clients get no notifications of undeclared ones. */
export function isOffered(surface: Surface, list: "tools" | "prompts" | "resources"): boolean {
  return list === "tools" ? hasTools(surface) : list === "prompts" ? hasPrompts(surface) : hasResources(surface);
}

/** Returns whether a client with a session gets the notification of a change. */
export function isWanted({ subscriptions, view }: Peer, change: Change): boolean {
  return change.kind === "resource"
    ? subscriptions?.has(change.uri) === true
    : isOffered(view.server.surface, change.kind);
}

/** Returns a change of everything that a client with a session is notified of. */
export function wantedChanges(peer: Peer): Change[] {
  const lists = (["tools", "prompts", "resources"] as const).map((kind) => ({ kind }));
  const resources = [...(peer.subscriptions ?? [])].map((uri) => ({ kind: "resource", uri }) as const);
  return [...lists.filter((change) => isWanted(peer, change)), ...resources];
}

/**
 * Sends a change to every subscriber, with a store to those of all replicas. Returns a promise for the store, if there
 * is one. It may be ignored: its failure is logged.
 */
export function publish(server: Server, change: Change): Promise<void> | undefined {
  if (globalThis.mcpcWithoutStore || server.store === undefined) return deliverChange(server, change) as undefined;
  const stale =
    !globalThis.mcpcWithoutCache && change.kind === "resource" ? invalidateResource(server, change.uri) : [];
  const shown = change.kind === "resource" ? { ...change, uri: change.uri.slice(0, maxNameLength) } : change;
  return withLog(server, server.store.publish(change, stale), shown);
}

/** Removes cached results of the handler's choice, with a store those of all replicas. See `publish`. */
export function publishInvalidation(server: Server, name: string, input: unknown): Promise<void> | undefined {
  const stale = invalidate(server, name, input);
  if (globalThis.mcpcWithoutStore || server.store === undefined) return undefined;
  return withLog(server, server.store.invalidate(stale), { kind: "stale", name: name.slice(0, maxNameLength) });
}

/** The refusals of the store that the log has, until the store takes a change again. */
const logged = /* @__PURE__ */ new WeakMap<Server, Set<string>>();

/** The maximum length of a URI in the log. */
const maxNameLength = 200;

/** Logs that a change could not be published: once for an outage, in which the store refuses all changes alike. */
function withLog(server: Server, published: Promise<void>, change: object): Promise<void> {
  const log = (details: object): void =>
    server.logger("error", "a change could not be published", { change, ...details });
  const fail = (error: unknown): void => {
    if (!(error instanceof McpError)) return log(failureDetails(error));
    const refusals = logged.get(server) ?? new Set();
    logged.set(server, refusals);
    if (!refusals.has(error.message)) log({ error: error.message });
    refusals.add(error.message);
  };
  void published.then(() => logged.delete(server), fail);
  return published;
}

/** Delays the answer of a call until a store, if there is one, has a change. */
export function delayAnswer(call: Call, published: Promise<void> | undefined): void {
  if (globalThis.mcpcWithoutStore || published === undefined) return;
  // A change that is lost counts more than an earlier one that is only late.
  const all = Promise.all([published, call.publishing]);
  // A failure is the answer of the call.
  all.catch(() => {});
  call.publishing = all;
}

/** Delivers a change to the subscribers of this replica. */
export function deliverChange(server: Server, change: Change, position?: string): void {
  // Subscribers read the resource after the notification, so its cached results must be gone.
  if (!globalThis.mcpcWithoutCache && change.kind === "resource") invalidateResource(server, change.uri);
  for (const subscriber of server.subscribers) subscriber.deliver(change, position);
}

/** Delivers a change of everything to the subscribers of this replica, because changes are lost. */
export function deliverEverything(server: Server): void {
  server.cache?.clear();
  for (const subscriber of server.subscribers) subscriber.deliverAll?.();
}

/** Ends all subscriptions when the server stops. */
export function endSubscriptions(server: Server): void {
  for (const subscriber of [...server.subscribers]) subscriber.end();
}

/** Formats a change as a notification; `meta` is the text of its `_meta`, if any. */
export function changeMessage(change: Change, meta?: string): string {
  const members = [
    ...(change.kind === "resource" ? [`"uri":${JSON.stringify(change.uri)}`] : []),
    ...(meta === undefined ? [] : [`"_meta":${meta}`]),
  ];
  return notificationMessage(methods[change.kind], `{${members.join(",")}}`);
}
