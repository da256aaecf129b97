import { createHash } from "node:crypto";
import { diagnose, hasErrors, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import { child } from "../json-schema/pointer.js";
import type { Reachable } from "../json-schema/resolve.js";
import type { BuildDeclaration, Declared, Project, RuntimeDeclaration } from "../model/project.js";
import type { JsonObject, Located, Member, SourceFile, Sources, Span } from "../model/source.js";
import { anew, type Again, type Lasting } from "../model/again.js";
import { projectPath } from "../project-path.js";
import { checkCaches } from "./caches.js";
import { resolveFiles, resolveInstructions, resolveVersion, type Files } from "./files.js";
import { refuseHeaders } from "./headers.js";
import { refuseSameIds } from "./identifiers.js";
import { checkLayout } from "./layout.js";
import { merge, type Merged } from "./merge.js";
import { checkOpenObjects } from "./open-objects.js";
import { checkPrompt } from "./prompts.js";
import { checkHealth, checkHooks, configSchema } from "./runtime.js";
import { checkAuth, exportsAuthenticate, findSecrets } from "./auth.js";
import { checkResource, checkResourceTemplate } from "./resources.js";
import { schemaChecks } from "./schemas.js";
import { checkShape } from "./shape.js";
import { soundness, type Sound } from "./sound.js";
import { textParts } from "./text-part.js";
import { checkToolEvents } from "./tool-events.js";
import { checkTool } from "./tools.js";
import { checkSupported } from "./unsupported.js";

/** Checks all manifests, merged: every mistake is reported with its place. */
export function check(
  sources: Sources,
  host: Pick<Host, "manifestSchema" | "contains">,
  again: Again = anew,
  lasting: Lasting = anew,
): Result<Project> {
  const secrets = sources.manifests.flatMap(findSecrets);
  const shape = sources.manifests.flatMap((manifest) => [
    ...checkShape(manifest, host.manifestSchema),
    ...checkOpenObjects(manifest, host.manifestSchema),
  ]);
  // What is said of a secret's shape would show it.
  const shown = shape.filter(({ span }) => !secrets.some(({ extent }) => beginsIn(span, extent)));
  const told = [...secrets.map(({ diagnostic }) => diagnostic), ...shown];
  if (hasErrors(told)) return { diagnostics: [...told, ...checkOthers(sources, told, host)] };
  const diagnostics: Diagnostic[] = [...told];
  const sound = soundness(again, diagnostics);
  const merged = merge(sources.manifests, diagnostics);
  checkSupported(merged, diagnostics);
  checkLayout(merged, diagnostics);
  checkCaches(merged, diagnostics);
  checkToolEvents(merged, diagnostics);
  const config = configSchema(merged);
  checkHealth(merged, diagnostics);
  checkSchemas(merged, config, sources, reachable(merged, sources, host), again, lasting, sound, diagnostics);
  const manifests = new Set(sources.manifests.map(({ path }) => path));
  for (const [path, { root }] of sources.schemas) if (!manifests.has(path)) refuseHeaders(root, diagnostics);
  const part = textParts(sources.manifests);
  for (const tool of merged.tools) sound("tools", tool.node.value, (found) => checkTool(tool, part, found));
  merged.resources.forEach((resource) => checkResource(resource, diagnostics));
  merged.resourceTemplates.forEach((template) => checkResourceTemplate(template, diagnostics));
  merged.prompts.forEach((prompt) => checkPrompt(prompt, part, diagnostics));
  const files = {
    contains: (path: string) => host.contains(path),
    contents: sources.contents,
    versions: sources.versions,
  };
  const project = resolved(merged, sources, files, diagnostics);
  const hooks = checkHooks(merged, sources, files, diagnostics);
  const authenticates = hooks !== undefined && exportsAuthenticate(sources.modules.get(hooks) ?? "");
  checkAuth(merged, authenticates, diagnostics);
  const surroundings = { ...(hooks !== undefined && { hooks }), ...(config && { config }), authenticates };
  return { ...(project && { value: { ...project, ...surroundings } }), diagnostics };
}

function beginsIn(span: Span | undefined, extent: Span): boolean {
  return span?.path === extent.path && span.start >= extent.start && span.start < extent.end;
}

/** Checks the schemas of manifests whose shape is not right, and each entry whose shape is: one run reports it all. */
function checkOthers(
  sources: Sources,
  mistakes: readonly Diagnostic[],
  host: Pick<Host, "manifestSchema" | "contains">,
): readonly Diagnostic[] {
  const isRight = ({ node: { span } }: Declared<JsonObject>): boolean =>
    !mistakes.some(({ span: at }) => beginsIn(at, span));
  const merged = merge(sources.manifests.map(onlyEntries), []);
  const found: Diagnostic[] = [];
  const sound = soundness(anew, found);
  checkSchemas(merged, undefined, sources, reachable(merged, sources, host), anew, anew, sound, found);
  for (const tool of merged.tools.filter(isRight)) checkTool(tool, textParts(sources.manifests), found);
  for (const resource of merged.resources.filter(isRight)) checkResource(resource, found);
  for (const template of merged.resourceTemplates.filter(isRight)) checkResourceTemplate(template, found);
  return found.filter(
    ({ span }) => !mistakes.some(({ span: at }) => at?.path === span?.path && at?.start === span?.start),
  );
}

/** A manifest with its entries and shared schemas alone, as far as they are objects. */
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

function resolved(merged: Merged, sources: Sources, files: Files, diagnostics: Diagnostic[]): Project | undefined {
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
    defs: merged.defs,
    runtime: (merged.runtime?.value ?? {}) as RuntimeDeclaration,
    build: (merged.build?.value ?? {}) as BuildDeclaration,
    schemas: new Map([...sources.schemas].map(([path, file]) => [path, file.root])),
    contents: files.contents,
    ...(sources.handlers && { handlers: sources.handlers }),
    // The shapes were checked against mcp.schema.json, which says the same as these types.
  } as unknown as Project;
}

function checkSchemas(
  merged: Merged,
  config: Located | undefined,
  sources: Sources,
  reachable: Reachable,
  again: Again,
  lasting: Lasting,
  sound: Sound,
  diagnostics: Diagnostic[],
): void {
  const shared = [...merged.defs.values()].map(({ node }) => node);
  const schemas = [...sources.schemas].map(([path, { root }]) => [path, root.value] as const);
  const others = createHash("sha256")
    .update(JSON.stringify([[...merged.defs.keys()], shared.map(({ value }) => value), schemas]))
    .digest("base64url");
  diagnostics.push(...refuseSameIds(reachable));
  const { check } = schemaChecks(reachable, others, again, lasting, diagnostics);
  if (config) check({ node: config, file: config.span.path });
  for (const [definition, { node }] of merged.defs) {
    check({ node, file: node.span.path, definition });
    refuseHeaders(node, diagnostics);
  }
  for (const entry of [...merged.tools, ...merged.resourceTemplates]) {
    for (const key of ["inputSchema", "outputSchema", "params"]) {
      const node = child(entry.node, key);
      if (node) check({ node, file: node.span.path });
      if (node && key !== "inputSchema") sound("headers", node.value, (found) => refuseHeaders(node, found));
    }
  }
  for (const { node } of [...merged.tools, ...merged.prompts]) {
    const questions = child(node, "elicitations");
    for (const question of questions?.kind === "object" ? questions.members : []) {
      const form = child(question.node, "requestedSchema");
      if (form) check({ node: form, file: form.span.path });
    }
  }
}

function reachable(merged: Merged, sources: Sources, host: Pick<Host, "contains">): Reachable {
  return {
    definitions: new Map(
      [...merged.defs].map(([name, { node }]) => [name, { node, file: node.span.path, definition: name }]),
    ),
    files: [...sources.schemas].map(([path, { root }]) => ({ node: root, file: path })),
    file: (from, written) => {
      const path = projectPath(from, written);
      if (path === undefined || !host.contains(path)) return "outside";
      const file = sources.schemas.get(path);
      return file ? { node: file.root, file: path } : "missing";
    },
  };
}
