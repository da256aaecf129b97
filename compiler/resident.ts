import type { Compilation, Phase } from "./compile.js";
import { recover } from "./host-node/commit.js";
import { nodeHost, recordFile } from "./host-node/index.js";
import { takingTurns } from "./host-node/lock.js";
import { typecheckThread } from "./host-node/typecheck-thread.js";
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
  /** Told of each phase as it starts. */
  readonly entering?: (phase: Phase) => void;
  /** Told once a build which process it waits for, and the file that says so. */
  readonly waiting?: (pid: number, lock: string) => void;
}

/** `folder` is absolute, or relative to the working directory. Throws `HostError` when it is none. */
export function residentCompiler(folder: string, options: ResidentOptions = {}): ResidentCompiler {
  const host = nodeHost(folder);
  const thread = typecheckThread();
  const typecheck = thread.check(host.root, { remember: true, recall: true });
  const entering = (phase: Phase): void => {
    thread.begin();
    options.entering?.(phase);
  };
  const compiling = (): Promise<Compilation> => {
    recover(host.root);
    return compileIncrementally(host, { mode: "build", typecheck, entering }, recordFile(host.root, "build.json"));
  };
  return {
    build: () => takingTurns(host.root, compiling, options.waiting ?? (() => {})),
    end: () => thread.end(),
  };
}
