import { refusedMs, unref, type RedisConnection } from "./connection.js";
import { createWaitingRoom } from "./waiting-room.js";

/** The bounds of a write that waits for the store. */
export interface PersistOptions {
  /** The caller that the write is for, if any. */
  readonly caller?: string;
  /** The length of what the write keeps in memory. */
  readonly characters?: number;
  /** Gives up the write, which rejects with its last reason then. */
  readonly signal?: AbortSignal;
}

/** Writes that must reach the store. */
export interface Persistence {
  /** Repeats a write until the store has it. Rejects at once if too much waits, in all or for its caller. */
  readonly persist: <T>(write: () => Promise<T>, options?: PersistOptions) => Promise<T>;
  /** Gives up the writes that wait. */
  readonly close: () => void;
}

export function createPersistence(connection: RedisConnection): Persistence {
  const room = createWaitingRoom();
  const pauses = new Set<() => void>();
  let isClosed = false;

  /** Waits until another attempt makes sense, or the write is given up. */
  function pause(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = connection.available ? setTimeout(end, refusedMs) : undefined;
      if (timer !== undefined) unref(timer);
      const stop = connection.onAvailable(end);
      pauses.add(end);
      signal?.addEventListener("abort", end, { once: true });
      function end(): void {
        clearTimeout(timer);
        stop();
        pauses.delete(end);
        signal?.removeEventListener("abort", end);
        resolve();
      }
    });
  }

  return {
    async persist(write, { caller, characters = 0, signal } = {}) {
      const leave = room.enter(characters, caller);
      try {
        for (;;) {
          try {
            return await write();
          } catch (error) {
            if (isClosed || signal?.aborted) throw error;
            await pause(signal);
            if (isClosed || signal?.aborted) throw error;
          }
        }
      } finally {
        leave();
      }
    },
    close() {
      isClosed = true;
      for (const end of [...pauses]) end();
    },
  };
}
