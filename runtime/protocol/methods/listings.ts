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

/** One page of a listing, made once. A cursor is opaque to clients; one that this server cannot have given is refused. */
function list(call: Call, member: keyof Listings, kind: EntryKind): Answer {
  const { view } = call.peer;
  const { surface } = view.server;
  const size = surface.pageSize ?? Infinity;
  const start = startOf(call.params["cursor"], size, surface[member].length);
  if (start === undefined) return invalidParams("unknown cursor");
  const key = start === 0 ? member : `${member} ${start}`;
  const payload = view.payloads.get(key);
  if (payload !== undefined) return payload;
  return surface.listings().then(
    (listings): Payload =>
      sealedOnce(view, key, () => {
        const end = start + size;
        const entries = listings[member].slice(start, end).map((listing) => view.revision.entry(kind, listing));
        const next = end < listings[member].length ? `,"nextCursor":"${btoa(`page ${end}`)}"` : "";
        return `"${member}":[${entries.join(",")}]${next}`;
      }),
    (error: unknown) => internalError(call, `the listing of ${member}`, error),
  );
}

/** Where the page of a cursor starts; `undefined` for a cursor that no page gave. */
function startOf(cursor: unknown, size: number, length: number): number | undefined {
  if (cursor === undefined) return 0;
  for (let start = size; start < length; start += size) if (cursor === btoa(`page ${start}`)) return start;
  return undefined;
}
