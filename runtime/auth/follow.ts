/** How often a file is looked at. */
const lookMs = 1000;

export interface Follower {
  /** The text is another, and was the same at two looks: a file that is being written is not taken half. */
  changed(text: string): void;
  /** It cannot be read; told once, until it can. */
  failed(error: unknown): void;
}

/** Looks at a file again and again, from the text it had; call the result to stop. It keeps no process alive. */
export function follow(read: () => Promise<string>, first: string, { changed, failed }: Follower): () => void {
  let taken = first;
  let seen = first;
  let failing = false;
  let stopped = false;
  let timer: unknown;

  async function look(): Promise<void> {
    try {
      const text = await read();
      failing = false;
      const settled = text === seen;
      seen = text;
      if (stopped || !settled || text === taken) return;
      taken = text;
      changed(text);
    } catch (error) {
      if (!stopped && !failing) failed(error);
      failing = true;
    }
  }

  function wait(): void {
    timer = setTimeout(() => void look().then(() => stopped || wait()), lookMs);
    (timer as { unref?: () => void }).unref?.();
  }

  wait();
  return () => {
    stopped = true;
    clearTimeout(timer as ReturnType<typeof setTimeout>);
  };
}
