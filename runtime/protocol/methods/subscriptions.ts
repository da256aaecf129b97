import type {} from "../parts.js";
import { onExpiry } from "../auth.js";
import { changeMessage, isOffered } from "../changes.js";
import { invalidRequest, McpError, UnavailableError } from "../errors.js";
import type { Answer, Call, Change, Payload, Peer } from "../exchange.js";
import { isObject, notificationMessage } from "../json-rpc.js";
import { weightOf } from "../ledger.js";
import { invalidParams, quote, seal } from "../results.js";
import { missingScopes } from "../scopes.js";
import { maxSharedUri } from "../store.js";
import { taskText, type TaskHandle } from "../task-record.js";
import { watchedTasks } from "../tasks.js";
import type { JsonObject } from "../types.js";
import { findVisible } from "../resource-lookup.js";
import { notFound } from "./resources.js";
import { subscribable } from "./session.js";

/** Default limit of open subscriptions of all clients together, and of subscribed resources per session. */
const defaultMaxSubscriptions = 1024;
/** Bytes of a subscription without its filter, and of a session's resource without its URI. */
const subscriptionBytes = 2048;
const uriBytes = 128;

/** The accepted subscriptions of a client, which are those that the server offers. */
interface Filter {
  readonly toolsListChanged?: true;
  readonly promptsListChanged?: true;
  readonly resourcesListChanged?: true;
  readonly resourceSubscriptions?: readonly string[];
  readonly taskIds?: readonly string[];
}

/**
 * Answers `subscriptions/listen`: acknowledges it at once, and answers when the server stops (2026-07-28,
 * subscriptions).
 */
export function listen(call: Call): Answer {
  const wanted = call.params["notifications"];
  if (!isObject(wanted)) return invalidParams('"notifications" must be an object');
  const uris = wanted["resourceSubscriptions"] ?? undefined;
  if (uris !== undefined && !(Array.isArray(uris) && uris.every((uri) => typeof uri === "string"))) {
    return invalidParams('"resourceSubscriptions" must be a list of URIs');
  }
  const tasks = globalThis.mcpcWithoutTasks ? [] : watchedTasks(call, wanted["taskIds"] ?? undefined);
  return globalThis.mcpcWithoutStore || !(tasks instanceof Promise)
    ? subscribeTo(call, wanted, tasks as Exclude<typeof tasks, Promise<unknown>>)
    : tasks.then((found) => subscribeTo(call, wanted, found));
}

function subscribeTo(call: Call, wanted: JsonObject, tasks: readonly TaskHandle[] | McpError): Answer {
  const { view } = call.peer;
  const { server } = view;
  if (tasks instanceof McpError) return tasks;
  // The client may go while its tasks are looked up.
  if (!globalThis.mcpcWithoutStore && call.aborted) return seal(view, "");
  const most = server.surface.maxSubscriptions ?? defaultMaxSubscriptions;
  const filter = acceptedFilter(call, wanted, tasks);
  const updated = new Set(filter.resourceSubscriptions);
  const item = { kind: "subscription", most, caller: call.caller };
  const bytes = subscriptionBytes + weightOf([filter, call.id]);
  const booking = server.ledger.book(item, () => subscriber.end(), bytes);
  if (booking === undefined) return tooMany(most);
  const id = { "io.modelcontextprotocol/subscriptionId": call.id };
  const meta = JSON.stringify(id);
  let finish = (_answer: Payload): void => {};
  const watched = globalThis.mcpcWithoutTasks
    ? []
    : tasks.map((task) =>
        task.watch((record) =>
          call.notify(notificationMessage("notifications/tasks", `{${taskText(record)},"_meta":${meta}}`)),
        ),
      );
  const subscriber = {
    deliver: (change: Change) => {
      const matches =
        change.kind === "resource" ? updated.has(change.uri) : filter[`${change.kind}ListChanged`] === true;
      if (matches) call.notify(changeMessage(change, meta));
    },
    ...(!globalThis.mcpcWithoutStore && {
      deliverAll: () => {
        for (const kind of ["tools", "prompts", "resources"] as const) subscriber.deliver({ kind });
        for (const uri of updated) subscriber.deliver({ kind: "resource", uri });
      },
    }),
    end: () => {
      server.subscribers.delete(subscriber);
      booking.release();
      for (const stop of watched) stop();
      stop();
      finish(seal(view, "", id));
    },
  };
  // Registered before the acknowledgement, so that no change is lost.
  server.subscribers.add(subscriber);
  const stop = onExpiry(call.auth, subscriber.end);
  call.signal.addEventListener("abort", subscriber.end, { once: true });
  const acknowledged = `{"_meta":${meta},"notifications":${JSON.stringify(filter)}}`;
  call.notify(notificationMessage("notifications/subscriptions/acknowledged", acknowledged));
  if (!globalThis.mcpcWithoutUpstreams) watchUpstream(call, filter.resourceSubscriptions ?? []);
  // The filter has everything that is needed of the request.
  call.forget();
  return new Promise((resolve) => (finish = resolve));
}

function tooMany(most: number): McpError {
  return new UnavailableError(503, `no more than ${most} subscriptions at a time`, 30_000);
}

function acceptedFilter(call: Call, wanted: JsonObject, tasks: readonly TaskHandle[]): Filter {
  const { surface } = call.peer.view.server;
  const uris = new Set((wanted["resourceSubscriptions"] ?? []) as readonly string[]);
  const watched = globalThis.mcpcWithoutResources ? [] : [...uris].filter((uri) => isWatchable(call, uri));
  return {
    ...(wanted["toolsListChanged"] === true && isOffered(surface, "tools") && { toolsListChanged: true }),
    ...(wanted["promptsListChanged"] === true && isOffered(surface, "prompts") && { promptsListChanged: true }),
    ...(wanted["resourcesListChanged"] === true && isOffered(surface, "resources") && { resourcesListChanged: true }),
    ...(watched.length > 0 && { resourceSubscriptions: watched }),
    ...(tasks.length > 0 && { taskIds: tasks.map(({ record }) => record.id) }),
  };
}

function isWatchable(call: Call, uri: string): boolean {
  const { server } = call.peer.view;
  if (!subscribable(server.surface) || missingScopes(server, call.auth, "resources/read", { uri }) !== undefined)
    return false;
  return watchRefusal(call, uri) === undefined;
}

/** Answers `resources/subscribe`. The connection keeps the subscriptions (up to 2025-11-25). */
export function subscribe(call: Call): Answer {
  const { server } = call.peer.view;
  return changeSubscriptions(call, "subscribe", (uris, uri) => {
    const refusal = watchRefusal(call, uri);
    if (refusal !== undefined) return refusal;
    const most = server.surface.maxSubscriptions ?? defaultMaxSubscriptions;
    if (uris.has(uri)) return "{}";
    if (uris.size >= most || !resizeBooking(call, bytesOf(uri))) return tooMany(most);
    uris.add(uri);
    if (!globalThis.mcpcWithoutUpstreams) watchUpstream(call, [uri]);
    return "{}";
  });
}

/** Asks the upstreams that answer these resources for their updates. */
function watchUpstream(call: Call, uris: readonly string[]): void {
  for (const upstream of call.peer.view.server.options.upstreams ?? [])
    for (const uri of uris) upstream.watch(call, uri);
}

/** Answers `resources/unsubscribe`. An unknown subscription is no error. */
export function unsubscribe(call: Call): Answer {
  return changeSubscriptions(call, "unsubscribe", (uris, uri) => {
    if (uris.delete(uri)) resizeBooking(call, -bytesOf(uri));
    return "{}";
  });
}

function bytesOf(uri: string): number {
  return uriBytes + 2 * uri.length;
}

/** Returns the bytes of the subscribed resources of a session. */
export function subscribedBytes({ subscriptions = new Set() }: Peer): number {
  let bytes = 0;
  for (const uri of subscriptions) bytes += bytesOf(uri);
  return bytes;
}

/** Resizes the booking of the connection. Returns false if there is no room. */
function resizeBooking({ peer: { booking } }: Call, bytes: number): boolean {
  return booking?.resize(booking.bytes + bytes) !== false;
}

function changeSubscriptions(
  call: Call,
  type: "subscribe" | "unsubscribe",
  apply: (uris: Set<string>, uri: string) => Answer,
): Answer {
  const { uri } = call.params;
  if (typeof uri !== "string") return invalidParams('"uri" must be a string');
  const { subscriptions, view } = call.peer;
  if (!globalThis.mcpcWithoutStore && view.server.store !== undefined && uri.length > maxSharedUri)
    return invalidParams(`"uri" has more than ${maxSharedUri} characters`);
  if (subscriptions === undefined) return invalidRequest("subscriptions need a session: open one with initialize");
  const isKnown = globalThis.mcpcWithoutStore || subscriptions.has(uri);
  const answer = apply(subscriptions, uri);
  if (!globalThis.mcpcWithoutStore && !(answer instanceof McpError))
    call.publishing = call.peer.save?.({ type, uri, isKnown });
  return answer;
}

/** Refuses a subscription to a resource that never changes. Fixed resources declare `subscribe`; templates allow it. */
function watchRefusal({ auth, peer }: Call, uri: string): McpError | undefined {
  const found = findVisible(peer.view.server, auth, uri);
  if (found === undefined) return notFound(uri);
  if (found.resource === undefined || found.resource.subscribe === true) return undefined;
  return invalidParams(`${quote(uri)} cannot be subscribed to: it tells of no updates`, { uri });
}
