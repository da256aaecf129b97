/** In bytes or characters: a message beyond this size waits for its turn. */
export const largeMessage = 64 * 1024;

/** A message that takes longer than this makes its caller's next large one wait. */
const longMs = 4;
/** How many times as long that waits. */
const pauseFactor = 9;

interface CallerQueue {
  readonly tasks: (() => void)[];
  /** In milliseconds of `performance.now()`. */
  notBefore: number;
}

/** The callers who wait, or must when they come again. There is one event loop, and so one queue. */
const queues = new Map<string, CallerQueue>();
/** Whether the next turn of the event loop goes on with the queue. */
let isScheduled = false;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether requests of one process may go on for each other: some edge platforms keep them apart. */
const isShared =
  globalThis.process?.release?.name === "node" &&
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent !== "Cloudflare-Workers";

/**
 * Takes large messages one in each turn of the event loop, so that small ones of others come in between. Callers take
 * turns, too, and one whose messages take long leaves nine tenths of the time to others. The first message never waits.
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
  // Those behind it come next.
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
