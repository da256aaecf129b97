import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { LocatedObject } from "../model/source.js";
import type { Merged } from "./merge.js";

/** Fields of the language that this version does not support. */
export const unsupported: Readonly<Record<string, readonly string[]>> = {
  tools: ["deprecated"],
  resources: [],
  resourceTemplates: [],
  prompts: [],
  runtime: [],
  build: [],
};

/** Reports an unsupported field at its key, because the built server would ignore it. */
export function checkSupported(merged: Merged, diagnostics: Diagnostic[]): void {
  const visit = (node: LocatedObject, fields: readonly string[], path: string): void => {
    for (const { key, keySpan } of node.members) {
      if (fields.includes(key))
        diagnostics.push(diagnose("manifest/not-supported-yet", keySpan, { feature: `${path}.${key}` }));
    }
  };
  for (const section of ["tools", "resources", "resourceTemplates", "prompts"] as const) {
    for (const { node, value } of merged[section])
      if (node.kind === "object" && unsupported[section]!.some((field) => Object.hasOwn(value, field)))
        visit(node, unsupported[section]!, section);
  }
  for (const section of ["runtime", "build"] as const) {
    const node = merged[section]?.node;
    if (node?.kind !== "object") continue;
    visit(node, unsupported[section]!, section);
  }
}
