import { refusedMs, storeAway, unref, type RedisConnection } from "./connection.js";

/** The maximum number and characters of writes that wait for the store, of all callers and of one. */
const limits = { writes: 1024, characters: 4 * 1024 * 1024 };
const callerLimits = { writes: 256, characters: 1024 * 1024 };

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

/** The writes that wait, of all callers or of one. */
interface Account {
  readonly most: typeof limits;
  writes: number;
  characters: number;
}

const createAccount = (most: typeof limits): Account => ({ most, writes: 0, characters: 0 });

export function createPersistence(connection: RedisConnection): Persistence {
  const total = createAccount(limits);
  const callers = new Map<string, Account>();
  let isClosed = false;

  /** Waits until another attempt makes sense, or the write is given up. */
  function pause(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = connection.available ? setTimeout(end, refusedMs) : undefined;
      if (timer !== undefined) unref(timer);
      const stop = connection.onAvailable(end);
      signal?.addEventListener("abort", end, { once: true });
      function end(): void {
        clearTimeout(timer);
        stop();
        signal?.removeEventListener("abort", end);
        resolve();
      }
    });
  }

  return {
    async persist(write, { caller, characters = 0, signal } = {}) {
      const own = caller === undefined ? undefined : (callers.get(caller) ?? createAccount(callerLimits));
      const accounts = own === undefined ? [total] : [total, own];
      const isFull = ({ most, ...taken }: Account): boolean =>
        taken.writes >= most.writes || taken.characters + characters > most.characters;
      if (accounts.some(isFull)) throw storeAway("too much waits for the store");
      for (const account of accounts) {
        account.writes += 1;
        account.characters += characters;
      }
      if (own !== undefined) callers.set(caller!, own);
      try {
        for (;;) {
          try {
            return await write();
          } catch (error) {
            if (isClosed || signal?.aborted) throw error;
            await pause(signal);
            if (signal?.aborted) throw error;
          }
        }
      } finally {
        for (const account of accounts) {
          account.writes -= 1;
          account.characters -= characters;
        }
        if (own?.writes === 0) callers.delete(caller!);
      }
    },
    close() {
      isClosed = true;
    },
  };
}
