import { watch as chokidar } from "chokidar";

export interface Watch {
  /** Watches these files, too, wherever they are. */
  add(files: readonly string[]): void;
  /** Resolves once changes are seen. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

export interface WatchOptions {
  /** Whether a path, absolute, is not looked at; a folder with all that is in it. */
  readonly ignored: (path: string) => boolean;
  /** Called with the absolute path of a file that was made, changed or removed. */
  readonly changed: (path: string, gone: boolean) => void;
  readonly failed: (reason: string) => void;
}

/** Watches a folder. */
export function watch(root: string, { ignored, changed, failed }: WatchOptions): Watch {
  const watcher = chokidar(root, { ignoreInitial: true, ignored: (path) => ignored(path) });
  const added = new Set<string>();
  watcher.on("all", (event, path) => {
    if (event !== "addDir") changed(path, event === "unlink" || event === "unlinkDir");
  });
  watcher.on("error", (error) => failed((error as Error).message));
  return {
    add: (files) => {
      watcher.add(files.filter((file) => !added.has(file)));
      for (const file of files) added.add(file);
    },
    ready: new Promise((resolve) => watcher.once("ready", () => resolve())),
    close: () => watcher.close(),
  };
}
