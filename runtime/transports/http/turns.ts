/** In bytes or characters: a message beyond this size waits for its turn. */
export const largeMessage = 64 * 1024;

/** A message that takes longer than this makes its caller's next large one wait. */
const longMs = 4;
/** How many times as long that waits. */
const pauseFactor = 9;

interface Line {
  readonly works: (() => void)[];
  /** In milliseconds of `performance.now()`. */
  notBefore: number;
}

/** The callers who wait, or must when they come again. There is one event loop, and so one queue. */
const lines = new Map<string, Line>();
/** Whether the next turn of the event loop goes on with the queue. */
let isGoing = false;
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
  const line = lines.get(caller) ?? { works: [], notBefore: 0 };
  lines.set(caller, line);
  line.works.push(work);
  if (!isGoing) advance();
}

function advance(): void {
  clearTimeout(timer);
  isGoing = false;
  const now = performance.now();
  let earliest = Infinity;
  for (const [caller, line] of lines) {
    if (line.works.length === 0) {
      if (line.notBefore <= now) lines.delete(caller);
    } else if (line.notBefore > now) earliest = Math.min(earliest, line.notBefore);
    else {
      isGoing = true;
      setImmediate(advance);
      return take(caller, line);
    }
  }
  if (earliest < Infinity) timer = setTimeout(advance, earliest - now);
}

function take(caller: string, line: Line): void {
  // Those behind it come next.
  lines.delete(caller);
  lines.set(caller, line);
  const start = performance.now();
  try {
    line.works.shift()!();
  } finally {
    const end = performance.now();
    if (end - start > longMs) line.notBefore = end + pauseFactor * (end - start);
  }
}
