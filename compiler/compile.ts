import { emitUserFiles, emitValidators, orphans, renamed, unwritten, userFiles, type Rename } from "./4-emit/index.js";
import { plan, textsOf, type Plan } from "./5-write/index.js";
import { typecheck, type Ask } from "./6-typecheck/index.js";
import { foresee, run, type Bundler } from "./7-bundle/bundler.js";
import { bundle } from "./7-bundle/index.js";
import { byPlace, diagnose, hasErrors, type Diagnostic, type Result } from "./diagnostics/diagnostic.js";
import { anew, type Again, type Lasting } from "./model/again.js";
import type { Earlier, Untouched } from "./model/earlier.js";
import type { Written } from "./1-read/edited.js";
import type { Data, Front, FrontFile, LeftAt } from "./front/index.js";
import { textOf, type Change, type Host } from "./host.js";
import type { Once } from "./incremental/again.js";
import { never, type Ever, type Followed, type Former } from "./incremental/ever.js";
import type { Edit } from "./model/edit.js";
import { standing, type OutputFile } from "./model/output.js";
import type { Layout, Server } from "./model/server.js";
import type { Stored } from "./model/stored.js";
import type { Summary } from "./model/summary.js";
import { servingOf } from "./serving.js";

export const phases = ["read", "check", "lower", "emit", "write", "type-check", "bundle"] as const;
export type Phase = (typeof phases)[number];

export interface Options {
  /** `check` writes nothing, and reports what `build` would change as an error. */
  readonly mode: "build" | "check";
  /** Overwrite generated files that were edited by hand. */
  readonly force?: boolean;
  /** Delete orphaned handlers into which nothing was written. */
  readonly prune?: boolean;
  /** Entries that have a new name, whose handlers are to follow. */
  readonly rename?: readonly Rename[];
  /** What the last build left that is still of use; nothing when absent. */
  readonly earlier?: Earlier;
  /** What it left that nobody has touched since. */
  readonly untouched?: Untouched;
  /** Where builds leave to later ones what is not the project's. */
  readonly stored?: Stored;
  /** What earlier builds have left of what manifests come to; nothing when absent. */
  readonly ever?: Ever;
  /** What earlier builds in this process have worked out; nothing when absent. */
  readonly again?: Again;
  readonly once?: Once;
  /** What earlier builds have left of what they have worked out; nothing when absent. */
  readonly lasting?: Lasting;
  /** Who is asked about types, if not a process that ends with the answer. */
  readonly ask?: Ask;
  /** What has esbuild make bundles, if not each time anew. */
  readonly bundler?: Bundler;
  /** Told that there is something to do, before the first phase. */
  readonly preparing?: () => void;
  /** Told of each phase as it starts. */
  readonly entering?: (phase: Phase) => void;
}

export interface Compilation {
  readonly diagnostics: readonly Diagnostic[];
  /** What was written or removed, by project path. */
  readonly changed: readonly string[];
  /** Handlers that are stubs, those that this build has written among them; those of a check are in `diagnostics`, too. */
  readonly unwritten: readonly Diagnostic[];
  /** Absent when the manifests did not get as far as a server. */
  readonly summary?: Summary;
  /**
   * Files that were read, not through the host: packages, and what only a library opens. Relative to the project. Of an
   * incremental build, those read or looked for through the host, too.
   */
  readonly inputs: readonly string[];
}

/**
 * One run of the compiler over one project. A mistake in the manifests writes nothing. A type error in a handler leaves
 * `dist/` and the lock file as they were; `generated/` is already new, so that editors show the same error.
 * Throws `HostError` when the machine refuses; anything else thrown is a bug.
 */
export async function compile(host: Host, options: Options): Promise<Compilation> {
  const diagnostics: Diagnostic[] = [];
  const changed: string[] = [];
  const inputs: string[] = [];
  let unfinished: readonly Diagnostic[] = [];
  let entered: Phase | undefined;
  /** Of a phase that goes on, nothing is told once more. */
  const enter = (phase: Phase): void => {
    if (phase !== entered) options.entering?.((entered = phase));
  };
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return hasErrors(result.diagnostics) ? undefined : result.value;
  };
  const commit = (changes: readonly Change[]): void => {
    host.commit(changes);
    changed.push(...changes.map((change) => change.path));
  };
  let leave = (): void => {};
  const done = (server?: Server): Compilation => {
    leave();
    const all = options.mode === "check" ? [...diagnostics, ...unfinished] : diagnostics;
    const sorted = all.toSorted(byPlace);
    const summary = server && { summary: summaryOf(server) };
    return { diagnostics: sorted, changed, unwritten: unfinished, inputs, ...summary };
  };

  const again: Again = options.again ?? anew;
  const { ever = never, earlier = () => false, force = false, untouched = () => false } = options;
  const leftAt: LeftAt = (path, id) => (untouched(path, id) ? host.read(path) : undefined);
  /** Told by the phases up to generated code, if they are gone through. */
  let edit: Edit | undefined;
  const made = await ever<Result<Front>, Written>(
    "front",
    host,
    async (asked, before) => {
      const { again, once, lasting } = options;
      const { front } = await import("./front/index.js");
      const fronted = front(asked, { again, once, lasting, before, left: leftAt, entering: enter });
      edit = fronted.edit;
      return fronted;
    },
    (result) => !hasErrors(result.diagnostics),
  );
  leave = made.leave;
  const fronted = take(made.output);
  if (!fronted) return done();
  const { server } = fronted;
  enter("emit");
  for (const rename of options.rename ?? []) {
    const move = take(renamed(server, rename, handlerTexts(server.layout, host)));
    if (!move) return done(server);
    commit([{ path: move.to, bytes: new TextEncoder().encode(move.text) }, { path: move.from }]);
  }
  /** The files with their texts, but for those that stand as they are wanted. */
  const whole = async ({ id, texts }: WithTexts, files: readonly FrontFile[]): Promise<OutputFile[]> => {
    const stands = files.map(({ path }) => id !== undefined && earlier(path, id));
    const wanted = stands.every(Boolean) ? undefined : await texts();
    return files.map((file, index) => ({ ...file, content: stands[index] ? standing : wanted!.get(file.path)! }));
  };
  const code = await whole(made, fronted.generated);
  const existing = existingHandlers(server, host);
  const isBuilt = host.size(lockFile) > 0;
  const inFolders = handlerTexts(server.layout, host);
  const others = isBuilt ? elsewhere(server, existing, host) : new Map<string, string>();
  const theirs = take(emitUserFiles(server, existing, others, [...inFolders.keys()]));
  const written = options.mode === "build" ? textsOf(theirs ?? [], host) : [];
  unfinished = unwritten(server, new Map([...existing, ...written]));
  // Types need no data and no validators: they may be checked while those are made.
  const ask = options.ask ?? (await import("./host-node/typescript/index.js")).askOnce(host);
  const checking = theirs && typecheck(server, textsOf([...code, ...theirs], host), ask);
  checking?.catch(() => {});
  // What goes wrong will once more, when it is waited for.
  if (options.mode === "build" && !options.bundler) foresee().catch(() => {});
  const left = orphans(server, inFolders, () => listedNames(host, again)).filter(
    ({ path }) => !isFound(path, diagnostics),
  );
  const pruned = options.prune ? left.filter(({ untouched }) => untouched) : [];
  diagnostics.push(...left.filter((orphan) => !pruned.includes(orphan)).map(({ diagnostic }) => diagnostic));
  if (!theirs || !checking) return done(server);
  const emit = (): Promise<typeof import("./front/index.js")> => import("./front/index.js");
  const upon = <Output>(before: Former<Output> | undefined) => edit && before && { edit, before, left: leftAt };
  const following = await made.follow<Data>("data", async (before) =>
    (await emit()).data(server, options.again, upon(before)),
  );
  const data = await whole(following, following.output.generated);
  const listings = following.output.listings && {
    forms: following.output.listings.forms,
    files: await whole(following, following.output.listings.files),
  };
  const validators = take(await emitValidators(server, fronted.validators, earlier, again));
  if (!validators) return done(server);
  const sources = [...code, ...data, ...theirs, ...validators];

  enter("write");
  const planned = (files: readonly OutputFile[], ...sweep: readonly string[]): Result<Plan> =>
    plan(files, host, { sweep, force, untouched });
  const lock = async (): Promise<OutputFile[]> => {
    const { output, ...kept } = await made.follow<readonly FrontFile[]>("lock", async (before) =>
      (await emit()).lock(server, upon(before)),
    );
    return whole(kept, output);
  };
  const sourcePlan = take(planned(sources, `${server.layout.generated}/**/*.ts`));
  if (!sourcePlan) return done(server);
  if (options.mode === "build") {
    commit([...sourcePlan.changes, ...pruned.map(({ path }) => ({ path }))]);
  } else {
    const artifacts = await lock();
    const lockPlan = take(planned(artifacts));
    const changes = [...sourcePlan.changes, ...(lockPlan?.changes ?? [])];
    diagnostics.push(...stale(changes, [...sources, ...artifacts], server.layout, host));
  }

  enter("type-check");
  let answered = (): void => {};
  const isAnswered = new Promise<void>((resolve) => (answered = resolve));
  const { stored, bundler = run } = options;
  const apart = validators
    .map(({ path }) => path)
    .filter((path) => path.startsWith(`${server.layout.generated}/validators/`));
  const means = { listings, validators: apart, earlier, again, stored, bundler, answered };
  // Only what stands on the disk can be bundled.
  const isWritten = options.mode === "build" || sourcePlan.changes.length === 0;
  const bundles = isWritten && !hasErrors(diagnostics);
  const bundling = bundles ? bundle(server, host, means) : undefined;
  // Beside the check; a mistake that types show would be told once more, and worse, by the bundler.
  const isDone = bundling?.then(
    () => {},
    () => {},
  );
  // Neither need be waited for meanwhile; but the bundler is not to wait for answers.
  await Promise.race([isAnswered, isDone]);
  const lockPlan = bundles && planned(await lock());
  leave();
  const checked = await checking;
  take(checked);
  // Those in which there are errors, too: they may be mended there.
  inputs.push(...(checked.value?.inputs ?? []));
  // So that the next build learns of a new file.
  if (checked.value?.isProject) host.find(["**/*.{ts,tsx,mts,cts}"], notOfProject(server.layout));
  const result = await bundling;
  if (!result || !lockPlan || hasErrors(diagnostics)) return done(server);
  enter("bundle");
  const { withExternalFixes } = await import("./external-fixes.js");
  const bundled = take({ ...result, diagnostics: withExternalFixes(result.diagnostics, host) });
  if (!bundled || options.mode === "check") return done(server);
  inputs.push(...bundled.inputs);
  const bundlePlan = planned(
    bundled.files,
    `${server.layout.dist}/chunks/**/*.{js,json}`,
    `${server.layout.dist}/assets/*`,
    `${server.layout.dist}/{bundle,server}.js*`,
  );
  const artifacts = [take(lockPlan), take(bundlePlan)];
  if (!hasErrors(diagnostics)) commit(artifacts.flatMap((plan) => plan?.changes ?? []));
  // So that the next build of this process need not read it.
  const lockText = options.again && host.read(lockFile);
  if (lockText) again("listed names", lockText, () => namesOf(server));
  return done(server);
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
  };
}

/** The texts of the files that are the user's, where they exist. */
export function existingHandlers(server: Server, host: Host): Map<string, string> {
  return texts(userFiles(server), host);
}

type WithTexts = Pick<Followed<unknown>, "id" | "texts">;

/** The names and URIs in the lock file of the last build. */
function listedNames(host: Host, again: Again): Set<string> | undefined {
  const bytes = host.read(lockFile);
  return bytes && again("listed names", bytes, () => namesIn(bytes));
}

const lockFile = "mcpc.lock.json";

function namesOf({ tools, resources, resourceTemplates, prompts }: Server): Set<string> {
  const named = [...tools, ...prompts].map(({ name }) => name);
  return new Set([
    ...named,
    ...resources.map(({ uri }) => uri),
    ...resourceTemplates.map((entry) => entry.uriTemplate),
  ]);
}

function namesIn(bytes: Uint8Array): Set<string> | undefined {
  try {
    const lock = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, readonly Record<string, string>[]>;
    const entries = [lock["tools"], lock["resources"], lock["resourceTemplates"], lock["prompts"]].flat();
    return new Set(entries.map((entry) => String(entry?.["uri"] ?? entry?.["uriTemplate"] ?? entry?.["name"])));
  } catch {
    return undefined;
  }
}

/** Where a handler that is not in its place could be, once there has been a build. */
function elsewhere(server: Server, existing: ReadonlyMap<string, string>, host: Host): Map<string, string> {
  if (userFiles(server).every((path) => existing.has(path))) return new Map();
  const { source } = server.layout;
  return texts(host.find([`${source}/**/*.ts`, `${source}/**/*.tsx`, `${source}/**/*.mts`], []), host);
}

/** A moved handler is no orphan. */
function isFound(path: string, diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ code, related }) => code === "handler/moved" && related[0]?.span.path === path);
}

/** What stands where handlers live by convention. */
function handlerTexts(layout: Layout, host: Host): Map<string, string> {
  const folders = ["tools", "resources", "resource-templates", "prompts"];
  const patterns = folders.map((folder) => `${layout.source}/${folder}/*.{ts,mts,cts,tsx}`);
  return texts(host.find(patterns, []), host);
}

/** Folders without files that could declare something for the handlers. */
function notOfProject({ generated, dist }: Layout): string[] {
  return ["**/node_modules/**", "**/.*/**", `${generated}/**`, `${dist}/**`];
}

function texts(paths: readonly string[], host: Host): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const bytes = host.read(path);
    if (bytes) found.set(path, textOf(bytes));
  }
  return found;
}

/** A `generated/` that is wholly absent is not stale: it may be ignored by version control. */
function stale(changes: readonly Change[], files: readonly OutputFile[], layout: Layout, host: Host): Diagnostic[] {
  const owners = new Map(files.map((file) => [file.path, file.owner]));
  const hasGenerated = host.find([`${layout.generated}/**/*.ts`], []).length > 0;
  return changes
    .filter(({ path }) => hasGenerated || owners.get(path) !== "generated")
    .map(({ path, bytes }) =>
      diagnose("output/stale", undefined, {
        path,
        state: bytes === undefined ? "superfluous" : host.read(path) ? "different" : "missing",
      }),
    );
}
