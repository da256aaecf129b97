import { start, stop } from "./application.js";
import { isOffered } from "./changes.js";
import { withOptions } from "./define-server.js";
import { Call, type Abortable, type Server, type Subscriber } from "./exchange.js";
import type { Application, SettingSources } from "./hooks.js";
import { failureDetails } from "./logger.js";
import type { Handlers, Listings, Surface } from "./surface.js";
import { viewOf } from "./view.js";

/** The lists whose changes clients are notified of. */
export type List = "tools" | "resources" | "prompts";
const lists: readonly List[] = ["tools", "resources", "prompts"];

export interface Replacement {
  /** Hooks or settings are others: what `onStart` opened is opened anew, from these. */
  readonly renewed?: { readonly sources: SettingSources | undefined };
  /** How long calls that have begun may keep what the old `onStart` opened. */
  readonly drainMs: number;
  /** Callers are known already: there is but one. */
  readonly keepsAuth: boolean;
}

/** The indexes of a server that are not made of its surface. */
const preservedIndexes: ReadonlySet<string> = new Set(["stateKeys", "tasks"]);

/**
 * Puts another version of a server in the place of the one that is served, for all who are connected to it: the next
 * call runs the new code, what runs ends with the old. What the process was started with stays: transports, log, cache,
 * limits. Rejects when the new version cannot be started; the old one goes on then. The lists that have changed, whose
 * readers have been told.
 */
export async function replace(live: Server, version: Server, options: Replacement): Promise<readonly List[]> {
  const { logLevel, stateKeys, logging, cache } = live;
  const next = withOptions(version, {
    http: undefined,
    logLevel,
    stateKeys,
    ...(logging && { logging }),
    ...(cache && { cache }),
  });
  for (const secret of live.secrets) next.secrets.add(secret);
  const { renewed } = options;
  // What another hook hides from whom, only the next lists can tell.
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
  if (renewed !== undefined) void retire({ ...old, auth: auth === old.auth ? undefined : old.auth }, begun, options);
  return changed;
}

async function startNext(
  live: Server,
  { application, hooks, settings, options, secrets, logger }: Server,
  auth: Server["auth"],
  sources: SettingSources | undefined,
): Promise<void> {
  // Who calls is the affair of `auth`; where that stays, it has begun already.
  const { authenticate: _, ...others } = hooks ?? {};
  const own = { application, hooks: auth ? hooks : others, settings, options, secrets, logger, auth };
  try {
    // What it is given to tell clients of changes outlives this version.
    await start(Object.assign(Object.create(live) as Server, own), sources);
  } catch (error) {
    auth?.stop();
    throw error;
  }
}

/** Each handler keeps, to its end, the settings and the state that it began with. */
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
    // They are handed both as values.
    completions: handlers.completions,
  };
}

function bindLists(lists: NonNullable<Handlers["lists"]>, own: PropertyDescriptorMap): NonNullable<Handlers["lists"]> {
  return new Map([...lists].map(([key, list]) => [key, (context) => list(Object.defineProperties(context, own))]));
}

/** Connections keep their view of the server: it shows the new one. */
function renewViews(live: Server, next: Server): void {
  for (const view of live.views.values()) {
    const { methods, frame, closing } = viewOf(next, view.revision);
    // A client may go on asking for what it was told that there is; pages on their way go to the old ones.
    Object.assign(view, { frame, closing, methods: new Map([...view.methods, ...methods]), payloads: new Map() });
  }
}

/** By subscriber, the lists that were there when it began: of others it has never heard. */
const listsBySubscriber = new WeakMap<Subscriber, ReadonlySet<List>>();

/** Who is to be told of which list, each to be crossed out once told. */
function pendingNotifications({ subscribers, surface }: Server, changed: readonly List[]): Map<Subscriber, Set<List>> {
  const known = new Set(lists.filter((list) => isOffered(surface, list)));
  const pending = new Map<Subscriber, Set<List>>();
  for (const subscriber of subscribers) {
    if (!listsBySubscriber.has(subscriber)) listsBySubscriber.set(subscriber, known);
    pending.set(subscriber, new Set(changed.filter((list) => listsBySubscriber.get(subscriber)!.has(list))));
  }
  return pending;
}

/** A connection passes on only what the server offers, so that one that loses, or gets, all its tools is asked to twice. */
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

/** A text for each list that is another where clients would see another list. */
export async function digest(surface: Surface): Promise<Readonly<Record<List, string>>> {
  const listings = await surface.listings();
  const text = (...members: readonly (keyof Listings)[]): string =>
    JSON.stringify(members.map((member) => [listings[member], surface[member].map(({ scopes }) => scopes ?? [])]));
  return {
    tools: text("tools"),
    resources: text("resources", "resourceTemplates"),
    prompts: text("prompts"),
  };
}

/** A stream of changes ends with its client: nothing is waited for. */
function isListening(running: Abortable): boolean {
  return running instanceof Call && running.method === "subscriptions/listen";
}

const pollMs = 20;

/** Stops what a replaced version has started, once its calls have ended. */
async function retire(old: Server, begun: readonly Abortable[], { drainMs }: Replacement): Promise<void> {
  const until = performance.now() + drainMs;
  while (begun.some((one) => old.running.has(one)) && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  try {
    await stop(old);
  } catch (error) {
    old.logger("error", "the hook onStop failed", failureDetails(error));
  }
}
