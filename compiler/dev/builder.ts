import type { Compilation, Phase } from "../compile.js";
import { modules, type Modules } from "../7-bundle/modules.js";
import { hasErrors, type Diagnostic } from "../diagnostics/diagnostic.js";
import { nodeHost } from "../host-node/index.js";
import { residentCompiler } from "../resident.js";

/** What came of one build. */
export interface Build extends Compilation {
  /** Why there are no modules, beside the diagnostics of the compilation. */
  readonly unbundled: readonly Diagnostic[];
  /** Absent where there are errors. */
  readonly modules?: Modules;
}

export interface Builder {
  /** `known` are the modules that need not be made again; `touched` as for the resident compiler. */
  build(known: ReadonlySet<string>, touched?: ReadonlySet<string>): Promise<Build>;
  end(): Promise<void>;
}

export interface BuilderOptions {
  readonly entering: (phase: Phase) => void;
  /** Told of another process that builds the folder. */
  readonly waiting: (pid: number) => void;
}

/** All that `mcpc build` does, and the project's modules for a process that runs. */
export function builder(root: string, options: BuilderOptions): Builder {
  const host = nodeHost(root);
  const compiler = residentCompiler(root, options);
  return {
    async build(known, touched) {
      const compilation = await compiler.build(touched);
      const { summary, diagnostics } = compilation;
      if (!summary || hasErrors(diagnostics)) return { ...compilation, unbundled: [] };
      const { value, diagnostics: unbundled } = await modules(summary, host, known);
      return { ...compilation, unbundled, ...(value && { modules: value }) };
    },
    end: () => compiler.end(),
  };
}
