import { storeAway, unref, type RedisConnection } from "./connection.js";

/** The maximum number of writes that wait for the store. */
const maxWaiting = 1024;
/** Delay after a refused write. */
const refusedMs = 1000;

/** Writes that must reach the store. */
export interface Persistence {
  /** Repeats a write until the store has it. Rejects at once if too many writes wait. */
  readonly persist: <T>(write: () => Promise<T>) => Promise<T>;
  /** Gives up the writes that wait. */
  readonly close: () => void;
}

export function createPersistence(connection: RedisConnection): Persistence {
  let waiting = 0;
  let isClosed = false;

  /** Waits until another attempt makes sense. */
  function pause(): Promise<void> {
    return new Promise((resolve) => {
      if (connection.available) return void unref(setTimeout(resolve, refusedMs));
      const stop = connection.onAvailable(() => {
        stop();
        resolve();
      });
    });
  }

  return {
    async persist(write) {
      if (waiting >= maxWaiting) throw storeAway("too much waits for the store");
      waiting += 1;
      try {
        for (;;) {
          try {
            return await write();
          } catch (error) {
            if (isClosed) throw error;
            await pause();
          }
        }
      } finally {
        waiting -= 1;
      }
    },
    close() {
      isClosed = true;
    },
  };
}
