import type {} from "../parts.js";
import { atExpiry } from "../auth.js";
import { changeMessage, offered } from "../changes.js";
import { errorCodes, invalidRequest, McpError } from "../errors.js";
import type { Answer, Call, Change, Payload, Server, Subscriber } from "../exchange.js";
import { isObject, notificationMessage } from "../json-rpc.js";
import { invalidParams, quoted, seal } from "../results.js";
import { forbidden } from "../scopes.js";
import { watchedTasks, type Task } from "../tasks.js";
import { matchTemplate } from "../templates.js";
import type { JsonObject } from "../types.js";
import { notFound, resourceAt } from "./resources.js";
import { subscribable } from "./session.js";

/** Open subscriptions of a server, all clients together; resources that a session subscribes to. */
const mostSubscriptions = 1024;

/** What a client wants to be told of: only what the server offers is honoured. */
interface Filter {
  readonly toolsListChanged?: true;
  readonly promptsListChanged?: true;
  readonly resourcesListChanged?: true;
  readonly resourceSubscriptions?: readonly string[];
  readonly taskIds?: readonly string[];
}

/** `subscriptions/listen`: acknowledged at once, answered when the server stops (2026-07-28, subscriptions). */
export function listen(call: Call): Answer {
  const { view } = call.peer;
  const { server } = view;
  const wanted = call.params["notifications"];
  if (!isObject(wanted)) return invalidParams('"notifications" must be an object');
  const uris = wanted["resourceSubscriptions"] ?? undefined;
  if (uris !== undefined && !(Array.isArray(uris) && uris.every((uri) => typeof uri === "string"))) {
    return invalidParams('"resourceSubscriptions" must be a list of URIs');
  }
  const tasks = globalThis.mcpcWithoutTasks ? [] : watchedTasks(call, wanted["taskIds"] ?? undefined);
  if (tasks instanceof McpError) return tasks;
  const open = listening(server);
  const most = server.surface.maxSubscriptions ?? mostSubscriptions;
  if (open.size >= most) return tooMany(most);
  const filter = honoured(call, wanted, tasks);
  const id = { "io.modelcontextprotocol/subscriptionId": call.id };
  const meta = JSON.stringify(id);
  return new Promise<Payload>((resolve) => {
    const watched = tasks.map((task) =>
      task.watch(() => call.notify(notificationMessage("notifications/tasks", `{${task.detailed()},"_meta":${meta}}`))),
    );
    const subscriber = {
      deliver: (change: Change) => {
        if (matches(filter, change)) call.notify(changeMessage(change, meta));
      },
      end: () => {
        server.subscribers.delete(subscriber);
        open.delete(subscriber);
        for (const stop of watched) stop();
        stop();
        resolve(seal(view, "", id));
      },
    };
    // Registered before it is acknowledged: nothing is lost in between.
    server.subscribers.add(subscriber);
    open.add(subscriber);
    const stop = atExpiry(call.auth, subscriber.end);
    call.signal.addEventListener("abort", subscriber.end, { once: true });
    const acknowledged = `{"_meta":${meta},"notifications":${JSON.stringify(filter)}}`;
    call.notify(notificationMessage("notifications/subscriptions/acknowledged", acknowledged));
  });
}

/** The subscriptions of this kind; sessions, which are told of changes too, have a limit of their own. */
function listening(server: Server): Set<Subscriber> {
  let open = server.indexes.get("listening") as Set<Subscriber> | undefined;
  if (open === undefined) server.indexes.set("listening", (open = new Set()));
  return open;
}

function tooMany(most: number): McpError {
  return new McpError(errorCodes.internalError, `no more than ${most} subscriptions at a time`);
}

function honoured(call: Call, wanted: JsonObject, tasks: readonly Task[]): Filter {
  const { surface } = call.peer.view.server;
  const uris = (wanted["resourceSubscriptions"] ?? []) as readonly string[];
  const watched = globalThis.mcpcWithoutResources ? [] : uris.filter((uri) => watchable(call, uri));
  return {
    ...(wanted["toolsListChanged"] === true && offered(surface, "tools") && { toolsListChanged: true }),
    ...(wanted["promptsListChanged"] === true && offered(surface, "prompts") && { promptsListChanged: true }),
    ...(wanted["resourcesListChanged"] === true && offered(surface, "resources") && { resourcesListChanged: true }),
    ...(watched.length > 0 && { resourceSubscriptions: watched }),
    ...(tasks.length > 0 && { taskIds: tasks.map(({ id }) => id) }),
  };
}

function watchable(call: Call, uri: string): boolean {
  const { server } = call.peer.view;
  if (!subscribable(server.surface) || forbidden(server, call.auth, "resources/read", { uri }) !== undefined)
    return false;
  return refuseToWatch(server, uri) === undefined;
}

function matches(filter: Filter, change: Change): boolean {
  switch (change.kind) {
    case "tools":
      return filter.toolsListChanged === true;
    case "prompts":
      return filter.promptsListChanged === true;
    case "resources":
      return filter.resourcesListChanged === true;
    case "resource":
      return filter.resourceSubscriptions?.includes(change.uri) === true;
  }
}

/** `resources/subscribe`: the connection keeps the list (up to 2025-11-25). */
export function subscribe(call: Call): Answer {
  const { server } = call.peer.view;
  return change(call, (uris, uri) => {
    const refusal = refuseToWatch(server, uri);
    if (refusal !== undefined) return refusal;
    const most = server.surface.maxSubscriptions ?? mostSubscriptions;
    if (uris.size >= most && !uris.has(uri)) return tooMany(most);
    uris.add(uri);
    return "{}";
  });
}

/** `resources/unsubscribe`: what nobody has subscribed to is no mistake. */
export function unsubscribe(call: Call): Answer {
  return change(call, (uris, uri) => {
    uris.delete(uri);
    return "{}";
  });
}

function change(call: Call, apply: (uris: Set<string>, uri: string) => Answer): Answer {
  const { uri } = call.params;
  if (typeof uri !== "string") return invalidParams('"uri" must be a string');
  const { subscriptions } = call.peer;
  if (subscriptions !== undefined) return apply(subscriptions, uri);
  return invalidRequest("subscriptions need a session: open one with initialize");
}

/** Why nobody will ever hear of this URI: only resources that say so are watched, and those that a template makes. */
function refuseToWatch(server: Server, uri: string): McpError | undefined {
  const resource = resourceAt(server, uri);
  if (resource === undefined && matchTemplate(server, uri) === undefined) return notFound(uri);
  if (resource === undefined || resource.subscribe === true) return undefined;
  return invalidParams(`${quoted(uri)} cannot be subscribed to: it tells of no updates`, { uri });
}
