import { unref, type RedisConnection } from "./connection.js";

/** Repeated reading of something in the store. */
export interface Watch {
  /** Resolves after the first attempt to read. Without the store there is none. */
  readonly begun: Promise<void>;
  stop(): void;
}

/**
 * Reads at once, after each message of a channel, when the store is back, and at intervals, because a cluster may lose
 * messages unnoticed. One attempt follows the other, and those that fail are left to the next one. `isPoll` is whether
 * the first attempt or an interval is due, instead of a message.
 */
export function watch(
  connection: RedisConnection,
  channel: string,
  intervalMs: number,
  read: (isPoll: boolean) => Promise<void>,
): Watch {
  let isStopped = false;
  let isReading = false;
  let isWoken = false;
  let isPollDue = false;

  async function wake(): Promise<void> {
    isWoken = true;
    if (isReading) return;
    isReading = true;
    while (isWoken && !isStopped && connection.available) {
      const isPoll = isPollDue;
      isWoken = isPollDue = false;
      try {
        await read(isPoll);
      } catch {
        break;
      }
    }
    isReading = false;
  }

  function poll(): Promise<void> {
    isPollDue = true;
    return wake();
  }

  const onWake = (): void => void wake();
  const ends = [connection.subscribe(channel, onWake), connection.onAvailable(onWake)];
  const timer = setInterval(poll, intervalMs);
  unref(timer);
  return {
    begun: poll(),
    stop() {
      isStopped = true;
      clearInterval(timer);
      for (const end of ends) end();
    },
  };
}
