import { busy } from "../protocol/errors.js";
import { createLedger } from "../protocol/ledger.js";
import { isThenable } from "../protocol/results.js";
import type { AnyToolHandler, Handlers } from "../protocol/surface.js";

export interface ConcurrencyOptions {
  /** Handlers that run at the same time, all together. */
  readonly server?: number;
  /** The same of single tools, by name. */
  readonly tools?: ReadonlyMap<string, number>;
  /** Calls that may wait for each of these. */
  readonly maxQueue: number;
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a handler takes and returns is passed on */
type AnyHandler = (input: any, context: any) => any;

/** Each handler waits until there is room for it; one that would have to wait behind too many fails at once. */
export const limitConcurrency =
  ({ server, tools, maxQueue }: ConcurrencyOptions) =>
  (handlers: Handlers): Handlers => {
    const all = server === undefined ? undefined : createSlots(server, maxQueue, "the server is busy");
    const limit = <K, H>(entries: ReadonlyMap<K, H>): ReadonlyMap<K, H> =>
      all === undefined
        ? entries
        : new Map([...entries].map(([key, handler]) => [key, withSlot(all, handler as AnyHandler) as H]));
    const perTool = ([name, handler]: readonly [string, AnyToolHandler]): readonly [string, AnyToolHandler] => {
      const most = tools?.get(name);
      if (most === undefined) return [name, handler];
      // The tool's own room first: what waits for that must not take the others'.
      return [name, withSlot(createSlots(most, maxQueue, `the tool ${JSON.stringify(name)} is busy`), handler)];
    };
    return {
      ...handlers,
      tools: new Map([...limit(handlers.tools)].map(perTool)),
      resources: limit(handlers.resources),
      resourceTemplates: limit(handlers.resourceTemplates),
      prompts: limit(handlers.prompts),
    };
  };

/** Members of a call's context that the limits read. */
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
      // To look at what it returns may throw, too: it may be a Proxy.
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
  /** Takes a slot, if one is free. */
  enter(caller: string): boolean;
  /**
   * Resolves with a slot as soon as there is one for the caller; rejects when the signal is aborted, or when another
   * caller has more right to the place in the queue. Throws when too many wait.
   */
  wait(context: CallerContext): Promise<void>;
  leave(caller: string): void;
}

function createSlots(most: number, maxQueue: number, complaint: string): Slots {
  /** Waiting calls, by caller; the callers take turns. */
  const queue = new Map<string, Set<() => void>>();
  /** Places in the queue: the caller who takes most of them makes room for others. */
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

  /** The caller whose turn it is, of those who run the fewest calls. */
  function nextCaller(): string | undefined {
    let found: string | undefined;
    for (const caller of queue.keys())
      if (found === undefined || (running.get(caller) ?? 0) < (running.get(found) ?? 0)) found = caller;
    return found;
  }

  return {
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
      // The slot is not free in between.
      count(follower, 1);
      for (const admit of own) return admit();
    },
  };
}
