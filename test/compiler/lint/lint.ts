import { lintManifests } from "../../../compiler/compile-manifests.js";
import type { Diagnostic } from "../../../compiler/diagnostics/diagnostic.js";
import type { Host } from "../../../compiler/host.js";
import { ruleTable } from "../../../compiler/lint/rules.js";
import { inspectHandlers } from "../../../compiler/user-files.js";
import { memoryHost } from "../memory-host.js";

export const codes = [...ruleTable.keys()];
export const ruleCodes: ReadonlySet<string> = new Set(codes);

/** Returns the diagnostics of a project with these tools and this `build` section. */
export function lintTools(tools: readonly object[], build?: object, host: Partial<Host> = {}): readonly Diagnostic[] {
  const manifest = { server: { name: "shop", version: "1.0.0" }, tools, ...(build && { build }) };
  return lintManifests({ ...memoryHost({ "shop.mcp.json": JSON.stringify(manifest, null, 2) }), ...host }).diagnostics;
}

export const codesOf = (diagnostics: readonly Diagnostic[]): string[] =>
  diagnostics.map(({ severity, code }) => `${severity} ${code}`);

export const bare = { name: "search", description: "Finds products.", inputSchema: { type: "object" } };
export const union = {
  name: "search",
  description: "Finds products.",
  inputSchema: { type: "object", properties: {}, anyOf: [{ required: ["a"] }, { required: ["b"] }] },
};

export const waiver = { rule: "root/properties", entry: "tools/search", reason: "not yet", until: "2027-03-01" };

/** Returns the diagnostics of manifests, and of the handlers that are among the files. */
export function diagnosticsOf(files: Readonly<Record<string, string>>): readonly Diagnostic[] {
  return diagnosticsAt(memoryHost(files));
}

/** Returns the diagnostics of the manifests and handlers of a project. */
export function diagnosticsAt(host: Host): readonly Diagnostic[] {
  const { value, diagnostics } = lintManifests(host);
  return [...diagnostics, ...(value ? inspectHandlers(value, host, new Map()).linted : [])];
}
