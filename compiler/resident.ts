import type { Ask } from "./6-typecheck/index.js";
import { stayingBundler } from "./7-bundle/bundler.js";
import type { Compilation, Options, Phase } from "./compile.js";
import { HostError } from "./host.js";
import { recover } from "./host-node/commit.js";
import { withBuildLock } from "./host-node/build-lock.js";
import { storedFiles } from "./host-node/cache-folder.js";
import { nodeHost } from "./host-node/index.js";
import { seenFile, stayingHost } from "./host-node/staying.js";
import { typecheckThread } from "./host-node/typecheck-thread.js";
import { memory } from "./incremental/again.js";
import { compileIncrementally } from "./incremental/index.js";

/** A compiler of one project that stays in memory between builds. */
export interface ResidentCompiler {
  /**
   * All that `mcpc build` of the folder does; one at a time. `touched` are project paths that may have changed since the
   * last one: all when absent.
   */
  build(touched?: ReadonlySet<string>): Promise<Compilation>;
  end(): Promise<void>;
}

export interface ResidentOptions {
  /** Called with each phase as it starts. */
  readonly entering?: (phase: Phase) => void;
  /** Called once a build with the process that it waits for, and the path of the lock. */
  readonly waiting?: (pid: number, lock: string) => void;
}

/** `folder` is absolute, or relative to the working directory. Throws `HostError` when it is none. */
export function residentCompiler(folder: string, { entering, waiting }: ResidentOptions = {}): ResidentCompiler {
  const disk = nodeHost(folder);
  const files = storedFiles(disk.root);
  const host = stayingHost(disk, files(seenFile));
  let remembered = memory();
  const thread = typecheckThread(false);
  const bundler = stayingBundler();
  const preparing = (): void => thread.begin(host.root);
  /** Paths touched since the last check of types: not every build gets that far. */
  let unchecked: ReadonlySet<string> | undefined;
  const compiling = (touched: ReadonlySet<string> | undefined): Promise<Compilation> => {
    recover(host.root);
    host.again(touched);
    unchecked = touched && unchecked && new Set([...unchecked, ...touched]);
    const ask: Ask = (question) => {
      const asking = thread.asking(host.root, unchecked);
      unchecked = new Set();
      return asking(question);
    };
    const options: Options = {
      mode: "build",
      ask,
      bundler: bundler.run,
      preparing,
      ...(entering && { entering }),
    };
    return compileIncrementally(host, options, files, remembered);
  };
  /** A failure that is no answer may be one of what is kept, which then is kept no longer. */
  const compilingAnew = async (error: unknown): Promise<Compilation> => {
    if (error instanceof HostError) throw error;
    remembered = memory();
    await bundler.renew();
    return compiling(undefined);
  };
  return {
    build: (touched) => withBuildLock(host.root, () => compiling(touched).catch(compilingAnew), waiting ?? (() => {})),
    end: async () => void (await Promise.all([thread.end(), bundler.end()])),
  };
}
