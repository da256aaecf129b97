import { read } from "./1-read/index.js";
import { addMember, type Diagnostic, type Fix } from "./diagnostics/diagnostic.js";
import { child } from "./json-schema/pointer.js";
import type { Host } from "./host.js";
import type { Located } from "./model/source.js";

/** Gives diagnostics of packages that cannot be in the bundle the fix that names them in the manifest. */
export function withExternalFixes(diagnostics: readonly Diagnostic[], host: Host): readonly Diagnostic[] {
  if (!diagnostics.some(({ external }) => external !== undefined)) return diagnostics;
  const roots = read(host).value?.manifests.map(({ root }) => root) ?? [];
  const manifest = roots.find((root) => child(root, "build")) ?? roots.find((root) => child(root, "server"));
  if (!manifest) return diagnostics;
  return diagnostics.map((diagnostic) => {
    const fix = diagnostic.external === undefined ? undefined : fixIn(manifest, diagnostic.external);
    return fix ? { ...diagnostic, fix } : diagnostic;
  });
}

function fixIn(manifest: Located, name: string): Fix | undefined {
  if (manifest.kind !== "object") return undefined;
  const build = child(manifest, "build");
  if (!build) return addMember(manifest, "build", { external: [name] });
  if (build.kind !== "object") return undefined;
  const external = child(build, "external");
  if (!external) return addMember(build, "external", [name]);
  if (external.kind !== "array") return undefined;
  const { path, start } = external.span;
  const text = `${JSON.stringify(name)}${external.items.length > 0 ? ", " : ""}`;
  return { span: { path, start: start + 1, end: start + 1 }, text };
}
