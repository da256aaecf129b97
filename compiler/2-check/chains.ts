import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import { resolve, type Reachable, type SchemaRoot } from "../json-schema/resolve.js";
import { leveledSubschemas } from "../json-schema/walk.js";
import type { Located, Span } from "../model/source.js";

/** Schemas are copied, and validators made, by recursion, which has an end. */
const deepest = 150;

interface Link {
  readonly node: Located;
  readonly root: SchemaRoot;
  readonly via: { readonly written: string; readonly span: Span };
  /** How many schemas deep it leads. */
  readonly level: number;
}

/** References from schema to schema that lead too deep to follow. */
export function tooDeep(start: SchemaRoot, reachable: Reachable): Diagnostic | undefined {
  const seen = new Set<Located>([start.node]);
  const way = [linksFrom(start.node, start, reachable, 0)];
  for (let links = way.at(-1); links; links = way.at(-1)) {
    const next = links.pop();
    if (!next) way.pop();
    else if (!seen.has(next.node)) {
      seen.add(next.node);
      const { written: reference, span } = next.via;
      if (next.level + height(next.node) > deepest)
        return diagnose("reference/too-deep", span, { reference, limit: deepest });
      way.push(linksFrom(next.node, next.root, reachable, next.level));
    }
  }
  return undefined;
}

function height(schema: Located): number {
  let most = 0;
  for (const [, level] of leveledSubschemas(schema)) most = Math.max(most, level);
  return most;
}

/** The references in a schema that stands so many schemas deep, the last first. */
function linksFrom(schema: Located, root: SchemaRoot, reachable: Reachable, above: number): Link[] {
  const links: Link[] = [];
  for (const [each, level] of leveledSubschemas(schema, above)) {
    const reference = child(each, "$ref");
    if (typeof reference?.value !== "string") continue;
    const target = resolve(reference.value, root, reachable);
    if (target.kind === "failure") continue;
    const via = { written: reference.value, span: reference.span };
    links.push({ node: target.node, root: target.kind === "own" ? root : target.root, via, level: level + 1 });
  }
  return links.reverse();
}
