/** The size, in bytes or characters, above which a message waits for its turn. */
export const largeMessage = 64 * 1024;

/** The duration of a message above which its caller's next large message is delayed. */
const longMs = 4;
/** The pause of a caller, as a multiple of the time that its message took. */
const pauseFactor = 9;

interface CallerQueue {
  readonly tasks: (() => void)[];
  /** The end of the pause, in milliseconds of `performance.now()`. */
  notBefore: number;
}

/** Queues of callers that wait or pause. There is one event loop, and so one set of queues. */
const queues = new Map<string, CallerQueue>();
/** Whether the next turn of the event loop is scheduled. */
let isScheduled = false;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether one request may run code of another. Some edge platforms isolate requests. */
const isShared =
  globalThis.process?.release?.name === "node" &&
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent !== "Cloudflare-Workers";

/**
 * Runs large messages one per turn of the event loop, so that small messages run in between. Callers take turns. A
 * caller whose messages take long leaves nine tenths of the time to others. The first message never waits.
 */
export function takeTurn(caller: string, work: () => void): void {
  if (!isShared) return work();
  const queue = queues.get(caller) ?? { tasks: [], notBefore: 0 };
  queues.set(caller, queue);
  queue.tasks.push(work);
  if (!isScheduled) advance();
}

function advance(): void {
  clearTimeout(timer);
  isScheduled = false;
  const now = performance.now();
  let earliest = Infinity;
  for (const [caller, queue] of queues) {
    if (queue.tasks.length === 0) {
      if (queue.notBefore <= now) queues.delete(caller);
    } else if (queue.notBefore > now) earliest = Math.min(earliest, queue.notBefore);
    else {
      isScheduled = true;
      setImmediate(advance);
      return runNext(caller, queue);
    }
  }
  if (earliest < Infinity) timer = setTimeout(advance, earliest - now);
}

function runNext(caller: string, queue: CallerQueue): void {
  // Moves the caller behind the others.
  queues.delete(caller);
  queues.set(caller, queue);
  const start = performance.now();
  try {
    queue.tasks.shift()!();
  } finally {
    const end = performance.now();
    if (end - start > longMs) queue.notBefore = end + pauseFactor * (end - start);
  }
}
