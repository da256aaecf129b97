import type {
  AnswerValidators,
  AnyResourceHandler,
  AnyToolHandler,
  Listings,
  Surface,
  ToolSurface,
} from "../../runtime/protocol/surface.js";
import type { Admit } from "../../runtime/protocol/admission.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Server, Store, UpstreamLink } from "../../runtime/protocol/exchange.js";

/** A server made by hand, as generated code would make it; whatever is given passes every validator. */
export function serverWith(
  tools: Readonly<Record<string, AnyToolHandler>>,
  more: {
    listings?: Partial<Listings>;
    surface?: Partial<ToolSurface>;
    answers?: AnswerValidators;
    /** Of the structured output; `true` lets everything pass. */
    output?: boolean | ((value: unknown) => boolean);
    log?: (message: string, details: any, level: string) => void;
    /** Subscribable resources, with their handlers. */
    resources?: Readonly<Record<string, AnyResourceHandler>>;
    upstreams?: readonly UpstreamLink[];
    store?: Store;
    admit?: Admit;
    stateKeys?: readonly string[];
  } = {},
): Server {
  const pass = Object.assign(() => true, { errors: null });
  const surface: Surface = {
    server: {
      name: "made",
      version: "1.0.0",
      title: "Made",
      description: "By hand.",
      websiteUrl: "https://example.com",
    },
    tools: Object.keys(tools).map((name) => ({ name, ...more.surface })),
    resources: Object.keys(more.resources ?? {}).map((uri) => ({ uri, subscribe: true })),
    resourceTemplates: [],
    prompts: [],
    listings: async () => ({
      tools: Object.keys(tools).map((name) => JSON.stringify({ name, inputSchema: { type: "object" } })),
      resources: [],
      resourceTemplates: [],
      prompts: [],
      ...more.listings,
    }),
    toolValidators: async () => ({
      input: pass,
      ...(more.answers && { answers: more.answers }),
      ...(more.output && { output: more.output === true ? pass : Object.assign(more.output, { errors: null }) }),
    }),
    templateValidators: async () => ({ params: pass }),
    promptValidators: async () => ({}),
  };
  const handlers = {
    tools: new Map(Object.entries(tools)),
    resources: new Map(Object.entries(more.resources ?? {})),
    resourceTemplates: new Map(),
    prompts: new Map(),
    completions: new Map(),
  };
  return defineServer(surface, handlers, () => ({
    logger: (level, message, details) => more.log?.(message, details, level),
    ...(more.upstreams && { upstreams: more.upstreams }),
    ...(more.store && { store: more.store }),
    ...(more.admit && { admit: more.admit }),
    ...(more.stateKeys && { stateKeys: more.stateKeys }),
  }));
}
