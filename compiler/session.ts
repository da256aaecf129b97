import type { TypeChecker } from "./6-typecheck/index.js";
import { runBundler, type Bundler } from "./7-bundle/bundler.js";
import type { Host } from "./host.js";
import { noCache, type Cache, type Fingerprint } from "./model/cache.js";

/** The state and the services of one build. */
export interface Session {
  readonly host: Host;
  readonly cache: Cache;
  /** The artifacts of the last build. */
  readonly artifacts: Artifacts;
  readonly typeChecker: TypeChecker;
  readonly bundler: Bundler;
}

export interface Artifacts {
  /** Whether a file is as the last build wrote it, from these inputs. */
  isUpToDate(path: string, inputs: Fingerprint): boolean;
  /** Whether a file is as the last build wrote it. */
  isUnmodified(path: string): boolean;
}

/** A session without anything of earlier builds. Its type checker is a process that ends with the answer. */
export function freshSession(host: Host): Session {
  return {
    host,
    cache: noCache,
    artifacts: { isUpToDate: () => false, isUnmodified: () => false },
    typeChecker: async (question) => {
      const { checkOnce } = await import("./host-node/typescript/index.js");
      return checkOnce(host)(question);
    },
    bundler: runBundler,
  };
}
