import { diagnose, type Result } from "../diagnostics/diagnostic.js";
import { anew, type Again } from "../model/again.js";
import { parseUriTemplate, templateVariables, type UriTemplate } from "@mcpc/runtime/codegen/v1/uri-templates";
import type { Reachable } from "../json-schema/resolve.js";
import type { SchemaRoot } from "../json-schema/resource.js";
import type {
  Declared,
  Project,
  PromptDeclaration,
  ResourceDeclaration,
  ResourceTemplateDeclaration,
  ToolDeclaration,
} from "../model/project.js";
import type {
  Completion,
  DeclaredError,
  Definition,
  Elicitation,
  Filling,
  Handler,
  Identifier,
  Layout,
  Prompt,
  Resource,
  ResourceTemplate,
  Schema,
  Server,
  Tool,
} from "../model/server.js";
import type { Json, JsonObject, Located } from "../model/source.js";
import { placeholdersIn, runtimeTemplate, splitDeclaredText } from "../json-schema/placeholders.js";
import { child } from "../json-schema/pointer.js";
import { projectPath } from "../project-path.js";
import { staticContents } from "./contents.js";
import { checkConfig } from "./config.js";
import { checkExamples, lowerExamples } from "./examples.js";
import { healthTool } from "./health.js";
import { headerParameters } from "./headers.js";
import { listing } from "./listings.js";
import { claims, pascalCase, reservedTypes } from "./names.js";
import { checkDefaults } from "./defaults.js";
import { fillingOf } from "./fillings.js";
import { handlerNames, type HandlerNames } from "./handlers.js";
import { lowerReuse, lowerSurfaceLimits } from "./limits.js";
import { lowerRuntime, lowerTransports } from "./runtime.js";
import { wrapsOutput } from "./outputs.js";
import { checkOverlaps } from "./overlaps.js";
import { schemaOf } from "./schemas.js";
import { variablesSchema } from "./templates.js";

/** Decides everything about a server once: names, files, self-contained schemas, listings. Nothing is left to guess. */
export function lower(project: Project, again: Again = anew): Result<Server> {
  const layout = lowerLayout(project);
  const types = claims(reservedTypes);
  const handlers = handlerNames(layout, project.handlers);
  const reachable = reachableFrom(project);
  const sharedTypes = new Map<string, Identifier>();
  for (const name of project.defs.keys()) {
    const base = pascalCase(name, "Schema");
    sharedTypes.set(name, types.claim([base, `${base}Schema`], name) as Identifier);
  }
  const made = (root: SchemaRoot, type: string): Schema =>
    schemaOf(root, type as Identifier, reachable, sharedTypes, again);
  const schema = (node: Located, type: string): Schema => made({ node, file: node.span.path }, type);
  const definitions = [...reachable.definitions].map(([name, root]): Definition => ({
    ...made(root, sharedTypes.get(name)!),
    name,
  }));
  const { instructions, ...info } = project.server.value as JsonObject;
  const server: Server = {
    info,
    ...(project.versionFile !== undefined && { versionFile: project.versionFile }),
    ...(instructions !== undefined && { instructions: instructionsText(instructions, project) }),
    tools: [...project.tools, ...healthTool(project, layout)].map((tool) =>
      lowerTool(tool, project, types, handlers, schema, again),
    ),
    resources: project.resources.map((resource) => lowerResource(resource, project, types, handlers, again)),
    resourceTemplates: project.resourceTemplates.map((template) =>
      lowerTemplate(template, project, types, handlers, schema, again),
    ),
    prompts: project.prompts.map((prompt) => lowerPrompt(prompt, types, handlers, schema, again)),
    definitions,
    transports: lowerTransports(project),
    runtime: lowerRuntime(project, reachable),
    ...lowerSurfaceLimits(project),
    layout,
    external: project.build.external ?? [],
  };
  return {
    value: server,
    diagnostics: [
      ...checkConfig(project, server.runtime.config),
      ...checkDefaults(server, again),
      ...checkExamples(project, server),
      ...checkOverlaps(server.resourceTemplates),
      ...server.tools.flatMap(({ name, wraps, output }) =>
        wraps && output ? [diagnose("schema/wrapped-output", output.span, { name })] : [],
      ),
    ],
  };
}

type Types = ReturnType<typeof claims>;
type MakeSchema = (node: Located, type: string) => Schema;

function lowerTool(
  tool: Declared<ToolDeclaration>,
  project: Project,
  types: Types,
  handlers: HandlerNames,
  schema: MakeSchema,
  again: Again,
): Tool {
  const { name, title, description, timeoutMs = project.runtime.limits?.timeoutMs } = tool.value;
  const support = tool.value.execution?.taskSupport;
  const type = claimFamily(types, pascalCase(name, "Tool"), "Tool", ["Input", "Output"], name);
  const input = schema(child(tool.node, "inputSchema")!, `${type}Input`);
  const outputNode = child(tool.node, "outputSchema");
  const filling = project.build.defaults === false ? undefined : fillingIn(input, type, name, types, again);
  const output = outputNode && schema(outputNode, `${type}Output`);
  const replaced = { inputSchema: input.schema as Json, ...(output && { outputSchema: output.schema as Json }) };
  return {
    kind: "tool",
    name,
    scopes: tool.value.scopes ?? [],
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    listing: listing("tool", tool, again, replaced),
    input,
    ...(filling && { filling }),
    ...(output && { output }),
    ...(output && again("wrapped outputs", output, () => wrapsOutput(output)) && { wraps: true }),
    errors: Object.entries(tool.value.errors ?? {}).map(([code, error]) => declaredError(code, error)),
    headers: again("header parameters", input.schema as object, () => headerParameters(input.schema)),
    elicitations: elicitations(tool, type, types, schema),
    ...(isTask(support) && { task: { support, deferred: tool.value.deferTask ?? false } }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(project.runtime.transports?.toolEvents && isReadOnly(tool.value) && { readOnly: true }),
    examples: lowerExamples(tool.node),
    ...lowerReuse(tool.value.cache, project),
    handler: handlers.handler("tools", name, tool.value.handler, type as Identifier),
    span: tool.span,
  };
}

/** The type of arguments as they are given is named only where it differs from what the handler gets. */
function fillingIn(input: Schema, owner: string, key: string, types: Types, again: Again): Filling | undefined {
  const { schema, plain = schema } = input;
  const make = (): Omit<Filling, "type"> | undefined => fillingOf(input);
  const found = typeof plain === "object" ? again("fillings", plain, make) : undefined;
  if (!found) return undefined;
  const type = types.claim([`${owner}Arguments`, `${owner}GivenArguments`], `${key} arguments`) as Identifier;
  return { ...found, type };
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

/** The questions of a tool or a prompt; the type of an answer is named after the entry and the question. */
function elicitations(
  { value, node }: Declared<ToolDeclaration> | Declared<PromptDeclaration>,
  owner: string,
  types: Types,
  schema: MakeSchema,
): Elicitation[] {
  return Object.entries(value.elicitations ?? {}).map(([name, { message, url }]) => {
    const form = child(child(child(node, "elicitations")!, name)!, "requestedSchema");
    const type = form && types.claim([`${owner}${pascalCase(name, "Question")}Answer`], `${owner} ${name}`);
    return {
      name,
      message,
      template: runtimeTemplate(message),
      placeholders: placeholders(message, url ?? ""),
      ...(form && { answer: schema(form, type!) }),
      ...(url !== undefined && { url: runtimeTemplate(url) }),
    };
  });
}

/** `reference` is `path#export`, as checked. */
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
  project: Project,
  types: Types,
  handlers: HandlerNames,
  again: Again,
): Resource {
  const { uri, name, description } = resource.value;
  const fixed = staticContents(resource.value, project.contents);
  const mimeType = fixed?.mimeType ?? resource.value.mimeType;
  const handler = (): Resource["source"] => {
    const type = types.claim([`${pascalCase(name, "Resource")}Resource`], uri);
    return { handler: handlers.handler("resources", name, resource.value.handler, type as Identifier, uri) };
  };
  return {
    kind: "resource",
    uri,
    scopes: resource.value.scopes ?? [],
    name,
    ...(description !== undefined && { description }),
    ...(mimeType !== undefined && { mimeType }),
    listing: listing("resource", resource, again),
    source: fixed ? fixed.contents : handler(),
    subscribe: resource.value.subscribe ?? false,
    ...lowerReuse(resource.value.cache, project, fixed === undefined),
    span: resource.span,
  };
}

function lowerTemplate(
  entry: Declared<ResourceTemplateDeclaration>,
  project: Project,
  types: Types,
  handlers: HandlerNames,
  schema: MakeSchema,
  again: Again,
): ResourceTemplate {
  const { uriTemplate, name, description, mimeType } = entry.value;
  const template = parsedTemplate(uriTemplate);
  const type = claimFamily(types, `${pascalCase(name, "Resource")}Template`, "Resource", ["Params"], uriTemplate);
  const declared = child(entry.node, "params");
  const made: Schema = {
    type: `${type}Params` as Identifier,
    schema: variablesSchema(template),
    definitions: {},
    span: entry.span,
  };
  return {
    kind: "resourceTemplate",
    uriTemplate,
    scopes: entry.value.scopes ?? [],
    name,
    ...(description !== undefined && { description }),
    ...(mimeType !== undefined && { mimeType }),
    listing: listing("resourceTemplate", entry, again),
    variables: templateVariables(template),
    params: declared ? schema(declared, made.type) : made,
    handler: handlers.handler("resource-templates", name, entry.value.handler, type as Identifier, uriTemplate),
    ...lowerReuse(entry.value.cache, project),
    ...(entry.value.list !== undefined && { list: named(entry.value.list, "ResourceLister") }),
    completions: Object.entries(entry.value.complete ?? {}).map(([variable, reference]) =>
      completion(variable, reference),
    ),
    span: entry.span,
  };
}

function parsedTemplate(text: string): UriTemplate {
  const parsed = parseUriTemplate(text);
  if ("error" in parsed) throw new Error(`the URI template ${JSON.stringify(text)} was checked: ${parsed.error}`);
  return parsed.template;
}

function lowerPrompt(
  prompt: Declared<PromptDeclaration>,
  types: Types,
  handlers: HandlerNames,
  schema: MakeSchema,
  again: Again,
): Prompt {
  const { name, title, description, messages } = prompt.value;
  const base = pascalCase(name, "Prompt").replace(/Prompt$/, "") || "The";
  const type = types.claim([`${base}Arguments`, `${base}PromptArguments`], name) as Identifier;
  const handler = (): Prompt["source"] => {
    const handlerType = types.claim([`${base}Prompt`], name) as Identifier;
    return { handler: handlers.handler("prompts", name, prompt.value.handler, handlerType) };
  };
  return {
    kind: "prompt",
    name,
    scopes: prompt.value.scopes ?? [],
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    listing: listing("prompt", prompt, again),
    arguments: (prompt.value.arguments ?? []).map((argument) => ({
      name: argument.name,
      ...(argument.description !== undefined && { description: argument.description }),
      required: argument.required ?? false,
      ...(argument.default !== undefined && { default: argument.default }),
      ...(argument.enum !== undefined && { enum: argument.enum }),
    })),
    type,
    source: messages ? { messages: messages as object as JsonObject[] } : handler(),
    elicitations: elicitations(prompt, `${base}Prompt`, types, schema),
    completions: (prompt.value.arguments ?? []).flatMap(({ name: argument, complete }) =>
      complete === undefined ? [] : [completion(argument, complete)],
    ),
    span: prompt.span,
  };
}

/** A name whose suffixed forms are free too, so that they can be read off it. */
function claimFamily(types: Types, base: string, kind: string, suffixes: readonly string[], key: string): string {
  const name = types.claim([base, `${base}${kind}`], key);
  for (const suffix of suffixes) {
    const member = types.claim([`${name}${suffix}`], `${key} ${suffix}`);
    if (member !== `${name}${suffix}`) return claimFamily(types, `${base}${kind}`, kind, suffixes, key);
  }
  return name;
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

function reachableFrom(project: Project): Reachable {
  const definitions = new Map<string, SchemaRoot>();
  for (const [name, { node }] of project.defs) definitions.set(name, { node, file: node.span.path, definition: name });
  return {
    definitions,
    files: [...project.schemas].map(([path, node]) => ({ node, file: path })),
    file: (from, written) => {
      const path = projectPath(from, written);
      const node = path === undefined ? undefined : project.schemas.get(path);
      return node && path !== undefined ? { node, file: path } : "missing";
    },
  };
}
