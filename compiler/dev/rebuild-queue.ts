/** Quiet time before a rebuild. Editors, formatters and checkouts write many files, and some twice. */
const quietMs = 60;
/** Quiet time after a removal: moves and checkouts create other files soon after. */
const quietAfterRemovalMs = 500;
/** Maximum delay of a rebuild during continuous changes. */
const maxDelayMs = 1000;

export interface RebuildQueue {
  /** Starts the first build. */
  begin(): void;
  /** Reports a changed or removed file. */
  touch(path: string, gone: boolean): void;
  /** Whether no rebuild runs or waits. */
  readonly isIdle: boolean;
  /** Prevents further rebuilds. Resolves when none is running. */
  end(): Promise<void>;
}

/**
 * Creates a queue that combines changes into one rebuild at a time. Changes during a rebuild cause another one. `act`
 * must not reject.
 */
export function createRebuildQueue(act: (touched?: ReadonlySet<string>) => Promise<void>): RebuildQueue {
  let touched = new Set<string>();
  let since = 0;
  let quiet = quietMs;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let hasBegun = false;
  let hasEnded = false;

  function schedule(): void {
    if (!hasBegun || running !== undefined || touched.size === 0 || hasEnded) return;
    clearTimeout(timer);
    timer = setTimeout(() => run(touched), Math.max(0, Math.min(quiet, since + maxDelayMs - Date.now())));
  }

  function run(paths?: ReadonlySet<string>): void {
    if (hasEnded) return;
    hasBegun = true;
    touched = new Set();
    running = act(paths).finally(() => {
      running = undefined;
      schedule();
    });
  }

  return {
    begin: () => run(),
    touch(path, gone) {
      if (touched.size === 0) [since, quiet] = [Date.now(), quietMs];
      if (gone) quiet = quietAfterRemovalMs;
      touched.add(path);
      schedule();
    },
    get isIdle() {
      return hasBegun && running === undefined && touched.size === 0;
    },
    async end() {
      hasEnded = true;
      clearTimeout(timer);
      await running;
    },
  };
}
