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

/** Returns whether the server declares the capability of a list. Clients get no notifications of undeclared ones. */
export function isOffered(surface: Surface, list: "tools" | "prompts" | "resources"): boolean {
  return list === "tools" ? hasTools(surface) : list === "prompts" ? hasPrompts(surface) : hasResources(surface);
}

/** Delivers a change to every subscriber. */
export function publish(server: Server, change: Change): void {
  // Subscribers read the resource after the notification, so its cached results must be gone.
  if (change.kind === "resource") invalidateResource(server, change.uri);
  for (const subscriber of server.subscribers) subscriber.deliver(change);
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
