import { build, isVerifying, type BuildServices } from "./build.js";
import { stayingBundler } from "./7-bundle/bundler.js";
import type { Compilation, Phase } from "./compile.js";
import { HostError } from "./host.js";
import { withBuildLock } from "./host-node/build-lock.js";
import { storedFiles } from "./host-node/cache-folder.js";
import { recover } from "./host-node/commit.js";
import { fileSnapshot, snapshotFile } from "./host-node/file-snapshot.js";
import { nodeHost } from "./host-node/index.js";
import { typecheckThread } from "./host-node/typecheck-thread.js";

/** A compiler of one project that stays in memory between builds. */
export interface ResidentCompiler {
  /**
   * Builds as `mcpc build` does; one build at a time. `touched` are project paths that may have changed since the last
   * build: all when absent.
   */
  build(touched?: ReadonlySet<string>): Promise<Compilation>;
  end(): Promise<void>;
}

export interface ResidentOptions {
  /** Called with each phase as it starts. */
  readonly onPhase?: (phase: Phase) => void;
  /** Called once a build with the process that it waits for, and the path of the lock. */
  readonly onWait?: (pid: number, lock: string) => void;
}

/** `folder` is absolute, or relative to the working directory. Throws `HostError` when it is none. */
export function residentCompiler(folder: string, { onPhase, onWait }: ResidentOptions = {}): ResidentCompiler {
  const disk = nodeHost(folder);
  const files = storedFiles(disk.root);
  const host = fileSnapshot(disk, files(snapshotFile));
  const thread = typecheckThread(false);
  const bundler = stayingBundler();
  let memory: BuildServices["memory"] = {};
  /** Paths touched since the last check of types: not every build gets that far. */
  let unchecked: ReadonlySet<string> | undefined;
  const compiling = (touched: ReadonlySet<string> | undefined): Promise<Compilation> => {
    recover(host.root);
    host.refresh(touched);
    unchecked = touched && unchecked && new Set([...unchecked, ...touched]);
    const services: BuildServices = {
      host,
      files,
      memory: memory!,
      typeChecker: (question) => {
        const check = thread.typeChecker(host.root, unchecked);
        unchecked = new Set();
        return check(question);
      },
      bundler: bundler.run,
      warmUp: () => thread.warmUp(host.root),
      verify: isVerifying(),
    };
    return build(services, { mode: "build", ...(onPhase && { onPhase }) });
  };
  /** An unexpected error may come from something in memory: clears that, and tries once more. */
  const retrying = async (error: unknown): Promise<Compilation> => {
    if (error instanceof HostError) throw error;
    memory = {};
    await bundler.renew();
    return compiling(undefined);
  };
  return {
    build: (touched) => withBuildLock(host.root, () => compiling(touched).catch(retrying), onWait ?? (() => {})),
    end: async () => {
      memory?.cache?.save();
      await Promise.all([thread.end(), bundler.end()]);
    },
  };
}
