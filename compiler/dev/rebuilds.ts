/** How long it must be quiet before a rebuild: an editor, a formatter, a checkout write many files, and some twice. */
const quietMs = 60;
/** The same after a file has gone: who moves files, or goes to another revision, puts others in their place. */
const quietGoneMs = 500;
/** Somebody who never stops writing gets a rebuild all the same. */
const longestMs = 1000;

export interface Rebuilds {
  /** The first one, of whatever there is. */
  begin(): void;
  /** Something has changed, or is not there any more. */
  touch(path: string, gone: boolean): void;
  /** Nothing runs. */
  readonly idle: boolean;
  /** Resolves when nothing runs; nothing begins any more. */
  end(): Promise<void>;
}

/**
 * One rebuild for many changes, one at a time; what changes while one runs makes one more. `act` must not reject.
 */
export function rebuilds(act: (touched?: ReadonlySet<string>) => Promise<void>): Rebuilds {
  let touched = new Set<string>();
  let since = 0;
  let quiet = quietMs;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let begun = false;
  let ended = false;

  function schedule(): void {
    if (!begun || running !== undefined || touched.size === 0 || ended) return;
    clearTimeout(timer);
    timer = setTimeout(() => run(touched), Math.max(0, Math.min(quiet, since + longestMs - Date.now())));
  }

  function run(paths?: ReadonlySet<string>): void {
    if (ended) return;
    begun = true;
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
      if (gone) quiet = quietGoneMs;
      touched.add(path);
      schedule();
    },
    get idle() {
      return begun && running === undefined && touched.size === 0;
    },
    async end() {
      ended = true;
      clearTimeout(timer);
      await running;
    },
  };
}
