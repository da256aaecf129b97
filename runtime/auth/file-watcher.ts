/** Interval between two reads of the file. */
const pollMs = 1000;

export interface FileListener {
  /** Reports a new text, once two reads in a row agree: a file may be half written. */
  onChange(text: string): void;
  /** Reports the first failed read after a successful one. */
  onError(error: unknown): void;
}

/** Polls a file for changes since `first`. The returned function stops that. The poll keeps no process alive. */
export function watchFile(read: () => Promise<string>, first: string, { onChange, onError }: FileListener): () => void {
  let current = first;
  let previous = first;
  let isFailing = false;
  let isStopped = false;
  let timer: unknown;

  async function poll(): Promise<void> {
    try {
      const text = await read();
      isFailing = false;
      const isStable = text === previous;
      previous = text;
      if (isStopped || !isStable || text === current) return;
      current = text;
      onChange(text);
    } catch (error) {
      if (!isStopped && !isFailing) onError(error);
      isFailing = true;
    }
  }

  function wait(): void {
    timer = setTimeout(() => void poll().then(() => isStopped || wait()), pollMs);
    (timer as { unref?: () => void }).unref?.();
  }

  wait();
  return () => {
    isStopped = true;
    clearTimeout(timer as ReturnType<typeof setTimeout>);
  };
}
