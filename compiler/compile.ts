import { bundledCode, emitCode, emitData, emitLock } from "./4-emit/generated.js";
import { emitValidators, type Rename } from "./4-emit/index.js";
import { plan, textsOf, type Plan, type Planning } from "./5-write/index.js";
import { typecheck, type Checked } from "./6-typecheck/index.js";
import { bundle } from "./7-bundle/index.js";
import { cachedManifests } from "./compile-manifests.js";
import type { Result } from "./diagnostics/diagnostic.js";
import { withExternalFixes } from "./external-fixes.js";
import type { Host } from "./host.js";
import type { Artifact } from "./model/output.js";
import type { Server } from "./model/server.js";
import { createReport, type Compilation, type Phase } from "./report.js";
import type { Session } from "./session.js";
import { staleFiles } from "./stale-files.js";
import { emitStubs, findOrphans, inspectHandlers, renameHandlers } from "./user-files.js";

export { phases, type Compilation, type Phase } from "./report.js";

export interface Options {
  /** `check` writes nothing, and reports what `build` would change as an error. */
  readonly mode: "build" | "check";
  /** Overwrite generated files that were edited by hand. */
  readonly force?: boolean;
  /** Delete orphaned handlers into which nothing was written. */
  readonly prune?: boolean;
  /** Entries that have a new name, whose handlers are to follow. */
  readonly rename?: readonly Rename[];
  /** Called with each phase as it starts. */
  readonly onPhase?: (phase: Phase) => void;
}

/**
 * One run of the compiler over one project. A mistake in the manifests writes nothing. A type error in a handler leaves
 * `dist/` and the lock file as they were; `generated/` is already new, so that editors show the same error.
 * Throws `HostError` when the machine refuses; any other exception is a bug.
 */
export async function compile(session: Session, options: Options): Promise<Compilation> {
  const { host, cache, artifacts } = session;
  const { isBuild, phase, take, add, hasErrors, commit, done } = createReport(host, options);
  const planned: Planned = (files, ...sweep) => take(plan(files, host, planning(sweep, session, options)));

  const manifests = take(await cachedManifests(host, phase, cache)); // read, check, lower, lint
  if (!manifests) return done();
  const { server, costs } = manifests;
  add(manifests);
  const lock = emitLock(server, costs);

  phase("emit");
  const moves = take(renameHandlers(server, host, options.rename));
  if (!moves) return done();
  commit(moves);
  const code = emitCode(server, cache);
  const { value: stubs, diagnostics } = emitStubs(server, host);
  const texts = textsOf([...code, ...(stubs ?? [])], host, artifacts.isUpToDate);
  add({ diagnostics, ...inspectHandlers(manifests, host, isBuild ? texts : new Map()) });
  const checking = hasErrors() ? undefined : handled(typecheck(server, texts, session.typeChecker));
  const orphans = findOrphans(server, host, options.prune ?? false, diagnostics);
  add(orphans);
  if (!stubs || !checking) return done();
  const validators = take(await emitValidators(server, artifacts.isUpToDate));
  if (!validators) return done();
  const sources = [...code, ...emitData(server), ...stubs, ...validators];

  phase("write");
  const sourcePlan = planned(sources, ...generatedFiles(server));
  if (!sourcePlan) return done();
  if (isBuild) commit([...sourcePlan.changes, ...orphans.pruned]);
  else add(staleFiles([sourcePlan, planned([lock])], [...sources, lock], server, host));

  phase("type-check");
  const isOnDisk = isBuild || sourcePlan.changes.length === 0;
  const bundling = isOnDisk && !hasErrors() ? handled(bundle(server, bundledCode(server), session)) : undefined;
  const types = await checking;
  take(types);
  add(inputsOf(types, server, host));
  const result = await bundling;
  if (!result || hasErrors()) return done();

  phase("bundle");
  const bundled = take({ ...result, diagnostics: withExternalFixes(result.diagnostics, host) });
  if (!bundled || !isBuild) return done();
  add({ inputs: bundled.inputs });
  commit(planned([lock, ...bundled.files], ...bundleFiles(server))?.changes ?? []);
  return done();
}

type Planned = (files: readonly Artifact[], ...sweep: readonly string[]) => Plan | undefined;

function planning(sweep: readonly string[], { artifacts }: Session, { force = false }: Options): Planning {
  return { sweep, force, ...artifacts };
}

/** Work that runs beside what follows: errors surface where it is awaited. */
function handled<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** Patterns of the files that are ours alone. */
function generatedFiles({ layout: { generated } }: Server): string[] {
  return [`${generated}/**/*.ts`];
}

function bundleFiles({ layout: { dist } }: Server): string[] {
  return [`${dist}/chunks/**/*.{js,json}`, `${dist}/assets/*`, `${dist}/{bundle,server}.js*`];
}

/** Returns the files that types depend on, those with errors too: the errors may be mended there. */
function inputsOf({ value }: Result<Checked>, { layout }: Server, host: Host): { readonly inputs: readonly string[] } {
  // A search, so that the next build learns of a new file; these folders have none that could declare something.
  const ignored = ["**/node_modules/**", "**/.*/**", `${layout.generated}/**`, `${layout.dist}/**`];
  if (value?.isProject) host.find(["**/*.{ts,tsx,mts,cts}"], ignored);
  return { inputs: value?.inputs ?? [] };
}
