import { child } from "../json-schema/pointer.js";
import type { Reachable } from "../json-schema/resolve.js";
import { documentOf, type Resource, type SchemaDocument } from "../json-schema/resource.js";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";

/** Refuses a second schema with the `$id` of another one that the same references can reach (2020-12, core, 8.2.1). */
export function refuseSameIds({ definitions, files }: Reachable): Diagnostic[] {
  const first = new Map<string, Resource>();
  return [...definitions.values(), ...files].flatMap((root) => sameIds(documentOf(root), first));
}

/** Finds schemas of a document with the `$id` of one in `first`, and adds the others to it. */
export function sameIds({ main, embedded }: SchemaDocument, first = new Map<string, Resource>()): Diagnostic[] {
  const found: Diagnostic[] = [];
  const resources = [main, ...embedded.values()].sort((a, b) => a.node.span.start - b.node.span.start);
  for (const resource of resources) {
    const id = child(resource.node, "$id");
    if (!id) continue;
    const other = first.get(resource.base);
    if (!other) first.set(resource.base, resource);
    // A file of schemas may be a manifest, whose shared definitions are in both.
    else if (other.node !== resource.node) {
      const related = [{ span: child(other.node, "$id")!.span, message: "first here" }];
      found.push(diagnose("schema/duplicate-id", id.span, { id: String(id.value) }, related));
    }
  }
  return found;
}
