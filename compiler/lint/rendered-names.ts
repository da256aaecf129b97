import { quote } from "../diagnostics/catalogue/definition.js";
import type { Profile } from "./profiles.js";
import type { Evidence, LintRule } from "./rule.js";

/** The name under which a client calls a tool, and how long that may be. */
export interface Renderer extends Evidence {
  readonly profiles: readonly Profile[];
  readonly render: (server: string, tool: string) => string;
  readonly most: number;
}

interface TooLong {
  readonly rendered: string;
  readonly who: string;
  readonly most: number;
}

/** Returns the part of a rule that finds names which the clients of its profiles make too long. */
export function tooLong(
  renderers: readonly Renderer[],
): Required<Pick<LintRule<TooLong>, "message" | "help" | "entry">> {
  return {
    message: ({ rendered, who, most }) =>
      `${who} takes ${most} characters, and this tool would be ${quote(rendered)} with ${rendered.length}`,
    help: ({ rendered, most }) => `shorten the name of the tool, or of the server, by ${rendered.length - most}`,
    *entry({ section, id }, { server, profiles }) {
      if (section !== "tools") return;
      const asked = renderers.filter((each) => each.profiles.some((profile) => profiles.has(profile)));
      const over = asked.find(({ render, most }) => render(server.name, id).length > most);
      if (!over) return;
      yield { at: "/name", parameters: { rendered: over.render(server.name, id), who: over.who, most: over.most } };
    },
  };
}
