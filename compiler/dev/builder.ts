import type { Compilation, Phase } from "../compile.js";
import { moduleMaker, type Modules } from "../7-bundle/modules.js";
import { hasErrors, type Diagnostic } from "../diagnostics/diagnostic.js";
import { nodeHost } from "../host-node/index.js";
import { fileSnapshot } from "../host-node/file-snapshot.js";
import { residentCompiler } from "../resident.js";

/** The outcome of one build. */
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
  readonly onPhase: (phase: Phase) => void;
  /** Called with another process that builds the folder. */
  readonly onWait: (pid: number) => void;
}

/** All that `mcpc build` does, and the project's modules for a process that runs. */
export function builder(root: string, options: BuilderOptions): Builder {
  const host = fileSnapshot(nodeHost(root));
  const modules = moduleMaker(host);
  const compiler = residentCompiler(root, options);
  return {
    async build(known, touched) {
      const compilation = await compiler.build(touched);
      const { summary, diagnostics, changed } = compilation;
      host.refresh(touched && new Set([...touched, ...changed]));
      if (!summary || hasErrors(diagnostics)) return { ...compilation, unbundled: [] };
      const { value, diagnostics: unbundled } = await modules(summary, known);
      return { ...compilation, unbundled, ...(value && { modules: value }) };
    },
    end: () => compiler.end(),
  };
}
