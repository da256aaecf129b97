import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { fingerprint } from "../fingerprint.js";
import { child } from "../json-schema/pointer.js";
import { noCache, type Cache, type Disk, type Fingerprint } from "../model/cache.js";
import type { Declared, Project } from "../model/project.js";
import type { Server } from "../model/server.js";
import { checkConfusions } from "./confusions.js";
import { foldContradictions, type Found } from "./contradictions.js";
import { entryOf, type ListedEntry, type EntrySection, type ServerInfo, type ListedSurface } from "./entry.js";
import type { HandlerSettings } from "./handlers.js";
import { fixOf, placeIn, spanOf, walk } from "./places.js";
import type { Profile } from "./profiles.js";
import type { LintFinding, RuleContext } from "./rule.js";
import { readSettings, withSeverity, type ActiveRule, type Severities } from "./settings.js";
import { ruleTable, type RuleCode } from "./rules.js";
import { applyWaivers } from "./waivers.js";

export { lintHandlers, type HandlerSettings } from "./handlers.js";
export { withSeverity, type Severities } from "./settings.js";

export interface Linted {
  readonly diagnostics: readonly Diagnostic[];
  /** Severities of other warnings, by code, as `build.rules` sets them. */
  readonly severities: Severities;
  /** The settings of rules that read the source of handlers. */
  readonly handlers: HandlerSettings;
}

/** Runs the lint rules of the chosen profiles. Spans of diagnostics count from their entries. */
export function lint(project: Project, server: Server, disk: Pick<Disk, "isPast">, cache: Cache = noCache): Linted {
  const settings = readSettings(project, disk);
  const { active, severities } = settings;
  const surface = surfaceOf(project, server);
  const found = [
    ...lintEntries(surface, active, project, cache),
    ...active.flatMap((each) => lintSurface(each, surface, project)),
  ];
  const severityOf = new Map(active.map(({ code, severity }) => [code as string, severity]));
  const findings = found.map((each) => ({
    ...each,
    diagnostic: { ...each.diagnostic, severity: severityOf.get(each.code)! },
  }));
  const keys = surface.entries.map(({ key }) => key);
  const isOfHandlers = ({ rule }: { readonly rule: string }): boolean =>
    ruleTable.get(rule as RuleCode)?.handler !== undefined;
  const waivers = settings.waivers.filter((waiver) => !isOfHandlers(waiver));
  const { value: kept, diagnostics } = applyWaivers(findings, waivers, keys);
  const isActive = (code: string, entry: string): boolean =>
    code === "schema/root-not-object" ||
    (severityOf.has(code) && !settings.waivers.some((waiver) => waiver.rule === code && waiver.entry === entry));
  const confusions = checkConfusions(project.buildNode && child(project.buildNode, "confusions"), surface.entries);
  const others = [...settings.diagnostics, ...diagnostics, ...confusions].flatMap(
    (each) => withSeverity(each, severities) ?? [],
  );
  const handlers = {
    active: active.filter(({ rule }) => rule.handler).map(({ code, severity }) => ({ code, severity })),
    waivers: settings.waivers.filter(isOfHandlers),
  };
  return { diagnostics: distinct([...others, ...foldContradictions(kept, isActive)]), severities, handlers };
}

interface LintedSurface extends ListedSurface {
  /** The declarations of entries. */
  readonly declared: ReadonlyMap<ListedEntry, Declared<object>>;
  /** Tools as clients of a profile see them, by profile and name: those that differ from the author's. */
  readonly projected: ReadonlyMap<string, ReadonlyMap<string, ListedEntry>>;
}

function surfaceOf(project: Project, server: Server): LintedSurface {
  const declared = new Map<ListedEntry, Declared<object>>();
  const { name, title } = project.server.value;
  const info: ServerInfo = {
    name,
    ...(title !== undefined && { title }),
    ...(server.instructions !== undefined && { instructions: server.instructions }),
    ...(server.timeoutMs !== undefined && { timeoutMs: server.timeoutMs }),
  };
  // Tools without a declaration are the compiler's own.
  const add = (section: EntrySection): void =>
    project[section].forEach((each, index) => declared.set(entryOf(section, server[section][index]!), each));
  (["tools", "resources", "resourceTemplates", "prompts"] as const).forEach(add);
  const byName = new Map(server.tools.map((tool) => [tool.name, tool]));
  const projected = server.projections.map(({ profile, tools }): [string, Map<string, ListedEntry>] => [
    profile,
    new Map(tools.map(({ name, listing }) => [name, entryOf("tools", { ...byName.get(name)!, listing })])),
  ]);
  const entries = [...declared.keys()];
  return { server: info, entries, tools: server.tools.length, declared, projected: new Map(projected) };
}

function contextOf({ profiles }: ActiveRule, { server }: ListedSurface): RuleContext {
  return { server, profiles };
}

/** Returns the findings of each entry, which depend on the entry, shared schemas and settings. */
function lintEntries(surface: LintedSurface, active: readonly ActiveRule[], project: Project, cache: Cache): Found[] {
  const applicable = active.filter(({ rule }) => rule.entry);
  const settings = settingsFingerprint(applicable, surface, project);
  const find = (entry: ListedEntry, declared: Declared<object>): Found[] =>
    applicable.flatMap((each) => {
      const own = new Set([...each.profiles].filter((profile) => !surface.projected.has(profile)));
      const findings = own.size === 0 ? [] : each.rule.entry!(entry, { server: surface.server, profiles: own });
      return [
        ...[...findings].map((finding) => found(each, finding, entry, declared, project)),
        ...findInProjections(each, entry, surface).map((finding) => found(each, finding, entry, declared, project)),
      ];
    });
  return [...surface.declared].flatMap(([entry, declared]) => {
    const { path, entry: key } = declared.node.span;
    if (key === undefined) return find(entry, declared);
    const inputs = [entry.section, path, key, project.reachable.fingerprint, settings];
    return cache.memo("linted-entry", inputs, () => find(entry, declared));
  });
}

interface ProjectedFinding extends LintFinding<unknown> {
  readonly profile: Profile;
}

/** Returns the findings of the profiles that have a projection, in what their clients see. */
function findInProjections(
  { rule, profiles }: ActiveRule,
  entry: ListedEntry,
  { server, projected }: LintedSurface,
): ProjectedFinding[] {
  return [...profiles].flatMap((profile) => {
    const tools = projected.get(profile);
    if (!tools) return [];
    const seen = entry.section === "tools" ? tools.get(entry.id) : undefined;
    const findings = [...rule.entry!(seen ?? entry, { server, profiles: new Set([profile]) })];
    // A repair would edit the manifest, where the place has another value.
    return findings.map(({ repair, ...finding }) => ({ ...finding, ...(!seen && repair && { repair }), profile }));
  });
}

function settingsFingerprint(
  active: readonly ActiveRule[],
  { server }: ListedSurface,
  { runtime, build }: Project,
): Fingerprint {
  const chosen = active.map(({ code, profiles }) => [code, ...profiles]);
  return fingerprint(JSON.stringify([chosen, server, runtime, build.defaults, build.projections]));
}

function lintSurface(each: ActiveRule, surface: LintedSurface, project: Project): Found[] {
  if (!each.rule.surface) return [];
  return [...each.rule.surface(surface, contextOf(each, surface))].map((finding) => {
    const declared = finding.entry && surface.declared.get(finding.entry);
    return found(each, finding, finding.entry, declared, project);
  });
}

function found(
  { code, rule }: ActiveRule,
  { at, parameters, repair, profile }: LintFinding<unknown> & Partial<ProjectedFinding>,
  entry: ListedEntry | undefined,
  declared: Declared<object> | undefined,
  { reachable, server }: Project,
): Found {
  const place = declared ? placeIn(declared, at, reachable) : walk(server.node, at.split("/").slice(1));
  const span = at === "" ? (declared ?? server).span : spanOf(place);
  const help = rule.help?.(parameters);
  const fix = repair && fixOf(place, repair);
  return {
    code,
    ...(entry && { entry: entry.key }),
    at,
    diagnostic: {
      code,
      severity: rule.severity,
      message: rule.message(parameters) + (profile === undefined ? "" : ` (with the projection for ${profile})`),
      span,
      ...(help !== undefined && { help }),
      related: [],
      ...(fix && { fix }),
    },
  };
}

/** Removes duplicates: several entries may share the definition with the finding. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const known = new Set<string>();
  return diagnostics.filter(({ code, span, message }) => {
    const key = JSON.stringify([code, span, message]);
    return !known.has(key) && known.add(key);
  });
}
