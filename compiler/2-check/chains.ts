import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { resolve } from "../json-schema/resolve.js";
import { leveledSchemasAt, type Place } from "../json-schema/resource.js";
import { referencesOf, type Reference } from "../json-schema/scope.js";
import type { Located } from "../model/source.js";
import type { Reachable } from "../model/schema.js";

/** Depth limit of references: schemas are copied and compiled by recursion, so the stack limits their depth. */
const deepest = 150;

interface Link {
  readonly place: Place;
  readonly reference: Reference;
  /** Depth of the schema that the reference leads to. */
  readonly level: number;
}

/** Reports chains of references that are too deep to follow. */
export function tooDeep(start: Place, reachable: Reachable): Diagnostic | undefined {
  const seen = new Set<Located>([start.node]);
  const way = [linksFrom(start, reachable, 0)];
  for (let links = way.at(-1); links; links = way.at(-1)) {
    const next = links.pop();
    if (!next) way.pop();
    else if (!seen.has(next.place.node)) {
      seen.add(next.place.node);
      const { written, span } = next.reference;
      if (next.level + height(next.place) > deepest)
        return diagnose("reference/too-deep", span, { reference: written, limit: deepest });
      way.push(linksFrom(next.place, reachable, next.level));
    }
  }
  return undefined;
}

function height(place: Place): number {
  let most = 0;
  for (const [, level] of leveledSchemasAt(place)) most = Math.max(most, level);
  return most;
}

/** Returns the references in a schema at this depth, in reverse order. */
function linksFrom(start: Place, reachable: Reachable, above: number): Link[] {
  const links: Link[] = [];
  for (const [place, level] of leveledSchemasAt(start, above)) {
    for (const reference of referencesOf(place)) {
      const target = resolve(reference.written, place.resource, reachable);
      if ("place" in target) links.push({ place: target.place, reference, level: level + 1 });
    }
  }
  return links.reverse();
}
