import { watch as chokidar } from "chokidar";

export interface Watch {
  /** Watches additional files, in any folder. */
  add(files: readonly string[]): void;
  /** Resolves once changes are noticed. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

export interface WatchOptions {
  /** Returns whether an absolute path, and everything below it, is not watched. */
  readonly ignored: (path: string) => boolean;
  /** Called with the absolute path of a created, changed or removed file. */
  readonly onChange: (path: string, gone: boolean) => void;
  readonly onError: (reason: string) => void;
}

/** Watches a folder. */
export function watch(root: string, { ignored, onChange, onError }: WatchOptions): Watch {
  const watcher = chokidar(root, { ignoreInitial: true, ignored: (path) => ignored(path) });
  const added = new Set<string>();
  watcher.on("all", (event, path) => {
    if (event !== "addDir") onChange(path, event === "unlink" || event === "unlinkDir");
  });
  watcher.on("error", (error) => onError((error as Error).message));
  return {
    add: (files) => {
      watcher.add(files.filter((file) => !added.has(file)));
      for (const file of files) added.add(file);
    },
    ready: new Promise((resolve) => watcher.once("ready", () => resolve())),
    close: () => watcher.close(),
  };
}
