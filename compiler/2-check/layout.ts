import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import { projectPath } from "../project-path.js";
import type { Merged } from "./merge.js";

/**
 * Checks that the folders are inside the project and do not overlap, and that `transports` names at least one
 * transport.
 */
export function checkLayout(merged: Merged, diagnostics: Diagnostic[]): void {
  const build = merged.build?.node;
  const folders = new Map<string, string>();
  for (const key of ["generated", "source", "dist"]) {
    const node = build && child(build, key);
    const written = node ? String(node.value) : { generated: "generated", source: "src", dist: "dist" }[key]!;
    // Folders are relative to the project, not to the manifest that names them.
    const path = projectPath("mcpc.json", written)?.replace(/\/$/, "");
    if (
      node &&
      (path === undefined ||
        path === "." ||
        path.split("/").some((part) => part.startsWith(".") || part === "node_modules"))
    ) {
      diagnostics.push(diagnose("file/outside-project", node.span, { path: written, what: `${key} folder` }));
    } else if (path !== undefined) {
      const other = [...folders].find(
        ([taken]) => taken === path || taken.startsWith(`${path}/`) || path.startsWith(`${taken}/`),
      );
      if (node && other) {
        const reason = `${JSON.stringify(key)} and ${JSON.stringify(other[1])} must be separate folders`;
        diagnostics.push(diagnose("manifest/invalid-value", node.span, { reason }));
      }
      folders.set(path, key);
    }
  }
  const transports = merged.runtime && child(merged.runtime.node, "transports");
  if (transports?.kind === "object" && transports.members.length === 0)
    diagnostics.push(diagnose("runtime/no-transport", transports.span, {}));
}
