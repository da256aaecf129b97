import { fingerprint } from "../fingerprint.js";
import { placeholdersIn, runtimeTemplate, splitDeclaredText } from "../json-schema/placeholders.js";
import { pointer } from "../json-schema/pointer.js";
import { noCache, type Cache } from "../model/cache.js";
import type {
  Declared,
  Project,
  PromptDeclaration,
  ResourceDeclaration,
  ResourceTemplateDeclaration,
  ToolDeclaration,
} from "../model/project.js";
import type { Projection } from "../model/projection.js";
import type {
  Completion,
  DeclaredError,
  Elicitation,
  Filling,
  Handler,
  Identifier,
  Layout,
  Prompt,
  ReferenceTypes,
  Resource,
  ResourceTemplate,
  Schema,
  Server,
  Tool,
} from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";
import { projectPath } from "../project-path.js";
import { staticContents } from "./contents.js";
import {
  promptContent,
  resourceContent,
  templateContent,
  toolContent,
  unnamedSchema,
  type EntryContent,
  type TemplateContent,
  type ToolContent,
  type UnnamedSchema,
} from "./entries.js";
import { nameEntries, type Names, type PromptNames, type TemplateNames, type ToolNames } from "./entry-names.js";
import { lowerBudgets } from "./budgets.js";
import { healthTool } from "./health.js";
import { handlerImports } from "./imports.js";
import { lowerReuse, lowerSurfaceLimits } from "./limits.js";
import { privateTypes, type PrivateReference } from "./private-types.js";
import { lowerRuntime, lowerTransports } from "./runtime.js";
import { externalPackages } from "./telemetry.js";
import { lowerUpstreams } from "./upstreams.js";

/** Lowers a project to a server: names, files, self-contained schemas, listings. Later phases decide none of these. */
export function lower(project: Project, cache: Cache = noCache): Server {
  const { reachable } = project;
  const layout = lowerLayout(project);
  const tools = [...project.tools, ...healthTool(project, layout)].map(
    (tool) => [tool, toolContent(tool, project, cache)] as const,
  );
  const templates = project.resourceTemplates.map((entry) => [entry, templateContent(entry, project, cache)] as const);
  const variables = templates.map(([, content]) => content.variables);
  const names = nameEntries(project, tools, variables, layout);
  const naming = schemaNaming(names);
  const shared = [...reachable.definitions].map(([name, { node }]) => {
    const schema = naming.schema(unnamedSchema(node, reachable, name), names.shared.get(name)!);
    return { ...schema, name };
  });
  const contents: EntryContent[] = tools.map(([, content]) => content);
  const content = <C extends EntryContent>(entry: C): C => {
    contents.push(entry);
    return entry;
  };
  const { instructions, ...info } = project.server.value as JsonObject;
  const runtime = lowerRuntime(project);
  const server = {
    info,
    ...(project.versionFile !== undefined && { versionFile: project.versionFile }),
    ...(instructions !== undefined && { instructions: instructionsText(instructions, project) }),
    transports: lowerTransports(project),
    runtime,
    ...lowerSurfaceLimits(project),
    budgets: lowerBudgets(project),
    ...(project.build.confusions && { confusions: project.build.confusions }),
    layout,
    upstreams: lowerUpstreams(project, names),
    external: externalPackages(project.build.external ?? [], runtime.telemetry),
    projections: lowerProjections(project, tools),
  };
  const entries = {
    definitions: shared,
    tools: tools.map(([tool, content], index) => lowerTool(tool, content, names.tools[index]!, naming, project)),
    resources: project.resources.map((resource, index) =>
      lowerResource(resource, content(resourceContent(resource, project, cache)), names.resources[index], project),
    ),
    resourceTemplates: templates.map(([template, own], index) =>
      lowerTemplate(template, content(own), names.resourceTemplates[index]!, naming, project),
    ),
    prompts: project.prompts.map((prompt, index) =>
      lowerPrompt(prompt, content(promptContent(prompt, project, cache)), names.prompts[index]!, naming),
    ),
  };
  return {
    fingerprint: serverFingerprint(server, names, contents, project),
    ...server,
    ...entries,
    imports: handlerImports(entries),
  };
}

/**
 * Returns the fingerprint of a server. The fingerprint of an entry's text covers the parts that follow from that text
 * alone.
 */
function serverFingerprint(
  server: Omit<Server, "fingerprint" | "definitions" | "imports" | keyof Entries>,
  names: Names,
  contents: readonly EntryContent[],
  { runtime, build: { lint: _lint, rules: _rules, waivers: _waivers, ...build }, reachable, contents: files }: Project,
): string {
  const decided = [server, { ...names, shared: [...names.shared] }, runtime, build, reachable.fingerprint];
  const bytes = [...files].map(([path, content]) => `${path} ${fingerprint(content)}`);
  return fingerprint([JSON.stringify(decided), ...contents.map((each) => each.fingerprint), ...bytes].join("\n"));
}

type Entries = Pick<Server, "tools" | "resources" | "resourceTemplates" | "prompts">;

/** Names the types of schemas; the types of private references are named last. */
interface SchemaNaming {
  schema(unnamed: UnnamedSchema, type: Identifier, privates?: readonly PrivateReference[]): Schema;
  types(unnamed: UnnamedSchema, type: Identifier): ReferenceTypes;
}

function schemaNaming(names: Names): SchemaNaming {
  const taken = new Set<string>([
    ...names.shared.values(),
    ...names.tools.flatMap(({ type, given, answers }) => [
      type,
      `${type}Input`,
      `${type}Output`,
      ...(given === undefined ? [] : [given]),
      ...Object.values(answers),
    ]),
    ...names.resources.flatMap((handler) => (handler ? [handler.type] : [])),
    ...names.resourceTemplates.flatMap(({ type }) => [type, `${type}Params`]),
    ...names.prompts.flatMap(({ type, handler, answers }) => [
      type,
      ...(handler ? [handler.type] : []),
      ...Object.values(answers),
    ]),
  ]);
  const types = (
    { shared, privates: own }: UnnamedSchema,
    type: Identifier,
    privates: readonly PrivateReference[] = own,
  ): ReferenceTypes => ({
    shared: Object.fromEntries(
      Object.entries(shared).map(([key, name]) => [pointer(["$defs", key]), names.shared.get(name)!]),
    ),
    own: privateTypes(type, privates, taken),
  });
  return {
    types,
    schema: (unnamed, type, privates) => {
      const { shared: _shared, privates: _privates, ...schema } = unnamed;
      return { ...schema, type, types: types(unnamed, type, privates) };
    },
  };
}

function lowerProjections(
  { build }: Project,
  tools: readonly (readonly [Declared<ToolDeclaration>, ToolContent])[],
): Projection[] {
  return (build.projections ?? []).map((profile) => ({
    profile,
    tools: tools.flatMap(([{ value }, { projections }]) => {
      const projected = projections[profile];
      return projected ? [{ name: value.name, ...projected }] : [];
    }),
  }));
}

function lowerTool(
  tool: Declared<ToolDeclaration>,
  content: ToolContent,
  names: ToolNames,
  naming: SchemaNaming,
  project: Project,
): Tool {
  const { name, title, description, timeoutMs = project.runtime.limits?.timeoutMs } = tool.value;
  const { maxResultTokens = project.build.budgets?.tokens?.result } = tool.value;
  const { type, given, answers, handler } = names;
  const { listing, wraps, headers, examples, filling } = content;
  const support = tool.value.execution?.taskSupport;
  const input = naming.schema(content.input, `${type}Input` as Identifier, filling?.privates);
  return {
    kind: "tool",
    name,
    scopes: tool.value.scopes ?? [],
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    listing,
    input,
    ...(filling && { filling: lowerFilling(filling, naming.types(content.input, given!), given!) }),
    ...(content.output && { output: naming.schema(content.output, `${type}Output` as Identifier) }),
    ...(wraps && { wraps }),
    errors: Object.entries(tool.value.errors ?? {}).map(([code, error]) => declaredError(code, error)),
    headers,
    elicitations: elicitations(tool.value, content, answers, naming),
    ...(isTask(support) && { task: { support, deferred: tool.value.deferTask ?? false } }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...lowerText(tool.value.text),
    ...(maxResultTokens !== undefined && { maxResultTokens }),
    ...(project.runtime.transports?.toolEvents && isReadOnly(tool.value) && { readOnly: true }),
    examples,
    ...lowerReuse(tool.value.cache, project),
    handler,
    span: content.span,
  };
}

function lowerText(text: ToolDeclaration["text"]): Pick<Tool, "text"> {
  if (text === undefined || text === "json") return {};
  return { text: text === "none" ? text : { template: runtimeTemplate(text.template) } };
}

function lowerFilling(
  { places, filled }: NonNullable<ToolContent["filling"]>,
  types: ReferenceTypes,
  type: Identifier,
): Filling {
  return { type, types, places, filled };
}

function isReadOnly({ annotations }: ToolDeclaration): boolean {
  return annotations?.readOnlyHint === true;
}

function isTask(support: string | undefined): support is "optional" | "required" {
  return support === "optional" || support === "required";
}

function declaredError(
  code: string,
  { message, description }: { message: string; description?: string },
): DeclaredError {
  return {
    code,
    message,
    template: runtimeTemplate(message),
    placeholders: placeholders(message),
    ...(description !== undefined && { description }),
  };
}

function placeholders(...texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => placeholdersIn(splitDeclaredText(text)).map(({ name }) => name)))];
}

/** Lowers the questions of a tool or a prompt. */
function elicitations(
  { elicitations: questions = {} }: ToolDeclaration | PromptDeclaration,
  { answers }: EntryContent,
  types: Readonly<Record<string, Identifier>>,
  naming: SchemaNaming,
): Elicitation[] {
  return Object.entries(questions).map(([name, { message, url }]) => ({
    name,
    message,
    template: runtimeTemplate(message),
    placeholders: placeholders(message, url ?? ""),
    ...(Object.hasOwn(answers, name) && { answer: naming.schema(answers[name]!, types[name]!) }),
    ...(url !== undefined && { url: runtimeTemplate(url) }),
  }));
}

/** Lowers a completion. `reference` is `path#export`, which the check phase has validated. */
function completion(name: string, reference: string): Completion {
  return { name, handler: named(reference, "CompletionHandler") };
}

function named(reference: string, type: string): Handler {
  const hash = reference.lastIndexOf("#");
  const exported = reference.slice(hash + 1) as Identifier;
  return { file: reference.slice(0, hash), export: exported, type: type as Identifier, declared: true };
}

function lowerResource(
  resource: Declared<ResourceDeclaration>,
  { listing, span }: EntryContent,
  handler: Handler | undefined,
  project: Project,
): Resource {
  const { uri, name, description } = resource.value;
  const fixed = staticContents(resource.value, project.contents);
  const mimeType = fixed?.mimeType ?? resource.value.mimeType;
  return {
    kind: "resource",
    uri,
    scopes: resource.value.scopes ?? [],
    name,
    ...(description !== undefined && { description }),
    ...(mimeType !== undefined && { mimeType }),
    listing,
    source: fixed ? fixed.contents : { handler: handler! },
    subscribe: resource.value.subscribe ?? false,
    ...lowerReuse(resource.value.cache, project, fixed === undefined),
    span,
  };
}

function lowerTemplate(
  entry: Declared<ResourceTemplateDeclaration>,
  { listing, span, variables, params }: TemplateContent,
  { type, handler, completions }: TemplateNames,
  naming: SchemaNaming,
  project: Project,
): ResourceTemplate {
  const { uriTemplate, name, description, mimeType } = entry.value;
  return {
    kind: "resourceTemplate",
    uriTemplate,
    scopes: entry.value.scopes ?? [],
    name,
    ...(description !== undefined && { description }),
    ...(mimeType !== undefined && { mimeType }),
    listing,
    variables,
    params: naming.schema(params, `${type}Params` as Identifier),
    handler,
    ...lowerReuse(entry.value.cache, project),
    ...(entry.value.list !== undefined && { list: named(entry.value.list, "ResourceLister") }),
    completions: [
      ...Object.entries(entry.value.complete ?? {}).map(([variable, reference]) => completion(variable, reference)),
      ...completions,
    ],
    span,
  };
}

function lowerPrompt(
  prompt: Declared<PromptDeclaration>,
  content: EntryContent,
  { type, handler, answers, completions }: PromptNames,
  naming: SchemaNaming,
): Prompt {
  const { name, title, description, messages } = prompt.value;
  return {
    kind: "prompt",
    name,
    scopes: prompt.value.scopes ?? [],
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    listing: content.listing,
    arguments: (prompt.value.arguments ?? []).map((argument) => ({
      name: argument.name,
      ...(argument.description !== undefined && { description: argument.description }),
      required: argument.required ?? false,
      ...(argument.default !== undefined && { default: argument.default }),
      ...(argument.enum !== undefined && { enum: argument.enum }),
    })),
    type,
    source: messages ? { messages: messages as object as JsonObject[] } : { handler: handler! },
    elicitations: elicitations(prompt.value, content, answers, naming),
    completions: [
      ...(prompt.value.arguments ?? []).flatMap(({ name: argument, complete }) =>
        complete === undefined ? [] : [completion(argument, complete)],
      ),
      ...completions,
    ],
    span: content.span,
  };
}

function instructionsText(instructions: Json, project: Project): string {
  if (typeof instructions === "string") return instructions;
  const file = (instructions as JsonObject)["file"] as string;
  return new TextDecoder("utf-8").decode(project.contents.get(file)).replaceAll("\r\n", "\n").trimEnd();
}

function lowerLayout(project: Project): Layout {
  const { generated = "generated", source = "src", dist = "dist" } = project.build;
  const folder = (path: string): string => projectPath("mcpc.json", path)?.replace(/\/$/, "") ?? path;
  return { generated: folder(generated), source: folder(source), dist: folder(dist) };
}
