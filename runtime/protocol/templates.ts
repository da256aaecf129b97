import type { Server } from "./exchange.js";
import type { ResourceTemplateSurface } from "./surface.js";

/** A template whose pattern covers a URI, and what the variables are in it. */
export interface Match {
  readonly template: Template;
  readonly variables: Record<string, string>;
}

interface Template {
  readonly surface: ResourceTemplateSurface;
  readonly pattern: RegExp;
}

/** Patterns are matched against what a client sends: the length bounds what backtracking can cost. */
const longestUri = 2048;

/** The first template, in the manifest's order, that a URI is an instance of. */
export function matchTemplate(server: Server, uri: string): Match | undefined {
  if (uri.length > longestUri) return undefined;
  for (const template of templates(server)) {
    const groups = template.pattern.exec(uri);
    const variables = groups === null ? undefined : decoded(template.surface.variables, groups);
    if (variables !== undefined) return { template, variables };
  }
  return undefined;
}

function templates(server: Server): readonly Template[] {
  let compiled = server.indexes.get("resourceTemplates") as readonly Template[] | undefined;
  if (compiled === undefined) {
    compiled = server.surface.resourceTemplates.map((surface) => ({
      surface,
      pattern: new RegExp(`^(?:${surface.pattern})$`),
    }));
    server.indexes.set("resourceTemplates", compiled);
  }
  return compiled;
}

/** `undefined` when the URI is not percent-encoded UTF-8: such a URI is an instance of nothing. */
function decoded(names: readonly string[], groups: RegExpExecArray): Record<string, string> | undefined {
  try {
    return Object.fromEntries(
      names.flatMap((name, index) => {
        const text = groups[index + 1];
        return text === undefined ? [] : [[name, decodeURIComponent(text)]];
      }),
    );
  } catch {
    return undefined;
  }
}
