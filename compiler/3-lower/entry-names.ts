import type { Declared, Project, PromptDeclaration, ToolDeclaration } from "../model/project.js";
import type { Completion, Handler, Identifier, Layout } from "../model/server.js";
import type { ToolContent } from "./entries.js";
import { handlerNames } from "./handlers.js";
import { claims, pascalCase, reservedTypes, type Claims } from "./names.js";
import { upstreamCompletions, upstreamHandler, upstreamNames } from "./upstream-names.js";

/** The names of a tool's types, and its handler. */
export interface ToolNames {
  readonly type: string;
  /** The type of the arguments before defaults are filled in; absent without defaults. */
  readonly given?: Identifier;
  /** The types of answers, by the question's name. */
  readonly answers: Readonly<Record<string, Identifier>>;
  readonly handler: Handler;
}
export interface PromptNames {
  /** The type of the arguments. */
  readonly type: Identifier;
  readonly answers: Readonly<Record<string, Identifier>>;
  /** Absent where the manifest contains the messages. */
  readonly handler?: Handler;
  /** Completions of the upstream. */
  readonly completions: readonly Completion[];
}
export interface TemplateNames {
  readonly type: string;
  readonly handler: Handler;
  /** Completions of the upstream. */
  readonly completions: readonly Completion[];
}

/** The names of all entries, in the order of the project. */
export interface Names {
  /** The types of shared definitions, by their name. */
  readonly shared: ReadonlyMap<string, Identifier>;
  readonly tools: readonly ToolNames[];
  /** The handlers of resources; undefined where the manifest contains the contents. */
  readonly resources: readonly (Handler | undefined)[];
  readonly resourceTemplates: readonly TemplateNames[];
  readonly prompts: readonly PromptNames[];
}

/** Names the types and handlers of a project. `variables` are those of its templates. Each name is unique, whatever names the entries have. */
export function nameEntries(
  project: Project,
  tools: readonly (readonly [Declared<ToolDeclaration>, ToolContent])[],
  variables: readonly (readonly string[])[],
  layout: Layout,
): Names {
  const types = claims(reservedTypes);
  const handlers = handlerNames(layout, project.handlers);
  const upstreams = upstreamNames(project, layout);
  const shared = new Map(
    [...project.reachable.definitions.keys()].map((name) => {
      const base = pascalCase(name, "Schema");
      return [name, types.claim([base, `${base}Schema`], name) as Identifier];
    }),
  );
  return {
    shared,
    tools: tools.map(([{ value }, { filling }]): ToolNames => {
      const { name, upstream, handler = upstream && upstreamHandler(upstreams, "tool", name) } = value;
      const type = claimFamily(types, pascalCase(name, "Tool"), "Tool", ["Input", "Output"], name);
      const given = filling && types.claim([`${type}Arguments`, `${type}GivenArguments`], `${name} arguments`);
      return {
        type,
        ...(given !== undefined && { given: given as Identifier }),
        answers: answerTypes(types, type, value),
        handler: handlers.handler("tools", name, handler, type as Identifier),
      };
    }),
    resources: project.resources.map(({ value }) => {
      const { name, uri, upstream, handler = upstream && upstreamHandler(upstreams, "resource", name, uri) } = value;
      if (["text", "json", "blob", "file"].some((source) => value[source] !== undefined)) return undefined;
      const type = types.claim([`${pascalCase(name, "Resource")}Resource`], uri) as Identifier;
      return handlers.handler("resources", name, handler, type, uri);
    }),
    resourceTemplates: project.resourceTemplates.map(({ value }, index) => {
      const { name, uriTemplate, upstream, complete = {} } = value;
      const declared = value.handler ?? (upstream && upstreamHandler(upstreams, "template", name, uriTemplate));
      const type = claimFamily(types, `${pascalCase(name, "Resource")}Template`, "Resource", ["Params"], uriTemplate);
      const handler = handlers.handler("resource-templates", name, declared, type as Identifier, uriTemplate);
      const others = variables[index]!.filter((variable) => !Object.hasOwn(complete, variable));
      return { type, handler, completions: upstreamCompletions(project, upstreams, value, handler, others) };
    }),
    prompts: project.prompts.map(({ value }): PromptNames => {
      const { name, messages, upstream, handler = upstream && upstreamHandler(upstreams, "prompt", name) } = value;
      const base = pascalCase(name, "Prompt").replace(/Prompt$/, "") || "The";
      const type = types.claim([`${base}Arguments`, `${base}PromptArguments`], name) as Identifier;
      const own = (): Handler => {
        const handlerType = types.claim([`${base}Prompt`], name) as Identifier;
        return handlers.handler("prompts", name, handler, handlerType);
      };
      const handled = messages ? undefined : own();
      const others = (value.arguments ?? []).filter(({ complete }) => complete === undefined);
      const open = others.map((argument) => argument.name);
      return {
        type,
        ...(handled && { handler: handled }),
        answers: answerTypes(types, `${base}Prompt`, value),
        completions: upstreamCompletions(project, upstreams, value, handled, open),
      };
    }),
  };
}

/** Names the type of the answer to each question with a form, after the entry and the question. */
function answerTypes(
  types: Claims,
  owner: string,
  { elicitations = {} }: ToolDeclaration | PromptDeclaration,
): Record<string, Identifier> {
  return Object.fromEntries(
    Object.entries(elicitations).flatMap(([name, { requestedSchema }]) => {
      if (requestedSchema === undefined) return [];
      const candidates = [`${owner}${pascalCase(name, "Question")}Answer`];
      return [[name, types.claim(candidates, `${owner} ${name}`) as Identifier]];
    }),
  );
}

/** Claims a name whose suffixed forms are free too, so that the suffixed forms follow from the name. */
function claimFamily(types: Claims, base: string, kind: string, suffixes: readonly string[], key: string): string {
  const name = types.claim([base, `${base}${kind}`], key);
  for (const suffix of suffixes) {
    const member = types.claim([`${name}${suffix}`], `${key} ${suffix}`);
    if (member !== `${name}${suffix}`) return claimFamily(types, `${base}${kind}`, kind, suffixes, key);
  }
  return name;
}
