import { child } from "../json-schema/pointer.js";
import type { Located } from "../model/source.js";
import {
  documentOf,
  placeOf,
  schemasAt,
  type Place,
  type SchemaResource,
  type SchemaDocument,
} from "../json-schema/resource.js";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { Reachable } from "../model/schema.js";

/**
 * Reports a duplicate `$id` among the schemas that the same references reach, and a duplicate anchor within one
 * resource (2020-12, core, 8.2).
 */
export function refuseSameIds({ definitions, files }: Reachable): Diagnostic[] {
  const first = new Map<string, SchemaResource>();
  const shared = [...definitions.values()];
  // The schemas of a manifest do not form a single resource.
  const all = [...files.values()];
  const alone = all.filter(({ file }) => !shared.some((definition) => definition.file === file));
  return [
    ...[...shared, ...all].flatMap((root) => sameIds(documentOf(root), first)),
    ...[...shared, ...alone].flatMap((root) => sameAnchors(documentOf(root))),
  ];
}

/** Finds schemas of a document whose `$id` is already in `first`, and adds the others to `first`. */
export function sameIds({ main, embedded }: SchemaDocument, first = new Map<string, SchemaResource>()): Diagnostic[] {
  const found: Diagnostic[] = [];
  const resources = [main, ...embedded.values()].sort((a, b) => a.node.span.start - b.node.span.start);
  for (const resource of resources) {
    const id = child(resource.node, "$id");
    if (!id) continue;
    const other = first.get(resource.base);
    if (!other) first.set(resource.base, resource);
    // A schema file may be a manifest at the same time, so its shared definitions occur in both.
    else if (other.node !== resource.node) {
      const related = [{ span: child(other.node, "$id")!.span, message: "first here" }];
      found.push(diagnose("schema/duplicate-id", id.span, { id: String(id.value) }, related));
    }
  }
  return found;
}

/** Finds duplicate anchors within a resource of a document. */
export function sameAnchors({ root, main, embedded }: SchemaDocument): Diagnostic[] {
  const found: Diagnostic[] = [];
  // Few schemas have anchors, so most documents need no walk.
  if (![main, ...embedded.values()].some(({ anchors }) => anchors.size > 0)) return found;
  const first = new Map<SchemaResource, Map<string, { readonly node: Located; readonly anchor: Located }>>();
  for (const place of schemasAt(placeOf(root))) {
    const { node, resource } = place;
    const identifiers = first.get(resource) ?? new Map();
    first.set(resource, identifiers);
    for (const { keyword, name, anchor } of anchorsOf(place)) {
      const other = identifiers.get(name);
      if (!other) identifiers.set(name, { node, anchor });
      // One schema may have the same name from both keywords.
      else if (other.node !== node) {
        const related = [{ span: other.anchor.span, message: "first here" }];
        found.push(diagnose("schema/duplicate-anchor", anchor.span, { keyword, name }, related));
      }
    }
  }
  return found;
}

function anchorsOf({ node, resource }: Place) {
  // Before 2019-09 an anchor is a fragment, and siblings of a reference are ignored.
  const isOld = resource.dialect === "draft-07";
  if (isOld && child(node, "$ref")) return [];
  return (isOld ? ["$id"] : ["$anchor", "$dynamicAnchor"]).flatMap((keyword) => {
    const anchor = child(node, keyword);
    const name = typeof anchor?.value === "string" ? anchor.value.replace(isOld ? /^[^#]*#?/ : "", "") : "";
    return anchor && name !== "" ? [{ keyword, name, anchor }] : [];
  });
}
