import { moved, type Move } from "../1-read/edited.js";
import type { Elicitation, Schema, Server } from "../model/server.js";
import type { Span } from "../model/source.js";

/** The same server, of manifests in which some of the text stands elsewhere. */
export function movedServer(server: Server, move: Move): Server {
  if (move.by === 0) return server;
  const placed = <T extends { readonly span: Span }>(one: T): T => ({ ...one, span: moved(one.span, move) });
  const elicitations = (all: readonly Elicitation[]): readonly Elicitation[] =>
    all.map((one) => (one.answer ? { ...one, answer: placed<Schema>(one.answer) } : one));
  const { config } = server.runtime;
  return {
    ...server,
    tools: server.tools.map((tool) => ({
      ...placed(tool),
      input: placed(tool.input),
      ...(tool.output && { output: placed(tool.output) }),
      elicitations: elicitations(tool.elicitations),
      examples: tool.examples.map(placed),
    })),
    resources: server.resources.map(placed),
    resourceTemplates: server.resourceTemplates.map((template) => ({
      ...placed(template),
      params: placed(template.params),
    })),
    prompts: server.prompts.map((prompt) => ({ ...placed(prompt), elicitations: elicitations(prompt.elicitations) })),
    definitions: server.definitions.map(placed),
    runtime: { ...server.runtime, ...(config && { config: { ...config, schema: placed(config.schema) } }) },
  };
}
