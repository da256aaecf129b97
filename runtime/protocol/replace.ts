import { start, stop, stopUpstreams } from "./application.js";
import { isOffered } from "./changes.js";
import { withOptions } from "./define-server.js";
import { Call, type Abortable, type Server, type Subscriber } from "./exchange.js";
import type { Application, SettingSources } from "./hooks.js";
import { failureDetails } from "./logger.js";
import { serversOf } from "./profiles.js";
import type { Handlers, Listings, Surface } from "./surface.js";
import { viewOf } from "./view.js";

/** A list whose changes clients are notified of. */
export type List = "tools" | "resources" | "prompts";
const lists: readonly List[] = ["tools", "resources", "prompts"];

export interface Replacement {
  /** Set if hooks or settings have changed: `onStart` runs again with these sources. */
  readonly renewed?: { readonly sources: SettingSources | undefined };
  /** Time limit for running calls to use what the previous `onStart` opened. */
  readonly drainMs: number;
  /** Whether the authentication stays, since there is only one caller. */
  readonly keepsAuth: boolean;
}

/** Indexes of a server that do not depend on its surface. */
const preservedIndexes: ReadonlySet<string> = new Set(["stateKeys", "state claims", "tasks", "profiles"]);

/**
 * Replaces the version of a server that is being served, for all connected clients: new calls run the new code,
 * running ones finish with the old. Transports, log, cache and limits stay. If the new version cannot be started, it
 * rejects and the old one stays. Resolves with the changed lists, after notifying their subscribers.
 */
export async function replace(live: Server, version: Server, options: Replacement): Promise<readonly List[]> {
  const { logLevel, stateKeys, logging, cache, store } = live;
  const next = withOptions(version, {
    http: undefined,
    logLevel,
    stateKeys,
    ...(logging && { logging }),
    ...(cache && { cache }),
    store,
  });
  for (const secret of live.secrets) next.secrets.add(secret);
  const { renewed } = options;
  // Which entries another hook hides is unknown before the next lists.
  const hides = renewed !== undefined && (live.hooks?.enabled ?? next.hooks?.enabled) !== undefined;
  const changed = hides ? lists : await changedLists(live.surface, next.surface);
  const auth = renewed === undefined || options.keepsAuth ? live.auth : next.auth;
  if (renewed !== undefined) await startNext(live, next, auth === live.auth ? undefined : auth, renewed.sources);
  const application = renewed === undefined ? live.application : next.application;
  const old = { ...live };
  const begun = [...live.running].filter((one) => !isListening(one));
  const pending = pendingNotifications(live, changed);
  notify(pending, live.surface);
  Object.assign(live, {
    ...{ surface: next.surface, definition: next.definition, hooks: next.hooks, settings: next.settings },
    ...{ health: next.health, logger: next.logger, secrets: next.secrets, options: next.options },
    handlers: bindApplication(next.handlers, application),
    ...{ application, auth },
  });
  renewViews(live, next);
  for (const name of live.indexes.keys()) if (!preservedIndexes.has(name)) live.indexes.delete(name);
  notify(pending, live.surface);
  const replaced = { ...old, auth: auth === old.auth ? undefined : old.auth };
  void retire(live, replaced, begun, options);
  return changed;
}

async function startNext(
  live: Server,
  { application, hooks, settings, options, secrets, logger, store }: Server,
  auth: Server["auth"],
  sources: SettingSources | undefined,
): Promise<void> {
  // A retained `auth` has been started already, and `start` must not report its hook as unused.
  const { authenticate: _, ...others } = hooks ?? {};
  const own = { application, hooks: auth ? hooks : others, settings, options, secrets, logger, auth, store };
  try {
    // `notify` has to work with later versions, too.
    await start(Object.assign(Object.create(live) as Server, own), sources);
  } catch (error) {
    auth?.stop();
    throw error;
  }
}

/** Binds handlers to the settings and the state that they started with. */
export function bindApplication(handlers: Handlers, application: Application): Handlers {
  const { config, state } = application;
  const own = { config: { value: config }, state: { value: state } };
  const all = <K, H extends (input: any, context: any) => unknown>(entries: ReadonlyMap<K, H>): ReadonlyMap<K, H> =>
    new Map(
      [...entries].map(([key, handler]) => {
        const run = (input: unknown, context: object): unknown =>
          handler(input, Object.isExtensible(context) ? Object.defineProperties(context, own) : context);
        return [key, run as H];
      }),
    );
  return {
    tools: all(handlers.tools),
    resources: all(handlers.resources),
    resourceTemplates: all(handlers.resourceTemplates),
    prompts: all(handlers.prompts),
    ...(handlers.lists && { lists: bindLists(handlers.lists, own) }),
    // Completion handlers get both as values.
    completions: handlers.completions,
  };
}

function bindLists(lists: NonNullable<Handlers["lists"]>, own: PropertyDescriptorMap): NonNullable<Handlers["lists"]> {
  return new Map([...lists].map(([key, list]) => [key, (context) => list(Object.defineProperties(context, own))]));
}

/** Updates the views of connections. */
function renewViews(live: Server, next: Server): void {
  for (const view of serversOf(live).flatMap(({ views }) => [...views.values()])) {
    const { methods, frame, closing } = viewOf(next, view.revision);
    // A client may still call methods that it knows. Pending listings store their pages in the old `payloads`.
    Object.assign(view, { frame, closing, methods: new Map([...view.methods, ...methods]), payloads: new Map() });
  }
}

/** The lists that existed when a subscriber connected. It has not heard of any others. */
const listsBySubscriber = new WeakMap<Subscriber, ReadonlySet<List>>();

/** Returns the lists that each subscriber has to be notified of. `notify` removes them one by one. */
function pendingNotifications({ subscribers, surface }: Server, changed: readonly List[]): Map<Subscriber, Set<List>> {
  const known = new Set(lists.filter((list) => isOffered(surface, list)));
  const pending = new Map<Subscriber, Set<List>>();
  for (const subscriber of subscribers) {
    if (!listsBySubscriber.has(subscriber)) listsBySubscriber.set(subscriber, known);
    pending.set(subscriber, new Set(changed.filter((list) => listsBySubscriber.get(subscriber)!.has(list))));
  }
  return pending;
}

/**
 * Notifies subscribers of changed lists that the server offers. It is called with the old and the new surface, since a
 * list may exist in only one of them.
 */
function notify(pending: Map<Subscriber, Set<List>>, surface: Surface): void {
  for (const [subscriber, wanted] of pending)
    for (const kind of wanted)
      if (isOffered(surface, kind)) {
        wanted.delete(kind);
        subscriber.deliver({ kind });
      }
}

async function changedLists(before: Surface, after: Surface): Promise<List[]> {
  const [old, next] = await Promise.all([digest(before), digest(after)]);
  return lists.filter((list) => old[list] !== next[list]);
}

/** Returns a text per list that changes if clients would see another list. */
export async function digest(surface: Surface): Promise<Readonly<Record<List, string>>> {
  const listings = await surface.listings();
  const text = (...members: readonly (keyof Listings)[]): string =>
    JSON.stringify(members.map((member) => [listings[member], surface[member].map(({ scopes }) => scopes ?? [])]));
  return {
    tools: text("tools") + JSON.stringify(await projectedTexts(surface)),
    resources: text("resources", "resourceTemplates"),
    prompts: text("prompts"),
  };
}

async function projectedTexts({ projections }: Surface): Promise<unknown> {
  const projected = Object.entries((await projections?.()) ?? {});
  return projected.map(([profile, tools]) => [profile, tools instanceof Map ? [...tools] : tools]);
}

/** Returns whether a call is a subscription, which does not have to end. */
function isListening(running: Abortable): boolean {
  return running instanceof Call && running.method === "subscriptions/listen";
}

const pollMs = 20;

/** Stops what only a replaced version uses when its calls have ended. */
async function retire(
  live: Server,
  old: Server,
  begun: readonly Abortable[],
  { drainMs, renewed }: Replacement,
): Promise<void> {
  if (renewed === undefined && old.options.upstreams === undefined) return;
  const until = performance.now() + drainMs;
  while (begun.some((one) => old.running.has(one)) && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  // An earlier version may have come back meanwhile.
  const upstreams = old.options.upstreams?.filter((upstream) => !live.options.upstreams?.includes(upstream)) ?? [];
  const unused = { ...old, options: { ...old.options, upstreams }, store: undefined };
  try {
    await (renewed === undefined ? stopUpstreams(unused) : stop(unused));
  } catch (error) {
    old.logger("error", "the hook onStop failed", failureDetails(error));
  }
}
