import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { JsonObject } from "../model/source.js";
import type { Merged } from "./merge.js";

/** Warns of tools that do not declare whether they are read-only: an EventSource could not call them. */
export function checkToolEvents({ runtime, tools }: Merged, diagnostics: Diagnostic[]): void {
  const transports = runtime && child(runtime.node, "transports");
  const toolEvents = transports && child(transports, "toolEvents");
  if (!toolEvents) return;
  const unstated = tools.filter(({ value }) => {
    const annotations = value["annotations"] as JsonObject | undefined;
    return annotations?.["readOnlyHint"] === undefined;
  });
  if (unstated.length === 0) return;
  const names = unstated.map(({ value }) => value["name"] as string);
  diagnostics.push(diagnose("runtime/unstated-effect", toolEvents.span, { names }));
}
