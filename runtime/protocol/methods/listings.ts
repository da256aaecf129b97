import type { Answer, Call, EntryKind, View } from "../exchange.js";
import { invalidParams, sealedOnce } from "../results.js";

interface Listed {
  readonly listing: string;
}

/** `tools/list` */
export const listTools = (call: Call): Answer => list(call, "tools", "tool", call.peer.view.server.surface.tools);

/** `resources/list` */
export const listResources = (call: Call): Answer =>
  list(call, "resources", "resource", call.peer.view.server.surface.resources);

/** `resources/templates/list` */
export const listResourceTemplates = (call: Call): Answer =>
  list(call, "resourceTemplates", "resourceTemplate", call.peer.view.server.surface.resourceTemplates);

/** `prompts/list` */
export const listPrompts = (call: Call): Answer =>
  list(call, "prompts", "prompt", call.peer.view.server.surface.prompts);

/** A listing is one page: every cursor is one that this server never gave. */
function list(call: Call, member: string, kind: EntryKind, entries: readonly Listed[]): Answer {
  if (call.params["cursor"] !== undefined) return invalidParams("unknown cursor");
  const { view } = call.peer;
  return sealedOnce(view, member, () => `"${member}":[${texts(view, kind, entries)}]`);
}

function texts(view: View, kind: EntryKind, entries: readonly Listed[]): string {
  return entries.map(({ listing }) => view.revision.entry(kind, listing)).join(",");
}
