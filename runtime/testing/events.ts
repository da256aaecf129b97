import { isObject } from "../protocol/json-rpc.js";
import type { Json, LoggingLevel } from "../protocol/types.js";
import type { Incoming } from "./wire.js";

/** An entry that a handler has sent to the client's log. */
export interface LogMessage {
  readonly level: LoggingLevel;
  readonly data: Json;
  readonly logger?: string;
}

/** The notifications of a server, by the name of the event. */
export interface Events {
  readonly log: LogMessage;
  readonly toolsChanged: undefined;
  readonly promptsChanged: undefined;
  readonly resourcesChanged: undefined;
  /** A resource that the client has subscribed to. */
  readonly resourceUpdated: { readonly uri: string };
}

const names: Readonly<Record<string, keyof Events>> = {
  "notifications/message": "log",
  "notifications/tools/list_changed": "toolsChanged",
  "notifications/prompts/list_changed": "promptsChanged",
  "notifications/resources/list_changed": "resourcesChanged",
  "notifications/resources/updated": "resourceUpdated",
};

type Listener<E extends keyof Events> = (event: Events[E]) => void;

/** Event listeners. */
export interface Emitter {
  on<E extends keyof Events>(event: E, listener: Listener<E>): () => void;
  events<E extends keyof Events>(event: E): AsyncIterableIterator<Events[E]>;
  /** Emits the event of a notification, if it has one. */
  emit(message: Incoming): void;
  /** Ends all iterations. */
  end(): void;
}

export function createEmitter(): Emitter {
  const listeners = new Map<string, Set<(event: never) => void>>();
  const endings = new Set<() => void>();

  function on<E extends keyof Events>(event: E, listener: Listener<E>): () => void {
    const own = (value: Events[E]): void => listener(value);
    const all = listeners.get(event) ?? new Set();
    listeners.set(event, all.add(own));
    return () => void all.delete(own);
  }

  return {
    on,
    events<E extends keyof Events>(event: E): AsyncIterableIterator<Events[E]> {
      const queued: Events[E][] = [];
      const waiting: ((result: IteratorResult<Events[E]>) => void)[] = [];
      let ended = false;
      const off = on(event, (value) => {
        const next = waiting.shift();
        if (next) next({ done: false, value });
        else queued.push(value);
      });
      const end = (): void => {
        ended = true;
        off();
        endings.delete(end);
        for (const next of waiting.splice(0)) next({ done: true, value: undefined });
      };
      endings.add(end);
      return {
        [Symbol.asyncIterator]() {
          return this;
        },
        next: () =>
          new Promise((resolve) => {
            if (queued.length > 0) resolve({ done: false, value: queued.shift()! });
            else if (ended) resolve({ done: true, value: undefined });
            else waiting.push(resolve);
          }),
        return: async () => {
          end();
          return { done: true, value: undefined };
        },
      };
    },
    emit({ method, params }) {
      const event = Object.hasOwn(names, method) ? names[method]! : undefined;
      if (event === undefined) return;
      const { _meta: _, ...members } = isObject(params) ? params : {};
      const value = event === "log" || event === "resourceUpdated" ? members : undefined;
      for (const listener of [...(listeners.get(event) ?? [])]) listener(value as never);
    },
    end: () => [...endings].forEach((end) => end()),
  };
}
