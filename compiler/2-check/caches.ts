import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { Declared } from "../model/project.js";
import type { JsonObject, Located } from "../model/source.js";
import type { Merged } from "./merge.js";

/** Refuses caches of calls that change state, or of results that not every caller may see. */
export function checkCaches(merged: Merged, diagnostics: Diagnostic[]): void {
  for (const tool of merged.tools) {
    const cache = memberOf(tool, "cache");
    if (cache && changesSomething(child(tool.node, "annotations")))
      diagnostics.push(diagnose("cache/not-read-only", cache.span, { tool: tool.value["name"] as string }));
  }
  const entries = [...merged.tools, ...merged.resources, ...merged.resourceTemplates, ...merged.prompts];
  for (const entry of [...merged.resources, ...merged.resourceTemplates]) {
    const scope = publicScope(memberOf(entry, "cache"));
    if (scope && memberOf(entry, "scopes"))
      report(scope, '"public" gives it to everybody, but only callers with its "scopes" may have it', diagnostics);
  }
  const declared = merged.runtime && child(merged.runtime.node, "cache");
  const scope = publicScope(declared && child(declared, "listings"));
  if (scope && entries.some(({ value }) => Object.hasOwn(value, "scopes")))
    report(scope, '"public" gives everybody the same lists, but some entries have "scopes"', diagnostics);
}

function memberOf({ node, value }: Declared<JsonObject>, key: string): Located | undefined {
  return Object.hasOwn(value, key) ? child(node, key) : undefined;
}

function publicScope(cache: Located | undefined): Located | undefined {
  const scope = cache && child(cache, "scope");
  return scope?.value === "public" ? scope : undefined;
}

function changesSomething(annotations: Located | undefined): boolean {
  if (!annotations) return false;
  const readOnly = child(annotations, "readOnlyHint")?.value;
  return readOnly === false || (readOnly !== true && child(annotations, "destructiveHint")?.value === true);
}

function report(scope: Located, reason: string, diagnostics: Diagnostic[]): void {
  diagnostics.push(diagnose("manifest/invalid-value", scope.span, { reason }));
}
