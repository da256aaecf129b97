import type {} from "../parts.js";
import { hasScopes, anonymous } from "../auth.js";
import type { Answer, Call, EntryKind, Payload, View } from "../exchange.js";
import type { LazyBytes } from "../json-rpc.js";
import type { McpError } from "../errors.js";
import { listingsFor } from "../profiles.js";
import { listersFor, listWith } from "./listed-resources.js";
import { internalError, invalidParams, sealOnce } from "../results.js";
import { audienceOf, type Audience } from "../scopes.js";
import { hiddenIndexes, cacheHintsOf } from "../visibility.js";
import type { Listing, ListingForm, Listings } from "../surface.js";

/** `tools/list` */
export const listTools = (call: Call): Answer => list(call, "tools", "tool");
/** `resources/list` */
export const listResources = (call: Call): Answer => list(call, "resources", "resource");
/** `resources/templates/list` */
export const listResourceTemplates = (call: Call): Answer => list(call, "resourceTemplates", "resourceTemplate");
/** `prompts/list` */
export const listPrompts = (call: Call): Answer => list(call, "prompts", "prompt");

/**
 * Returns a page of a listing, cached per audience. Cursors are opaque. One that this server cannot have given to such
 * a client is refused.
 */
function list(call: Call, member: keyof Listings, kind: EntryKind): Answer {
  const { view } = call.peer;
  const { surface } = view.server;
  const { cursor } = call.params;
  const hidden = globalThis.mcpcWithoutEnabled ? undefined : hiddenIndexes(view.server, call.auth, member);
  const audience = audienceOf(view.server, call.auth, hidden);
  const listers = globalThis.mcpcWithoutLists || member !== "resources" ? noListers : listersFor(call);
  if (cursor !== undefined && typeof cursor !== "string") return invalidParams("unknown cursor");
  const { profile } = view.server;
  // Audiences share their pages between profiles.
  const first = `${member} ${view.revision.version}${globalThis.mcpcWithoutProjections || profile === undefined ? "" : ` ${profile}`}`;
  const key = cursor === undefined ? first : `${first} ${cursor}.`;
  const payloads = audience === undefined ? view.payloads : audience.payloads;
  const payload = listers.length > 0 ? undefined : payloads.get(key);
  if (payload !== undefined) return payload;
  const auth = call.auth ?? anonymous;
  const visible = [...surface[member].keys()].filter(
    (index) =>
      audience === undefined ||
      ((view.server.auth === undefined || hasScopes(auth, surface[member][index]!)) &&
        (globalThis.mcpcWithoutEnabled || hidden?.has(index) !== true)),
  );
  const size = surface.pageSize ?? Infinity;
  const start = startOf(cursor, size, listers.length > 0 ? maxListed : visible.length, audience);
  if (start === undefined) return invalidParams("unknown cursor");
  if (!globalThis.mcpcWithoutLists && listers.length > 0) return listAll(call, listers, visible, start, size, audience);
  return (globalThis.mcpcWithoutProjections ? surface.listings() : listingsFor(view.server)).then(
    (listings): Payload =>
      sealOnce(
        view,
        key,
        () => {
          const end = start + size;
          const page = visible.slice(start, end);
          const entries = entriesOf(view, kind, listings[member], surface[member], page);
          const next = end < visible.length ? `,"nextCursor":"${cursorOf(end, audience)}"` : "";
          return [`"${member}":[`, entries, `]${next}`];
        },
        payloads,
        cacheHintsOf(view.server),
      ),
    (error: unknown) => internalError(call, `the listing of ${member}`, error),
  );
}

const noListers: readonly never[] = [];

/** The maximum start of a page if the list depends on data: its length is unknown before the listers have run. */
const maxListed = 1_000_000;

/** Lists the declared resources, then those that handlers list. */
async function listAll(
  call: Call,
  listers: ReturnType<typeof listersFor>,
  visible: readonly number[],
  start: number,
  size: number,
  audience: Audience | undefined,
): Promise<Payload | McpError> {
  const { view } = call.peer;
  let listing: Listing;
  try {
    listing = (await view.server.surface.listings()).resources;
  } catch (error) {
    return internalError(call, "the listing of resources", error);
  }
  const textOf = (from: number, to: number): string => {
    const entries = entriesOf(view, "resource", listing, view.server.surface.resources, visible.slice(from, to));
    if (typeof entries === "string") return entries;
    const bytes = new Uint8Array(entries.length);
    entries.fill(bytes);
    return new TextDecoder().decode(bytes);
  };
  return listWith(call, listers, {
    declared: visible.length,
    textOf,
    start,
    size,
    cursorOf: (at) => cursorOf(at, audience),
  });
}

/** Returns the listed texts of the entries at these indexes, separated by commas. */
function entriesOf(
  view: View,
  kind: EntryKind,
  listing: Listing,
  entries: readonly object[],
  indexes: readonly number[],
): string | LazyBytes {
  if (globalThis.mcpcWithoutListingFiles || typeof listing !== "function")
    return indexes
      .map((index) => {
        const { wraps }: { readonly wraps?: boolean } = entries[index]!;
        return view.revision.entry(kind, (listing as readonly string[])[index]!, wraps);
      })
      .join(",");
  const form = listing(view.revision.version);
  return indexes.length === entries.length
    ? { length: form.size, fill: (place) => form.read(place, 0) }
    : partOf(form, indexes);
}

function partOf({ ends: endsOf, read }: ListingForm, indexes: readonly number[]): string | LazyBytes {
  const ends = endsOf();
  const begin = (index: number): number => (index === 0 ? 0 : ends[index - 1]! + 1);
  const first = indexes[0];
  if (first === undefined) return "";
  const last = indexes.at(-1)!;
  const from = begin(first);
  const length = ends[last]! - from;
  if (last - first === indexes.length - 1) return { length, fill: (place) => read(place, from) };
  const bytes = new Uint8Array(length);
  read(bytes, from);
  const decoder = new TextDecoder();
  return indexes.map((index) => decoder.decode(bytes.subarray(begin(index) - from, ends[index]! - from))).join(",");
}

function cursorOf(start: number, audience: Audience | undefined): string {
  return btoa(audience === undefined ? `page ${start}` : `page ${start} ${audience.id}`);
}

/** Returns the start of a cursor's page; `undefined` for a cursor that no page returned. */
function startOf(
  cursor: string | undefined,
  size: number,
  length: number,
  audience: Audience | undefined,
): number | undefined {
  if (cursor === undefined) return 0;
  for (let start = size; start < length; start += size) if (cursor === cursorOf(start, audience)) return start;
  return undefined;
}
