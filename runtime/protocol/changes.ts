import type { Change, Server } from "./exchange.js";
import { invalidateResource } from "./invalidation.js";
import { notificationMessage } from "./json-rpc.js";
import { hasPrompts, hasResources, hasTools } from "./methods/session.js";
import type { Surface } from "./surface.js";

const methods = {
  tools: "notifications/tools/list_changed",
  prompts: "notifications/prompts/list_changed",
  resources: "notifications/resources/list_changed",
  resource: "notifications/resources/updated",
} as const satisfies Record<Change["kind"], string>;

/** Whether clients know of a list at all: they are not told of changes to one that the server does not declare. */
export function isOffered(surface: Surface, list: "tools" | "prompts" | "resources"): boolean {
  return list === "tools" ? hasTools(surface) : list === "prompts" ? hasPrompts(surface) : hasResources(surface);
}

/** Tells every subscriber of a change. */
export function publish(server: Server, change: Change): void {
  // Whoever is told reads it anew.
  if (change.kind === "resource") invalidateResource(server, change.uri);
  for (const subscriber of server.subscribers) subscriber.deliver(change);
}

/** Ends all subscriptions, as a server does that stops. */
export function endSubscriptions(server: Server): void {
  for (const subscriber of [...server.subscribers]) subscriber.end();
}

/** A change as a message; `meta` is the text of its `_meta`, if it has one. */
export function changeMessage(change: Change, meta?: string): string {
  const members = [
    ...(change.kind === "resource" ? [`"uri":${JSON.stringify(change.uri)}`] : []),
    ...(meta === undefined ? [] : [`"_meta":${meta}`]),
  ];
  return notificationMessage(methods[change.kind], `{${members.join(",")}}`);
}
