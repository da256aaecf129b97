import { readWholeManifests } from "./1-read/index.js";
import { appendItem, appendMember, type Diagnostic, type Fix } from "./diagnostics/diagnostic.js";
import { child } from "./json-schema/pointer.js";
import type { Host } from "./host.js";
import type { Located, Span } from "./model/source.js";

/**
 * Adds fixes to diagnostics of packages that cannot be bundled, and positions to those of packages that are external
 * in vain.
 */
export function withExternalFixes(diagnostics: readonly Diagnostic[], host: Host): readonly Diagnostic[] {
  if (!diagnostics.some(({ external }) => external !== undefined)) return diagnostics;
  const roots = readWholeManifests(host).map(({ root }) => root);
  const manifest = roots.find((root) => child(root, "build")) ?? roots.find((root) => child(root, "server"));
  if (!manifest) return diagnostics;
  return diagnostics.map((diagnostic) => {
    if (diagnostic.code === "bundle/unused-external") {
      const span = roots.map((root) => spanOf(root, diagnostic.external)).find((found) => found !== undefined);
      return span ? { ...diagnostic, span } : diagnostic;
    }
    const fix = diagnostic.external === undefined ? undefined : fixIn(manifest, diagnostic.external);
    return fix ? { ...diagnostic, fix } : diagnostic;
  });
}

function spanOf(root: Located, name: string | undefined): Span | undefined {
  const build = child(root, "build");
  const external = build && child(build, "external");
  return external?.kind === "array" ? external.items.find(({ value }) => value === name)?.span : undefined;
}

function fixIn(manifest: Located, name: string): Fix | undefined {
  if (manifest.kind !== "object") return undefined;
  const build = child(manifest, "build");
  if (!build) return appendMember(manifest, "build", { external: [name] });
  if (build.kind !== "object") return undefined;
  const external = child(build, "external");
  if (!external) return appendMember(build, "external", [name]);
  return external.kind === "array" ? appendItem(external, name) : undefined;
}
