import { read } from "./1-read/index.js";
import { check } from "./2-check/index.js";
import { lower } from "./3-lower/index.js";
import { traceReads } from "./cache/trace.js";
import { absolute } from "./diagnostics/absolute.js";
import { hasErrors, type Diagnostic, type Result } from "./diagnostics/diagnostic.js";
import type { Host } from "./host.js";
import { lint, withSeverity, type HandlerSettings, type Severities } from "./lint/index.js";
import { noCache, type Cache } from "./model/cache.js";
import type { Costs } from "./model/costs.js";
import type { Project } from "./model/project.js";
import type { Server } from "./model/server.js";
import type { EntryOffsets, Sources } from "./model/source.js";
import { checkBudgets } from "./tokens/budgets.js";
import { costsOf } from "./tokens/costs.js";

/** All that follows from the manifests, whatever the handlers are. */
export interface CompiledManifests {
  readonly server: Server;
  /** The places of the entries that spans of the server count from. */
  readonly offsets: EntryOffsets;
  /** The tokens of the server's entries. */
  readonly costs: Costs;
}

/** The same with the severities of warnings that `build.rules` sets. */
export interface LintedManifests extends CompiledManifests {
  readonly severities: Severities;
  /** The settings of lint rules that read the source of handlers. */
  readonly handlers: HandlerSettings;
}

type OnPhase = (phase: "read" | "check" | "lower" | "lint") => void;

/** The phases from the manifests to the server. Spans of its diagnostics count from the beginning of their files. */
export function compileManifests(
  host: Host,
  onPhase: OnPhase = () => {},
  cache: Cache = noCache,
): Result<CompiledManifests> {
  const { value, diagnostics } = lowerManifests(host, onPhase, cache);
  return { ...(value && { value: { server: value.server, offsets: value.offsets, costs: value.costs } }), diagnostics };
}

/** The same phases, lint, and the budgets of tokens. */
export function lintManifests(
  host: Host,
  onPhase: OnPhase = () => {},
  cache: Cache = noCache,
): Result<LintedManifests> {
  const { value, diagnostics } = lowerManifests(host, onPhase, cache);
  if (!value) return { diagnostics };
  onPhase("lint");
  const { project, server, offsets, costs } = value;
  const linted = lint(project, server, host, cache);
  const { severities, handlers } = linted;
  const all = [
    ...diagnostics.flatMap((diagnostic) => withSeverity(diagnostic, severities) ?? []),
    ...[...linted.diagnostics, ...checkBudgets(server, costs)].map((diagnostic) => absolute(diagnostic, offsets)),
  ];
  return { ...(!hasErrors(all) && { value: { server, offsets, costs, severities, handlers } }), diagnostics: all };
}

/** `lintManifests`, unless the files that it read are as they were. */
export function cachedManifests(host: Host, onPhase: OnPhase, cache: Cache): Promise<Result<LintedManifests>> {
  return cache.traced("server", [], host, async () => {
    const traced = traceReads(host);
    const value = lintManifests(traced.host, onPhase, cache);
    return { value, trace: traced.trace(), isCacheable: value.value !== undefined };
  });
}

interface Lowered extends CompiledManifests {
  readonly project: Project;
}

function lowerManifests(host: Host, onPhase: OnPhase, cache: Cache): Result<Lowered> {
  const diagnostics: Diagnostic[] = [];
  let offsets: EntryOffsets = new Map();
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics.map((diagnostic) => absolute(diagnostic, offsets)));
    return hasErrors(result.diagnostics) ? undefined : result.value;
  };
  onPhase("read");
  const found = read(host, cache);
  if (found.value) offsets = offsetsOf(found.value);
  const sources = take(found);
  if (!sources) return { diagnostics };
  onPhase("check");
  const project = take(check(sources, host, cache));
  if (!project) return { diagnostics };
  onPhase("lower");
  const server = lower(project, cache);
  return { value: { project, server, offsets, costs: costsOf(server, cache) }, diagnostics };
}

function offsetsOf({ manifests }: Sources): EntryOffsets {
  return new Map(manifests.flatMap(({ path, entries }) => (entries ? [[path, entries]] : [])));
}
