import type {} from "../protocol/parts.js";
import { busy } from "../protocol/errors.js";
import type { ConcurrencyLimit, Queue } from "../protocol/metrics.js";
import { createLedger } from "../protocol/ledger.js";
import { isThenable } from "../protocol/results.js";
import type { AnyToolHandler, Handlers } from "../protocol/surface.js";

export interface ConcurrencyOptions {
  /** The maximum number of handlers that run at the same time. */
  readonly server?: number;
  /** The maximum number of concurrent calls of single tools, by name. */
  readonly tools?: ReadonlyMap<string, number>;
  /** The maximum number of queued calls for each limit. */
  readonly maxQueue: number;
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a handler takes and returns is passed on */
type AnyHandler = (input: any, context: any) => any;

/** Limits concurrent handlers: a handler waits for a slot, and fails at once if the queue is full. */
export function limitConcurrency({ server, tools, maxQueue }: ConcurrencyOptions): ConcurrencyLimit {
  const slots = new Map<string, Slots>();
  const limitHandlers = (handlers: Handlers): Handlers => {
    const all = server === undefined ? undefined : createSlots(server, maxQueue, "the server is busy");
    if (all !== undefined) slots.set("", all);
    const limit = <K, H>(entries: ReadonlyMap<K, H>): ReadonlyMap<K, H> =>
      all === undefined
        ? entries
        : new Map([...entries].map(([key, handler]) => [key, withSlot(all, handler as AnyHandler) as H]));
    const perTool = ([name, handler]: readonly [string, AnyToolHandler]): readonly [string, AnyToolHandler] => {
      const most = tools?.get(name);
      if (most === undefined) return [name, handler];
      const own = createSlots(most, maxQueue, `the tool ${JSON.stringify(name)} is busy`);
      slots.set(name, own);
      // The tool's slot comes first: calls that wait for it must not take slots of the server.
      return [name, withSlot(own, handler)];
    };
    return {
      ...handlers,
      tools: new Map([...limit(handlers.tools)].map(perTool)),
      resources: limit(handlers.resources),
      resourceTemplates: limit(handlers.resourceTemplates),
      prompts: limit(handlers.prompts),
    };
  };
  if (globalThis.mcpcWithoutMetrics) return limitHandlers;
  const queues = (): Queue[] =>
    [...slots].map(([limit, { taken, waiting }]) => ({ limit, running: taken(), waiting: waiting() }));
  return Object.assign(limitHandlers, { queues });
}

/** Members of a call's context that the limits need. */
interface CallerContext {
  readonly signal: AbortSignal;
  readonly caller: string;
}

function withSlot(slots: Slots, handler: AnyHandler): AnyHandler {
  const run = (input: unknown, context: CallerContext): unknown => {
    const leave = (): void => slots.leave(context.caller);
    let output: unknown;
    try {
      output = handler(input, context);
      // Reading a property of the output may throw: the output may be a Proxy.
      if (isThenable(output)) return Promise.resolve(output).finally(leave);
    } catch (error) {
      leave();
      throw error;
    }
    leave();
    return output;
  };
  return (input: unknown, context: CallerContext) =>
    slots.enter(context.caller) ? run(input, context) : slots.wait(context).then(() => run(input, context));
}

interface Slots {
  /** Takes a slot, if one is free. Returns whether it did. */
  enter(caller: string): boolean;
  /**
   * Waits for a slot. Rejects when the signal is aborted, or when a caller with fewer calls needs the place in the
   * queue. Throws if the queue is full.
   */
  wait(context: CallerContext): Promise<void>;
  leave(caller: string): void;
  /** The numbers of taken slots and of queued calls. */
  readonly taken: () => number;
  readonly waiting: () => number;
}

function createSlots(most: number, maxQueue: number, complaint: string): Slots {
  /** Queued calls by caller. Callers take turns. */
  const queue = new Map<string, Set<() => void>>();
  /** Places in the queue. The caller with the most places loses one when another caller needs it. */
  const places = createLedger(0);
  const running = new Map<string, number>();
  let taken = 0;

  function count(caller: string, by: 1 | -1): void {
    const active = (running.get(caller) ?? 0) + by;
    if (active > 0) running.set(caller, active);
    else running.delete(caller);
  }

  function remove(caller: string, admit: () => void): void {
    const own = queue.get(caller);
    own?.delete(admit);
    if (own?.size === 0) queue.delete(caller);
  }

  /** Returns the caller who is next: the first among those with the fewest running calls. */
  function nextCaller(): string | undefined {
    let found: string | undefined;
    for (const caller of queue.keys())
      if (found === undefined || (running.get(caller) ?? 0) < (running.get(found) ?? 0)) found = caller;
    return found;
  }

  return {
    taken: () => taken,
    waiting: () => places.count(),
    enter(caller) {
      if (taken >= most) return false;
      taken += 1;
      count(caller, 1);
      return true;
    },
    wait({ signal, caller }) {
      let evict = (): void => {};
      const place = places.book({ kind: "queue", most: maxQueue, caller }, () => evict());
      if (place === undefined) throw busy(complaint);
      return new Promise((resolve, reject) => {
        const end = (): void => {
          remove(caller, admit);
          place.release();
          signal.removeEventListener("abort", abort);
        };
        const admit = (): void => (end(), resolve());
        const abort = (): void => (end(), reject(signal.reason as Error));
        evict = () => (end(), reject(busy(complaint)));
        if (signal.aborted) return abort();
        const own = queue.get(caller) ?? new Set();
        queue.set(caller, own.add(admit));
        signal.addEventListener("abort", abort, { once: true });
      });
    },
    leave(caller) {
      count(caller, -1);
      const follower = nextCaller();
      if (follower === undefined) return void (taken -= 1);
      const own = queue.get(follower)!;
      queue.delete(follower);
      queue.set(follower, own);
      // The slot passes on without being free in between.
      count(follower, 1);
      for (const admit of own) return admit();
    },
  };
}
