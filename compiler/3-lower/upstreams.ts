import type { Project, UpstreamDeclaration } from "../model/project.js";
import type { Completion, Handler, Identifier, Layout, Upstream, UpstreamHandler, Value } from "../model/server.js";
import type { Names } from "./entry-names.js";
import { camelCase, claims, type Claims } from "./names.js";

/** The module of upstreams, and the names that it exports. */
export interface UpstreamNames {
  readonly file: string;
  readonly exports: Claims;
}

/** Identifiers that `generated/upstreams.ts` uses itself. */
const taken = ["createUpstream", "connectHttp", "startProcess", "Upstream", "upstreams"];

export function upstreamNames({ upstreams }: Project, { generated }: Layout): UpstreamNames {
  return { file: `${generated}/upstreams.ts`, exports: claims([...taken, ...Object.keys(upstreams).map(exportOf)]) };
}

function exportOf(name: string): Identifier {
  return camelCase(name, "upstream");
}

/** Returns the place of the handler that an upstream takes the part of, as a declared one. */
export function upstreamHandler(
  { file, exports }: UpstreamNames,
  kind: "tool" | "resource" | "template" | "prompt",
  name: string,
  key = name,
): string {
  const base = camelCase(name, kind);
  return `${file}#${exports.claim([base, `${base}${kind[0]!.toUpperCase()}${kind.slice(1)}`], key)}`;
}

/** Lowers the upstreams, with a handler for each of their entries. */
export function lowerUpstreams(project: Project, names: Names): Upstream[] {
  return Object.entries(project.upstreams).map(([name, declared]) => ({
    name,
    export: exportOf(name),
    transport: transportOf(declared),
    handlers: handlersOf(project, names, name),
  }));
}

function transportOf({ command, args, env, cwd, url, headers }: UpstreamDeclaration): Upstream["transport"] {
  if (command === undefined)
    return { url: url as Value, ...(headers && { headers: headers as Record<string, Value> }) };
  return {
    command,
    ...(args && { args }),
    ...(env && { env: env as Record<string, Value> }),
    ...(cwd !== undefined && { cwd }),
  };
}

function handlersOf(project: Project, names: Names, upstream: string): UpstreamHandler[] {
  const of = (
    make: UpstreamHandler["make"],
    handler: Handler | undefined,
    ...given: readonly (string | boolean)[]
  ): UpstreamHandler[] => (handler ? [{ export: handler.export, make, arguments: given }] : []);
  const belongs = ({ value }: { readonly value: { readonly upstream?: string } }): boolean =>
    value.upstream === upstream;
  const completions = (ref: string, owner: string, all: readonly Completion[]): UpstreamHandler[] =>
    all.flatMap(({ name, handler }) => of("completion", handler, ref, owner, name));
  return [
    ...project.tools.flatMap((tool, index) =>
      belongs(tool)
        ? of(
            "tool",
            names.tools[index]!.handler,
            tool.value.name,
            ...(tool.value.outputSchema === undefined ? [] : [true]),
          )
        : [],
    ),
    ...project.resources.flatMap((resource, index) =>
      belongs(resource) ? of("resource", names.resources[index], resource.value.uri) : [],
    ),
    ...project.resourceTemplates.flatMap((template, index) => {
      if (!belongs(template)) return [];
      const { uriTemplate } = template.value;
      const { handler, completions: all } = names.resourceTemplates[index]!;
      return [...of("template", handler, uriTemplate), ...completions("ref/resource", uriTemplate, all)];
    }),
    ...project.prompts.flatMap((prompt, index) => {
      if (!belongs(prompt)) return [];
      const { handler, completions: all } = names.prompts[index]!;
      return [...of("prompt", handler, prompt.value.name), ...completions("ref/prompt", prompt.value.name, all)];
    }),
  ];
}

/** Returns the completions that the upstream of an entry has for these arguments, unless functions complete them. */
export function upstreamCompletions(
  { upstreams }: Project,
  { file, exports }: UpstreamNames,
  { upstream }: { readonly upstream?: string },
  owner: Handler | undefined,
  variables: readonly string[],
): Completion[] {
  if (upstream === undefined || owner === undefined || upstreams[upstream]?.completions !== true) return [];
  return variables.map((name) => {
    const base = `${owner.export}${camelCase(name, "argument").replace(/^./, (first) => first.toUpperCase())}`;
    const exported = exports.claim([base], `${owner.export} ${name}`) as Identifier;
    return { name, handler: { file, export: exported, type: "CompletionHandler" as Identifier, declared: true } };
  });
}
