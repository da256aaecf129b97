import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { nearest } from "../diagnostics/suggest.js";
import { child } from "../json-schema/pointer.js";
import type { Declared } from "../model/project.js";
import type { JsonObject, Located } from "../model/source.js";
import type { Merged } from "./merge.js";

/** Checks the definitions of upstreams, and that entries name defined ones. */
export function checkUpstreams(merged: Merged, diagnostics: Diagnostic[]): void {
  for (const [name, definition] of merged.upstreams) checkDefinition(name, definition, diagnostics);
  const names = [...merged.upstreams.keys()];
  for (const { node, value } of [
    ...merged.tools,
    ...merged.resources,
    ...merged.resourceTemplates,
    ...merged.prompts,
  ]) {
    if (!Object.hasOwn(value, "upstream")) continue;
    const upstream = child(node, "upstream")!;
    const name = String(upstream.value);
    if (!merged.upstreams.has(name)) {
      const meant = nearest(name, names);
      const help = meant === undefined ? `define it under "upstreams"` : `did you mean ${JSON.stringify(meant)}?`;
      const reason = `no upstream is named ${JSON.stringify(name)}`;
      diagnostics.push(diagnose("manifest/invalid-value", upstream.span, { reason, help }));
    }
    // Resources have more sources, which their own check reports.
    const other = Object.hasOwn(value, "uri")
      ? undefined
      : ["handler", "messages"].find((key) => Object.hasOwn(value, key));
    if (other !== undefined) {
      const parameters = { what: "entry", sources: [other, "upstream"] };
      diagnostics.push(diagnose("manifest/several-sources", upstream.span, parameters));
    }
  }
}

/** Fields that belong to each way to reach an upstream. */
const fields = { command: ["args", "env", "cwd"], url: ["headers"] } as const;

function checkDefinition(name: string, { node, span }: Declared<JsonObject>, diagnostics: Diagnostic[]): void {
  const [command, url] = [child(node, "command"), child(node, "url")];
  if (command && url) {
    diagnostics.push(diagnose("manifest/several-sources", url.span, { what: "upstream", sources: ["command", "url"] }));
  } else if (!command && !url) {
    const reason = `the upstream ${JSON.stringify(name)} has neither a "command" nor a "url"`;
    diagnostics.push(diagnose("manifest/invalid-value", span, { reason }));
  } else {
    for (const field of fields[command ? "url" : "command"]) {
      const wrong: Located | undefined = child(node, field);
      const reason = `"${field}" belongs to an upstream with a "${command ? "url" : "command"}"`;
      if (wrong) diagnostics.push(diagnose("manifest/invalid-value", wrong.span, { reason }));
    }
  }
}
