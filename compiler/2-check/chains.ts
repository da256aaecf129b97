import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import { resolve, type Reachable, type SchemaRoot } from "../json-schema/resolve.js";
import { subschemas } from "../json-schema/walk.js";
import type { Located, Span } from "../model/source.js";

/** Validators are made by recursion, which has an end. */
const deepest = 150;

interface Link {
  readonly node: Located;
  readonly root: SchemaRoot;
  readonly via: { readonly written: string; readonly span: Span };
}

/** A chain of references from schema to schema that is too long to follow. */
export function tooDeep(start: SchemaRoot, reachable: Reachable): Diagnostic | undefined {
  const seen = new Set<Located>([start.node]);
  const way = [linksFrom(start.node, start, reachable)];
  for (let links = way.at(-1); links; links = way.at(-1)) {
    const next = links.pop();
    if (!next) way.pop();
    else if (!seen.has(next.node)) {
      seen.add(next.node);
      const { written: reference, span } = next.via;
      if (way.length > deepest) return diagnose("reference/too-deep", span, { reference, limit: deepest });
      way.push(linksFrom(next.node, next.root, reachable));
    }
  }
  return undefined;
}

/** The references in a schema, the last first. */
function linksFrom(schema: Located, root: SchemaRoot, reachable: Reachable): Link[] {
  const links: Link[] = [];
  for (const each of subschemas(schema)) {
    const reference = child(each, "$ref");
    if (typeof reference?.value !== "string") continue;
    const target = resolve(reference.value, root, reachable);
    if (target.kind === "failure") continue;
    const via = { written: reference.value, span: reference.span };
    links.push({ node: target.node, root: target.kind === "own" ? root : target.root, via });
  }
  return links.reverse();
}
