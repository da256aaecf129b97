import type { Project, UpstreamDeclaration } from "../model/project.js";
import type { Completion, Handler, Value } from "../model/server.js";
import type { Upstream, UpstreamHandler } from "../model/upstream.js";
import type { Names } from "./entry-names.js";
import { upstreamExport } from "./upstream-names.js";

/** Lowers the upstreams, with a handler for each of their entries. */
export function lowerUpstreams(project: Project, names: Names): Upstream[] {
  return Object.entries(project.upstreams).map(([name, declared]) => ({
    name,
    export: upstreamExport(name),
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
