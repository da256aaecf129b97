import type { Change, Server } from "./exchange.js";
import { forgetResource } from "./forgetting.js";
import { notificationMessage } from "./json-rpc.js";

const methods = {
  tools: "notifications/tools/list_changed",
  prompts: "notifications/prompts/list_changed",
  resources: "notifications/resources/list_changed",
  resource: "notifications/resources/updated",
} as const satisfies Record<Change["kind"], string>;

/** Tells every subscriber of a change. */
export function publish(server: Server, change: Change): void {
  // Whoever is told reads it anew.
  if (change.kind === "resource") forgetResource(server, change.uri);
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
