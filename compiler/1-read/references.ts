import { splitReference } from "../json-schema/reference.js";
import type { Located } from "../model/source.js";

/** Files that any `$ref` below a node names, as written; whether they may be named is checked later. */
export function schemaFiles(root: Located): Set<string> {
  const files = new Set<string>();
  const visit = (node: Located): void => {
    if (node.kind === "array") node.items.forEach(visit);
    if (node.kind !== "object") return;
    for (const { key, node: value } of node.members) {
      if (key !== "$ref" || typeof value.value !== "string") visit(value);
      else {
        const reference = splitReference(value.value);
        if (reference.kind === "file") files.add(reference.file);
      }
    }
  };
  visit(root);
  return files;
}

/** Files whose bytes a manifest includes, as written: static resources and the server's instructions. */
export function contentFiles(root: Located): Set<string> {
  const files = new Set<string>();
  const add = (node: Located | undefined): void => {
    const file = node && member(node, "file");
    if (typeof file?.value === "string") files.add(file.value);
  };
  const server = member(root, "server");
  add(server && member(server, "instructions"));
  const resources = member(root, "resources");
  if (resources?.kind === "array") resources.items.forEach(add);
  return files;
}

function member(node: Located, key: string): Located | undefined {
  return node.kind === "object" ? node.members.find((candidate) => candidate.key === key)?.node : undefined;
}
