import type { Compilation, Phase } from "../compile.js";
import { moduleMaker, type Modules } from "../7-bundle/modules.js";
import { hasErrors, type Diagnostic } from "../diagnostics/diagnostic.js";
import { nodeHost } from "../host-node/index.js";
import { fileSnapshot } from "../host-node/file-snapshot.js";
import { residentCompiler } from "../resident.js";

/** The outcome of one build. */
export interface DevBuild extends Compilation {
  /** Errors of the modules, besides the diagnostics of the compilation. */
  readonly unbundled: readonly Diagnostic[];
  /** The modules; absent if there are errors. */
  readonly modules?: Modules;
}

export interface DevBuilder {
  /** Builds. `known` are existing modules, which are not generated again; `touched` as for the resident compiler. */
  build(known: ReadonlySet<string>, touched?: ReadonlySet<string>): Promise<DevBuild>;
  end(): Promise<void>;
}

export interface BuilderOptions {
  readonly onPhase: (phase: Phase) => void;
  /** Called with the process that is building the folder. */
  readonly onWait: (pid: number) => void;
}

/** Creates a builder that does the same as `mcpc build`, and generates modules for a running process. */
export function builder(root: string, options: BuilderOptions): DevBuilder {
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
