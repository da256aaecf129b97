/** How often a file is looked at. */
const pollMs = 1000;

export interface FileListener {
  /** The text is another, and was the same at two looks: a file that is being written is not taken half. */
  onChange(text: string): void;
  /** It cannot be read; told once, until it can. */
  onError(error: unknown): void;
}

/** Looks at a file again and again, from the text it had; call the result to stop. It keeps no process alive. */
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
