import { diagnose, hasErrors, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import { fingerprint } from "../fingerprint.js";
import type { Host } from "../host.js";
import { selfContained } from "../json-schema/self-contained.js";
import { noCache, type Cache, type Task } from "../model/cache.js";
import type { BuildDeclaration, Declared, Project, RuntimeDeclaration } from "../model/project.js";
import type { JsonObject, Located, Member, SourceFile, Sources, Span } from "../model/source.js";
import { checkAuth, exportsAuthenticate, findSecrets } from "./auth.js";
import { checkCaches } from "./caches.js";
import { checkConfig, settingVariables } from "./config.js";
import { checkDefaults } from "./defaults.js";
import {
  checkEntry,
  checkEntryPromises,
  checkEntrySchemas,
  checkRules,
  sections,
  type EntryChecks,
  type Section,
} from "./entry.js";
import { resolveFiles, resolveInstructions, resolveVersion, type Files } from "./files.js";
import { refuseHeaders } from "./headers.js";
import { refuseSameIds } from "./identifiers.js";
import { checkLayout } from "./layout.js";
import { merge, type Merged } from "./merge.js";
import { openObjectChecks } from "./open-objects.js";
import { checkOverlaps } from "./overlaps.js";
import { checkEndpoints, checkHealth, checkHooks, checkLogFiles, checkMetrics, configSchema } from "./runtime.js";
import { schemaChecks, type SchemaChecks, type SchemaFindings, type Target } from "./schemas.js";
import { checkShape } from "./shape.js";
import { checkStore } from "./store.js";
import { textParts } from "./text-part.js";
import { checkToolEvents } from "./tool-events.js";
import { checkSupported } from "./unsupported.js";
import { checkUpstreams } from "./upstreams.js";
import type { Reachable } from "../model/schema.js";

/** Checks all manifests, merged, and reports every error with its span. */
export function check(
  sources: Sources,
  host: Pick<Host, "manifestSchema" | "contains">,
  cache: Cache = noCache,
): Result<Project> {
  const openObjects = openObjectChecks(host.manifestSchema);
  const secrets = sources.manifests.flatMap(findSecrets);
  const shape = sources.manifests.flatMap((manifest) => [
    ...checkShape(manifest, host.manifestSchema),
    ...openObjects.surroundings(manifest),
  ]);
  // A shape error at a secret would print the secret.
  const shown = shape.filter(({ span }) => !secrets.some(({ extent }) => beginsIn(span, extent)));
  const diagnostics: Diagnostic[] = [...secrets.map(({ diagnostic }) => diagnostic), ...shown];
  if (hasErrors(diagnostics)) return { diagnostics: [...diagnostics, ...checkOthers(sources, diagnostics)] };
  const merged = merge(sources.manifests, diagnostics);
  checkSupported(merged, diagnostics);
  checkLayout(merged, diagnostics);
  checkCaches(merged, diagnostics);
  checkToolEvents(merged, diagnostics);
  checkEndpoints(merged, diagnostics);
  checkHealth(merged, diagnostics);
  checkLogFiles(merged, diagnostics);
  checkMetrics(merged, diagnostics);
  checkUpstreams(merged, diagnostics);
  checkStore(merged, diagnostics);
  const reachable = reachableFrom(merged, sources);
  const config = configSchema(merged);
  const checks = { schemas: schemaChecks(reachable), openObjects, reachable, part: textParts(sources.manifests) };
  diagnostics.push(...checkContents(merged, config, sources, checks, cache));
  const files = {
    contains: (path: string) => host.contains(path),
    contents: sources.contents,
    versions: sources.versions,
  };
  const project = resolved(merged, sources, reachable, files, diagnostics);
  const hooks = checkHooks(merged, sources, files, diagnostics);
  const authenticates = hooks !== undefined && exportsAuthenticate(sources.modules.get(hooks) ?? "");
  checkAuth(merged, authenticates, diagnostics);
  if (!project || hasErrors(diagnostics)) return { diagnostics };
  const settings = config && {
    schema: config,
    variables: settingVariables(project.runtime.config!, project.server.value.name),
  };
  diagnostics.push(...checkPromises(merged, settings, reachable, cache));
  return {
    value: {
      ...project,
      ...(hooks !== undefined && { hooks }),
      ...(settings && { config: settings }),
      authenticates,
    },
    diagnostics,
  };
}

/** Checks the schemas and each entry. Results that depend only on an entry and on shared schemas are cached. */
function checkContents(
  merged: Merged,
  config: Located | undefined,
  sources: Sources,
  checks: EntryChecks,
  cache: Cache,
): Diagnostic[] {
  const { schemas, reachable } = checks;
  const findings = [
    cache.memo("checked-shared", [reachable.fingerprint], () => checkShared(merged, sources, reachable, schemas)),
    ...(config ? [schemas.check({ node: config, file: config.span.path })] : []),
    ...forEachEntry("checked-entry", merged, reachable, cache, (section, entry) => checkEntry(section, entry, checks)),
  ];
  const targets = new Map<string, Target>();
  for (const target of findings.flatMap((each) => each.targets)) {
    const key = `${target.file}#${target.fragment}`;
    if (!targets.has(key)) targets.set(key, target);
  }
  return distinct([
    ...findings.flatMap(({ diagnostics }) => diagnostics),
    ...schemas.checkTargets([...targets.values()]).flat(),
  ]);
}

/** Checks that the manifests' own values, such as defaults and examples, are valid. */
function checkPromises(merged: Merged, settings: Project["config"], reachable: Reachable, cache: Cache): Diagnostic[] {
  const definitions = [...reachable.definitions.values()];
  return distinct([
    ...(settings ? checkConfig(settings.schema, settings.variables, reachable) : []),
    ...cache.memo("checked-promises", [reachable.fingerprint], () =>
      definitions.flatMap((root) => checkDefaults(selfContained(root, reachable))),
    ),
    ...forEachEntry("checked-promises", merged, reachable, cache, (section, entry) =>
      checkEntryPromises(section, entry, reachable),
    ).flat(),
    ...checkOverlaps(merged.resourceTemplates),
  ]);
}

/** Returns the findings of each entry, which depend only on the entry and on shared schemas. */
function forEachEntry<T>(
  task: Task,
  merged: Merged,
  { fingerprint: shared }: Reachable,
  cache: Cache,
  find: (section: Section, entry: Declared<JsonObject>) => T,
): T[] {
  return sections.flatMap((section) =>
    merged[section].map((entry) => {
      const { path, entry: key } = entry.node.span;
      return key === undefined
        ? find(section, entry)
        : cache.memo(task, [section, path, key, shared], () => find(section, entry));
    }),
  );
}

/** Checks the shared definitions, and that the schemas of all files have unique identifiers. */
function checkShared(merged: Merged, sources: Sources, reachable: Reachable, { check }: SchemaChecks): SchemaFindings {
  const diagnostics = refuseSameIds(reachable);
  const targets: Target[] = [];
  for (const [definition, { node }] of merged.defs) {
    const found = check({ node, file: node.span.path, definition });
    diagnostics.push(...found.diagnostics);
    targets.push(...found.targets);
    refuseHeaders(node, diagnostics);
  }
  const manifests = new Set(sources.manifests.map(({ path }) => path));
  for (const [path, { root }] of sources.schemas) if (!manifests.has(path)) refuseHeaders(root, diagnostics);
  return { diagnostics, targets };
}

/**
 * Removes duplicates: several schemas may reach the same error. Chains of references that are too deep are reported
 * once.
 */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const reported = new Set<string>();
  return diagnostics.filter(({ code, span, message }) => {
    const key = code === "reference/too-deep" ? code : JSON.stringify([code, span, message]);
    return !reported.has(key) && reported.add(key);
  });
}

function beginsIn(span: Span | undefined, extent: Span): boolean {
  return (
    span?.path === extent.path && span.entry === extent.entry && span.start >= extent.start && span.start < extent.end
  );
}

/**
 * Checks the schemas of manifests with a wrong shape, and each of their entries with a right one: one run reports all
 * errors.
 */
function checkOthers(sources: Sources, mistakes: readonly Diagnostic[]): readonly Diagnostic[] {
  const isRight = ({ node: { span } }: Declared<JsonObject>): boolean =>
    !mistakes.some(({ span: at }) => beginsIn(at, span));
  const merged = merge(sources.manifests.map(onlyEntries), []);
  const reachable = reachableFrom(merged, sources);
  const schemas = schemaChecks(reachable);
  const part = textParts(sources.manifests);
  const findings = [checkShared(merged, sources, reachable, schemas)];
  const found: Diagnostic[] = [];
  for (const section of sections)
    for (const entry of merged[section]) {
      findings.push(checkEntrySchemas(section, entry, schemas));
      if (section !== "prompts" && isRight(entry)) checkRules(section, entry, part, found);
    }
  const targets = schemas.checkTargets(findings.flatMap((each) => each.targets)).flat();
  return distinct([...findings.flatMap(({ diagnostics }) => diagnostics), ...targets, ...found]).filter(
    ({ span }) =>
      !mistakes.some(
        ({ span: at }) => at?.path === span?.path && at?.entry === span?.entry && at?.start === span?.start,
      ),
  );
}

/** Returns a manifest with only its entries and shared schemas, as far as they are objects. */
function onlyEntries({ root, ...file }: SourceFile): SourceFile {
  if (root.kind !== "object") return { ...file, root };
  const members = root.members.flatMap((member): Member[] => {
    const { key, node } = member;
    if (key === "$defs") return [member];
    if (node.kind !== "array") return [];
    return [{ ...member, node: { ...node, items: node.items.filter(({ kind }) => kind === "object") } }];
  });
  return { ...file, root: { ...root, members } };
}

function resolved(
  merged: Merged,
  sources: Sources,
  reachable: Reachable,
  files: Files,
  diagnostics: Diagnostic[],
): Project | undefined {
  const resolve = (entry: Declared<JsonObject>): Declared<JsonObject> => resolveFiles(entry, files, diagnostics);
  const entries = {
    tools: merged.tools.map(resolve),
    resources: merged.resources.map(resolve),
    resourceTemplates: merged.resourceTemplates.map(resolve),
    prompts: merged.prompts.map(resolve),
  };
  if (!merged.server) {
    const path = sources.manifests[0]?.path;
    diagnostics.push(
      diagnose("manifest/missing-server", path === undefined ? undefined : { path, start: 0, end: 1 }, {}),
    );
    return undefined;
  }
  return {
    ...entries,
    ...resolveVersion(resolveInstructions(merged.server, files, diagnostics), files, diagnostics),
    upstreams: Object.fromEntries([...merged.upstreams].map(([name, { value }]) => [name, value])),
    runtime: (merged.runtime?.value ?? {}) as RuntimeDeclaration,
    build: (merged.build?.value ?? {}) as BuildDeclaration,
    ...(merged.build && { buildNode: merged.build.node }),
    reachable,
    contents: files.contents,
    ...(sources.handlers && { handlers: sources.handlers }),
    // The shapes were checked against mcp.schema.json, which matches these types.
  } as unknown as Project;
}

function reachableFrom(merged: Merged, { schemas, outside }: Sources): Reachable {
  const definitions = [...merged.defs].map(([name, { node }]) => ({ node, file: node.span.path, definition: name }));
  const parts = [
    definitions.map(({ node, file, definition }) => [definition, file, node.span.entry ?? null, node.value]),
    [...schemas].map(([path, { text }]) => [path, text]),
    [...outside],
  ];
  return {
    fingerprint: fingerprint(JSON.stringify(parts)),
    definitions: new Map(definitions.map((root) => [root.definition, root])),
    files: new Map([...schemas].map(([path, { root }]) => [path, { node: root, file: path }])),
    outside,
  };
}
