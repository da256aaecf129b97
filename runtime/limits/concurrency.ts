import { busy } from "../protocol/errors.js";
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
    const limited = <K, H>(entries: ReadonlyMap<K, H>): ReadonlyMap<K, H> =>
      all === undefined
        ? entries
        : new Map([...entries].map(([key, handler]) => [key, within(all, handler as AnyHandler) as H]));
    const own = ([name, handler]: readonly [string, AnyToolHandler]): readonly [string, AnyToolHandler] => {
      const most = tools?.get(name);
      if (most === undefined) return [name, handler];
      // The tool's own room first: what waits for that must not take the others'.
      return [name, within(createSlots(most, maxQueue, `the tool ${JSON.stringify(name)} is busy`), handler)];
    };
    return {
      ...handlers,
      tools: new Map([...limited(handlers.tools)].map(own)),
      resources: limited(handlers.resources),
      resourceTemplates: limited(handlers.resourceTemplates),
      prompts: limited(handlers.prompts),
    };
  };

function within(slots: Slots, handler: AnyHandler): AnyHandler {
  const run = (input: unknown, context: unknown): unknown => {
    let output: unknown;
    try {
      output = handler(input, context);
    } catch (error) {
      slots.leave();
      throw error;
    }
    if (isThenable(output)) return Promise.resolve(output).finally(slots.leave);
    slots.leave();
    return output;
  };
  return (input: unknown, context: { readonly signal: AbortSignal }) =>
    slots.enter() ? run(input, context) : slots.wait(context.signal).then(() => run(input, context));
}

interface Slots {
  /** Takes a slot, if one is free. */
  enter(): boolean;
  /** A slot as soon as there is one; rejects when the signal is aborted. Throws when too many wait. */
  wait(signal: AbortSignal): Promise<void>;
  leave(): void;
}

function createSlots(most: number, maxQueue: number, complaint: string): Slots {
  const queue = new Set<() => void>();
  let taken = 0;
  return {
    enter() {
      if (taken >= most) return false;
      taken += 1;
      return true;
    },
    wait(signal) {
      if (queue.size >= maxQueue) throw busy(complaint);
      return new Promise((resolve, reject) => {
        const admit = (): void => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        const leave = (): void => {
          queue.delete(admit);
          reject(signal.reason as Error);
        };
        if (signal.aborted) return leave();
        queue.add(admit);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
    leave() {
      // A slot goes to whoever has waited the longest, without being free in between.
      for (const admit of queue) {
        queue.delete(admit);
        return admit();
      }
      taken -= 1;
    },
  };
}
