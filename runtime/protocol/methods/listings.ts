import type { Answer, Call, EntryKind, Payload } from "../exchange.js";
import { internalError, invalidParams, sealedOnce } from "../results.js";
import type { Listings } from "../surface.js";

/** `tools/list` */
export const listTools = (call: Call): Answer => list(call, "tools", "tool");
/** `resources/list` */
export const listResources = (call: Call): Answer => list(call, "resources", "resource");
/** `resources/templates/list` */
export const listResourceTemplates = (call: Call): Answer => list(call, "resourceTemplates", "resourceTemplate");
/** `prompts/list` */
export const listPrompts = (call: Call): Answer => list(call, "prompts", "prompt");

/** A listing is one page: every cursor is one that this server never gave. */
function list(call: Call, member: keyof Listings, kind: EntryKind): Answer {
  if (call.params["cursor"] !== undefined) return invalidParams("unknown cursor");
  const { view } = call.peer;
  const payload = view.payloads.get(member);
  if (payload !== undefined) return payload;
  return view.server.surface.listings().then(
    (listings): Payload =>
      sealedOnce(view, member, () => {
        const entries = listings[member].map((listing) => view.revision.entry(kind, listing));
        return `"${member}":[${entries.join(",")}]`;
      }),
    (error: unknown) => internalError(call, `the listing of ${member}`, error),
  );
}
