import { absolute } from "./diagnostics/absolute.js";
import { byPlace, hasErrors, type Diagnostic, type Result } from "./diagnostics/diagnostic.js";
import type { Change, Host } from "./host.js";
import { withSeverity, type Severities } from "./lint/index.js";
import type { Server } from "./model/server.js";
import type { EntryOffsets } from "./model/source.js";
import type { Summary, ToolLosses } from "./model/summary.js";
import { servingOf } from "./serving.js";

export const phases = ["read", "check", "lower", "lint", "emit", "write", "type-check", "bundle"] as const;
export type Phase = (typeof phases)[number];

/** The outcome of a run of the compiler. */
export interface Compilation {
  readonly diagnostics: readonly Diagnostic[];
  /** Files that were written or removed, by project path. */
  readonly changed: readonly string[];
  /** Handlers that are stubs, those that this build has written among them; those of a check are in `diagnostics`, too. */
  readonly unwritten: readonly Diagnostic[];
  /** Absent when the manifests have errors. */
  readonly summary?: Summary;
  /**
   * Files that were read past the host: packages, and what only a library opens. Relative to the project. The record of a
   * build adds those that were read or looked for through the host.
   */
  readonly inputs: readonly string[];
}

/** Facts that a run of the compiler finds out on its way. */
interface Findings {
  readonly diagnostics?: readonly Diagnostic[];
  readonly inputs?: readonly string[];
  /** Findings of lint in handlers. */
  readonly linted?: readonly Diagnostic[];
  readonly unwritten?: readonly Diagnostic[];
  readonly server?: Server;
  readonly offsets?: EntryOffsets;
  readonly severities?: Severities;
}

/** Collects what a run of the compiler has to say. */
export interface RunReport {
  readonly isBuild: boolean;
  /** Announces a phase. */
  phase(phase: Phase): void;
  /** Keeps the diagnostics of a result, and returns its value unless there are errors among them. */
  take<T>(result: Result<T>): T | undefined;
  add(findings: Findings): void;
  /** Whether any error was kept. */
  hasErrors(): boolean;
  commit(changes: readonly Change[]): void;
  done(): Compilation;
}

/** `mode` as for `compile`: a check reports stubs as diagnostics. */
export function createReport(
  host: Host,
  { mode, onPhase }: { readonly mode: "build" | "check"; readonly onPhase?: (phase: Phase) => void },
): RunReport {
  const diagnostics: Diagnostic[] = [];
  const inputs: string[] = [];
  const changed: string[] = [];
  let unwritten: readonly Diagnostic[] = [];
  let server: Server | undefined;
  let offsets: EntryOffsets = new Map();
  let severities: Severities = {};
  const located = (found: readonly Diagnostic[]): Diagnostic[] =>
    found.flatMap((diagnostic) => withSeverity(absolute(diagnostic, offsets), severities) ?? []);
  const add = (findings: Findings): void => {
    server = findings.server ?? server;
    offsets = findings.offsets ?? offsets;
    severities = findings.severities ?? severities;
    inputs.push(...(findings.inputs ?? []));
    diagnostics.push(...located([...(findings.diagnostics ?? []), ...(findings.linted ?? [])]));
    unwritten = findings.unwritten ? located(findings.unwritten) : unwritten;
  };
  return {
    isBuild: mode === "build",
    phase: (phase) => onPhase?.(phase),
    take: (result) => {
      const found = located(result.diagnostics);
      diagnostics.push(...found);
      return hasErrors(found) ? undefined : result.value;
    },
    add,
    hasErrors: () => hasErrors(diagnostics),
    commit: (changes) => {
      if (changes.length === 0) return;
      host.commit(changes);
      changed.push(...changes.map(({ path }) => path));
    },
    done: () => ({
      diagnostics: (mode === "check" ? [...diagnostics, ...unwritten] : diagnostics).toSorted(byPlace),
      changed,
      unwritten,
      inputs,
      ...(server && { summary: summaryOf(server) }),
    }),
  };
}

function summaryOf(server: Server): Summary {
  const { info, layout, tools, resources, resourceTemplates, prompts } = server;
  return {
    name: String(info["name"]),
    tools: tools.length,
    resources: resources.length,
    resourceTemplates: resourceTemplates.length,
    prompts: prompts.length,
    bundle: `${layout.dist}/server.js`,
    serving: servingOf(server),
    losses: server.projections.flatMap(({ profile, tools }) =>
      tools.flatMap(({ name, losses }): ToolLosses[] =>
        losses.length === 0 ? [] : [{ profile, tool: name, rules: [...new Set(losses.map(({ rule }) => rule))] }],
      ),
    ),
  };
}
